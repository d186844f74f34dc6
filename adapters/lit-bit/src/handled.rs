//! What a handler returns.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use lit_bit_core::actor::backpressure::SendError;

use crate::behaviour::{Behaviour, Next, Waiting};
use crate::message::{Handle, Message};

/// The future of a handler. lit-bit's `Actor` has to name its type, so one that waits is boxed; a handler
/// that does not wait pays nothing.
pub enum Handled {
    /// It is done.
    Ready,
    /// It lets others run once.
    Yielding,
    /// It waits for something.
    Waiting(Waiting),
}

impl Handled {
    /// What comes after a message.
    #[inline]
    pub fn of<B: Behaviour>(behaviour: &B, next: Next) -> Self {
        match next {
            Next::Rest => Self::Ready,
            Next::Say(letter) => deliver(behaviour.route(&letter), letter),
            Next::Yield => Self::Yielding,
            Next::Wait(waiting) => Self::Waiting(waiting),
        }
    }
}

impl Future for Handled {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut *self {
            Self::Ready => Poll::Ready(()),
            Self::Yielding => {
                *self = Self::Ready;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Waiting(future) => future.as_mut().poll(context),
        }
    }
}

/// Sends what a behaviour says, waiting only if the mailbox is full.
#[inline]
pub fn deliver(to: &Handle, letter: Message) -> Handled {
    match to.try_send(letter) {
        Ok(()) | Err(SendError::Closed(_)) => Handled::Ready, // a lost one is missed later
        Err(SendError::Full(letter)) => Handled::Waiting(send_waiting(to, letter)),
    }
}

/// Sends when there is room.
pub fn send_waiting(to: &Handle, letter: Message) -> Waiting {
    let to = to.clone();
    Box::pin(async move {
        let _ = to.send(letter).await;
    })
}

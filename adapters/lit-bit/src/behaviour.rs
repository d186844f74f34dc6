//! What an actor does with a message, whatever kind of lit-bit actor it is.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

use lit_bit_core::actor::Actor;
use litbench_adapter::Presence;

use crate::message::{Handle, Message};

/// An actor of a workload.
pub trait Behaviour: Charted + Send + 'static {
    /// Handles one message; what comes after it.
    fn receive(&mut self, message: &Message) -> Next;

    /// To whom it says what it says.
    fn route(&self, letter: &Message) -> &Handle;

    /// Called once, when the actor has stopped: enters what it has counted into the book.
    fn settle(&mut self);
}

/// A behaviour that can be the action of a statechart's transitions; see [`charts!`](crate::chart).
///
/// `Clone`, as lit-bit clones a statechart's context at every transition.
pub trait Charted: Clone {
    /// The statechart, as an actor.
    fn chart(self, presence: Presence) -> impl Actor<Message = Message> + 'static;
}

/// What of a behaviour grows with a parameter. A clone takes it along instead of copying it, as a
/// statechart's old context is dropped when its clone takes its place.
pub struct Kept<T>(Cell<T>);

impl<T> Kept<T> {
    /// Keeps it.
    pub fn new(value: T) -> Self {
        Self(Cell::new(value))
    }

    /// What is kept.
    #[inline]
    pub fn get(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

impl<T: Default> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self::new(self.0.take())
    }
}

/// What an actor does after it has handled a message.
pub enum Next {
    /// Nothing.
    Rest,
    /// Says something, waiting if the other's mailbox is full.
    Say(Message),
    /// Lets other actors run.
    Yield,
    /// Something that takes several messages, or time.
    Wait(Waiting),
}

/// What a handler waits for.
pub type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Next {
    /// Says something if it is time to.
    #[inline]
    #[must_use]
    pub fn say_if(due: bool, letter: Message) -> Self {
        if due {
            Self::Say(letter)
        } else {
            Self::Rest
        }
    }

    /// Tells the driver, by way of [`Behaviour::route`], that the actor is done, if it is.
    #[inline]
    #[must_use]
    pub fn done_if(done: bool, value: u64) -> Self {
        Self::say_if(done, Message::Done { value })
    }

    /// Waits for a future.
    #[must_use]
    pub fn wait(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self::Wait(Box::pin(future))
    }

    /// Waits for a future that is there only once.
    #[must_use]
    pub fn wait_once(future: Option<impl Future<Output = ()> + Send + 'static>) -> Self {
        future.map_or(Self::Rest, Self::wait)
    }
}

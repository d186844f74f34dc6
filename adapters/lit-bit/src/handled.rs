//! What a handler returns.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The future of a handler. lit-bit's `Actor` has to name its type, so one that waits is boxed; a handler
/// that does not wait pays nothing.
pub enum Handled<'a> {
    /// It is done.
    Ready,
    /// It waits for something.
    Waiting(Pin<Box<dyn Future<Output = ()> + Send + 'a>>),
}

impl Handled<'_> {
    /// Waits for a future.
    pub fn waiting<'a>(future: impl Future<Output = ()> + Send + 'a) -> Handled<'a> {
        Handled::Waiting(Box::pin(future))
    }
}

impl Future for Handled<'_> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut *self {
            Self::Ready => Poll::Ready(()),
            Self::Waiting(future) => future.as_mut().poll(context),
        }
    }
}

//! How many actors there are.

use std::future::poll_fn;
use std::mem;
use std::task::Poll;

use crate::Counters;

/// Counts actors as they come and go, and knows when all have gone.
#[derive(Debug, Default)]
pub struct Census(Counters<2>);

const CAME: usize = 0;
const WENT: usize = 1;

impl Census {
    /// Of nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one that comes. It is there until what is returned is dropped.
    #[must_use]
    pub fn enter(&'static self) -> Presence {
        self.0.add_to(CAME, 1);
        Presence(self)
    }

    /// Waits until all have gone.
    pub async fn settled(&self) {
        // In this order, as none goes before it comes.
        while self.0.total(WENT) != self.0.total(CAME) {
            yield_now().await;
        }
    }
}

/// One that a census has counted; held to the end of its life.
#[derive(Debug)]
pub struct Presence(&'static Census);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0 .0.add_to(WENT, 1);
    }
}

/// Lets other tasks run first.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

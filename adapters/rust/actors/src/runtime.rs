//! What a runtime must offer to carry actors.

use std::future::Future;
use std::io;

use crate::load::{Counters, QueueDepth};

/// An asynchronous runtime with tasks and a bounded channel.
///
/// Spawning and making channels are associated functions, as runtimes know the one that a task runs on:
/// no actor has to carry a handle.
pub trait Runtime: Sized + 'static {
    /// The sending half of the runtime's bounded channel.
    type Sender<T: Send + 'static>: Sender<T>;
    /// The receiving half.
    type Receiver<T: Send + 'static>: Receiver<T>;

    /// Whether one thread runs the driver and all actors, whatever `threads` says.
    const ONE_THREAD: bool = false;

    /// Starts `threads` worker threads.
    ///
    /// # Errors
    /// When the system does not give it what it needs.
    fn start(threads: usize) -> io::Result<Self>;

    /// Runs a task on one of the workers and waits for its result.
    fn run<F>(&mut self, driver: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Starts a task from within another one. It runs until it ends; nobody waits for it.
    fn spawn<F: Future<Output = ()> + Send + 'static>(task: F);

    /// A channel for at least `bound` messages, made from within a task.
    fn channel<T: Send + 'static>(bound: usize) -> (Self::Sender<T>, Self::Receiver<T>);

    /// The bound that a channel really gets when asked for `bound`.
    #[must_use]
    fn bound(bound: usize) -> usize {
        bound
    }

    /// What the runtime counts of its workers since its start; empty where it counts nothing.
    #[must_use]
    fn counters(&self) -> Counters {
        Counters::new()
    }

    /// Reads the depth of the queue that all workers share, from any thread.
    #[must_use]
    fn queue_depth(&self) -> Option<QueueDepth> {
        None
    }

    /// Gives back memory that the runtime keeps for tasks to come. Called when no actor is left.
    fn reclaim(&mut self) {}
}

/// The sending half of a bounded channel.
pub trait Sender<T>: Clone + Send + Sync + 'static {
    /// What the runtime answers when the receiver is gone.
    type Closed: Send;

    /// Waits for room. The runtime's own future, since each one around it costs some nanoseconds.
    fn send(&self, message: T) -> impl Future<Output = Result<(), Self::Closed>> + Send;

    /// Does not wait.
    ///
    /// # Errors
    /// Gives the message back when there is no room or no receiver.
    fn try_send(&self, message: T) -> Result<(), Refused<T>>;
}

/// Why a message was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused<T> {
    /// There is no room now.
    Full(T),
    /// The receiver is gone.
    Closed(T),
}

/// The receiving half of a bounded channel.
pub trait Receiver<T: Send>: Send + 'static {
    /// What the runtime answers; see [`Receiver::message`].
    type Answer: Send;

    /// Waits for a message. The runtime's own future, since each one around it costs some nanoseconds.
    fn receive(&mut self) -> impl Future<Output = Self::Answer> + Send;

    /// The message in an answer. `None` once all senders are gone, where the runtime notices that.
    fn message(answer: Self::Answer) -> Option<T>;

    /// A message that is there already.
    fn try_receive(&mut self) -> Option<T>;

    /// Waits for a message and takes up to `most` of those that are there then. Adds none when
    /// [`Receiver::message`] would be `None`.
    fn receive_many(
        &mut self,
        messages: &mut Vec<T>,
        most: usize,
    ) -> impl Future<Output = ()> + Send {
        async move {
            messages.extend(Self::message(self.receive().await));
            while messages.len() < most {
                match self.try_receive() {
                    Some(message) => messages.push(message),
                    None => break,
                }
            }
        }
    }
}

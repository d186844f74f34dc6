//! Embassy as a runtime for actors: its executor on std, on a thread of its own.

mod channel;
mod executor_thread;
mod pool;

use std::future::Future;
use std::io;

use actors::Runtime;

pub use channel::{ChannelReceiver, ChannelSender, LARGEST_BOUND};
use executor_thread::ExecutorThread;

/// Embassy's executor. Task storage is pooled, channels have one of a few capacities.
pub struct Embassy(ExecutorThread);

impl Runtime for Embassy {
    type Sender<T: Send + 'static> = ChannelSender<T>;
    type Receiver<T: Send + 'static> = ChannelReceiver<T>;

    const ONE_THREAD: bool = true;

    fn start(_threads: usize) -> io::Result<Self> {
        ExecutorThread::start().map(Self)
    }

    fn run<F>(&mut self, driver: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.run(driver)
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(task: F) {
        executor_thread::spawn(task);
    }

    fn channel<T: Send + 'static>(bound: usize) -> (ChannelSender<T>, ChannelReceiver<T>) {
        channel::channel(bound)
    }

    fn bound(bound: usize) -> usize {
        channel::capacity(bound)
    }

    fn reclaim(&mut self) {
        self.0.run(async { pool::reclaim() });
    }
}

//! async-std as a runtime for actors: its one global executor.

use std::future::Future;
use std::io;

use actors::Runtime;
use async_std::task;

actors::async_channel!(async_std::channel);

/// async-std's global executor.
pub struct AsyncStd;

impl Runtime for AsyncStd {
    type Sender<T: Send + 'static> = ChannelSender<T>;
    type Receiver<T: Send + 'static> = ChannelReceiver<T>;

    /// Must come before anything else in the process that uses async-std, which then starts its threads.
    fn start(threads: usize) -> io::Result<Self> {
        // Nothing else runs in an adapter yet, so that no other thread reads the environment.
        std::env::set_var("ASYNC_STD_THREAD_COUNT", threads.to_string());
        Ok(Self)
    }

    fn run<F>(&mut self, driver: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        // Spawned, as block_on itself polls on this thread, which is no worker.
        task::block_on(task::spawn(driver))
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(task: F) {
        task::spawn(task);
    }

    fn channel<T: Send + 'static>(bound: usize) -> (ChannelSender<T>, ChannelReceiver<T>) {
        channel(bound)
    }
}

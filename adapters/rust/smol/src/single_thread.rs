//! A plain single-threaded executor: `LocalExecutor` under `futures_lite::future::block_on`.

use std::future::Future;
use std::io;

use actors::Runtime;
use smol::{future, LocalExecutor};

use crate::{channel, ChannelReceiver, ChannelSender};

thread_local! {
    static EXECUTOR: LocalExecutor<'static> = const { LocalExecutor::new() };
}

/// Tasks on the thread that runs the driver; without smol's reactor.
pub struct FuturesLite;

impl Runtime for FuturesLite {
    type Sender<T: Send + 'static> = ChannelSender<T>;
    type Receiver<T: Send + 'static> = ChannelReceiver<T>;

    const ONE_THREAD: bool = true;

    fn start(_threads: usize) -> io::Result<Self> {
        Ok(Self)
    }

    fn run<F>(&mut self, driver: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        EXECUTOR.with(|executor| future::block_on(executor.run(executor.spawn(driver))))
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(task: F) {
        EXECUTOR.with(|executor| executor.spawn(task).detach());
    }

    fn channel<T: Send + 'static>(bound: usize) -> (ChannelSender<T>, ChannelReceiver<T>) {
        channel(bound)
    }
}

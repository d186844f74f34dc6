//! smol's executor, run by a number of worker threads.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::thread::{self, JoinHandle};

use actors::Runtime;
use smol::Executor;

use crate::{channel, ChannelReceiver, ChannelSender};

thread_local! {
    /// The executor that this worker thread runs.
    static EXECUTOR: Cell<Option<&'static Executor<'static>>> = const { Cell::new(None) };
}

/// smol's multi-threaded executor with worker threads of its own.
pub struct Smol {
    executor: &'static Executor<'static>,
    workers: Vec<JoinHandle<()>>,
    /// Closing it ends the workers.
    stop: smol::channel::Sender<()>,
}

impl Runtime for Smol {
    type Sender<T: Send + 'static> = ChannelSender<T>;
    type Receiver<T: Send + 'static> = ChannelReceiver<T>;

    fn start(threads: usize) -> io::Result<Self> {
        let executor: &Executor<'static> = Box::leak(Box::new(Executor::new()));
        let (stop, stopped) = smol::channel::bounded::<()>(1);
        let workers = (0..threads)
            .map(|number| {
                let stopped = stopped.clone();
                thread::Builder::new().name(format!("smol-{number}")).spawn(move || {
                    EXECUTOR.set(Some(executor));
                    let _ = smol::block_on(executor.run(stopped.recv())); // an error: it was closed
                })
            })
            .collect::<io::Result<_>>()?;
        Ok(Self { executor, workers, stop })
    }

    fn run<F>(&mut self, driver: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        smol::block_on(self.executor.spawn(driver))
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(task: F) {
        let executor = EXECUTOR.get().expect("actors are spawned from within tasks");
        executor.spawn(task).detach();
    }

    fn channel<T: Send + 'static>(bound: usize) -> (ChannelSender<T>, ChannelReceiver<T>) {
        channel(bound)
    }
}

impl Drop for Smol {
    fn drop(&mut self) {
        self.stop.close();
        for worker in self.workers.drain(..) {
            let _ = worker.join(); // if it panicked, that has been reported
        }
    }
}

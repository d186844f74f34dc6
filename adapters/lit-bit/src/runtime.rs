//! Tokio, on worker threads or on the current thread.

use std::future::Future;

use litbench_adapter::Failure;
use tokio::runtime::{Builder, Runtime};

/// Which of Tokio's schedulers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// The work-stealing one.
    MultiThread,
    /// The single-threaded one; `block_on` runs the driver on the one worker there is.
    CurrentThread,
}

/// A running Tokio.
pub struct Tokio {
    runtime: Runtime,
    scheduler: Scheduler,
}

impl Tokio {
    /// Starts `threads` worker threads.
    ///
    /// # Errors
    /// When the system does not give it what it needs.
    pub fn start(scheduler: Scheduler, threads: u64) -> Result<Self, Failure> {
        let mut builder = match scheduler {
            Scheduler::MultiThread => Builder::new_multi_thread(),
            Scheduler::CurrentThread => Builder::new_current_thread(),
        };
        if scheduler == Scheduler::MultiThread {
            builder.worker_threads(threads as usize);
        }
        let runtime = builder
            .build()
            .map_err(|error| Failure::new("runtime", format!("Tokio does not start: {error}")))?;
        Ok(Self { runtime, scheduler })
    }

    /// Which of the schedulers it is.
    #[must_use]
    pub fn scheduler(&self) -> Scheduler {
        self.scheduler
    }

    /// Runs a task on one of the workers and waits for its result.
    pub fn run<F>(&self, driver: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self.scheduler {
            // Spawned, as block_on itself polls on this thread, which is no worker.
            Scheduler::MultiThread => {
                let driver = self.runtime.spawn(driver);
                self.runtime.block_on(driver).expect("a driver that panics has ended the process")
            }
            Scheduler::CurrentThread => self.runtime.block_on(driver),
        }
    }
}

//! An Embassy executor on a thread of its own, and how the outside hands it a driver.

use std::cell::Cell;
use std::future::{poll_fn, Future};
use std::io;
use std::pin::Pin;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use embassy_executor::{Executor, Spawner};

use crate::pool;

/// A debug build makes large channels on the stack before it moves them.
const STACK: usize = 256 << 20;

thread_local! {
    static SPAWNER: Cell<Option<Spawner>> = const { Cell::new(None) };
}

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The thread; it ends with the process, as Embassy's executor never returns.
pub(crate) struct ExecutorThread {
    hatch: Arc<Hatch>,
}

impl ExecutorThread {
    pub(crate) fn start() -> io::Result<Self> {
        let hatch = Arc::new(Hatch::default());
        let inside = Arc::clone(&hatch);
        thread::Builder::new().name("embassy".to_owned()).stack_size(STACK).spawn(move || {
            let executor = Box::leak(Box::new(Executor::new()));
            executor.run(|spawner| {
                SPAWNER.set(Some(spawner));
                spawn(async move {
                    loop {
                        inside.next().await.await;
                    }
                });
            })
        })?;
        Ok(Self { hatch })
    }

    /// Runs the driver within a task of the executor.
    pub(crate) fn run<F>(&mut self, driver: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (sender, result) = mpsc::channel();
        self.hatch.hand_in(Box::pin(async move {
            let _ = sender.send(driver.await); // somebody waits below
        }));
        result.recv().expect("a driver that panics has ended the process")
    }
}

/// Starts a task; to be called on the executor's thread.
pub(crate) fn spawn<F: Future<Output = ()> + 'static>(task: F) {
    let spawner = SPAWNER.get().expect("actors are spawned from within tasks");
    spawner.spawn(pool::token(task));
}

/// Where other threads hand in what the executor shall run.
#[derive(Default)]
struct Hatch {
    state: Mutex<(Option<Driver>, Option<Waker>)>,
}

impl Hatch {
    fn hand_in(&self, driver: Driver) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = Some(driver);
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }

    async fn next(&self) -> Driver {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&self, context: &Context<'_>) -> Poll<Driver> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.0.take() {
            Some(driver) => Poll::Ready(driver),
            None => {
                state.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

//! Tokio as a runtime for actors, on worker threads or on the current thread.

use std::future::Future;
use std::io;

use actors::load::{Counters, QueueDepth};
use actors::runtime::{Receiver, Refused, Runtime, Sender};
use litbench_adapter::{locked_version, Description, Unit};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{SendError, TrySendError};

/// Tokio's multi-threaded scheduler.
pub struct MultiThread(tokio::runtime::Runtime);

/// Tokio's current-thread scheduler; `block_on` runs the driver on the one worker there is.
pub struct CurrentThread(tokio::runtime::Runtime);

impl Runtime for MultiThread {
    type Sender<T: Send + 'static> = MpscSender<T>;
    type Receiver<T: Send + 'static> = MpscReceiver<T>;

    fn start(threads: usize) -> io::Result<Self> {
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).build().map(Self)
    }

    fn run<F>(&mut self, driver: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        // Spawned, as block_on itself polls on this thread, which is no worker.
        let driver = self.0.spawn(driver);
        self.0.block_on(driver).expect("a driver that panics has ended the process")
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(task: F) {
        tokio::spawn(task);
    }

    fn channel<T: Send + 'static>(bound: usize) -> (MpscSender<T>, MpscReceiver<T>) {
        channel(bound)
    }

    fn counters(&self) -> Counters {
        counters(self.0.handle())
    }

    fn queue_depth(&self) -> Option<QueueDepth> {
        Some(queue_depth(self.0.handle()))
    }
}

impl Runtime for CurrentThread {
    type Sender<T: Send + 'static> = MpscSender<T>;
    type Receiver<T: Send + 'static> = MpscReceiver<T>;

    const ONE_THREAD: bool = true;

    fn start(_threads: usize) -> io::Result<Self> {
        tokio::runtime::Builder::new_current_thread().build().map(Self)
    }

    fn run<F>(&mut self, driver: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.block_on(driver)
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(task: F) {
        tokio::spawn(task);
    }

    fn channel<T: Send + 'static>(bound: usize) -> (MpscSender<T>, MpscReceiver<T>) {
        channel(bound)
    }

    fn counters(&self) -> Counters {
        counters(self.0.handle())
    }

    fn queue_depth(&self) -> Option<QueueDepth> {
        Some(queue_depth(self.0.handle()))
    }
}

/// Tokio's stable counters; polls and steals need its cfg `tokio_unstable`.
fn counters(handle: &Handle) -> Counters {
    let (metrics, workers) = (handle.metrics(), 0..handle.metrics().num_workers());
    let busy = |worker| metrics.worker_total_busy_duration(worker).as_nanos() as f64;
    let parks = |worker| metrics.worker_park_count(worker) as f64;
    vec![
        ("busy", Unit::Ns, workers.clone().map(busy).collect()),
        ("parks", Unit::Count, workers.map(parks).collect()),
    ]
}

fn queue_depth(handle: &Handle) -> QueueDepth {
    let metrics = handle.metrics();
    Box::new(move || metrics.global_queue_depth() as u64)
}

fn channel<T: Send + 'static>(bound: usize) -> (MpscSender<T>, MpscReceiver<T>) {
    let (sender, receiver) = mpsc::channel(bound);
    (MpscSender(sender), MpscReceiver(receiver))
}

/// Sends into a `tokio::sync::mpsc` channel.
pub struct MpscSender<T>(mpsc::Sender<T>);

impl<T> Clone for MpscSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + 'static> Sender<T> for MpscSender<T> {
    type Closed = SendError<T>;

    #[inline]
    fn send(&self, message: T) -> impl Future<Output = Result<(), SendError<T>>> + Send {
        self.0.send(message)
    }

    fn try_send(&self, message: T) -> Result<(), Refused<T>> {
        self.0.try_send(message).map_err(|error| match error {
            TrySendError::Full(message) => Refused::Full(message),
            TrySendError::Closed(message) => Refused::Closed(message),
        })
    }
}

/// Receives from a `tokio::sync::mpsc` channel.
pub struct MpscReceiver<T>(mpsc::Receiver<T>);

impl<T: Send + 'static> Receiver<T> for MpscReceiver<T> {
    type Answer = Option<T>;

    #[inline]
    fn receive(&mut self) -> impl Future<Output = Option<T>> + Send {
        self.0.recv()
    }

    #[inline]
    fn message(answer: Option<T>) -> Option<T> {
        answer
    }

    fn try_receive(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }

    async fn receive_many(&mut self, messages: &mut Vec<T>, most: usize) {
        self.0.recv_many(messages, most).await;
    }
}

/// How a target on Tokio describes itself.
#[must_use]
pub fn description(target: &str) -> Description {
    let version = locked_version(include_str!("../../Cargo.lock"), "tokio");
    Description::new(target, env!("CARGO_PKG_VERSION")).runtime("tokio", version)
}

//! The workloads, as `adapters/PROTOCOL.md` defines them, in the groups of litbench's catalogue.

mod basic;
mod patterns;
mod pressure;

use std::future::Future;

use litbench_adapter::{Failure, Iteration, Job, Measure, Metric, Specification};

use crate::bench::Bench;
use crate::kernel::{spawn, spawn_batched, Actor, Mailbox};
use crate::runtime::Runtime;

pub use basic::{
    Counting, FanIn, FanOut, IsolatedLatency, MailboxFill, MassSpawn, PingPong, Skynet, ThreadRing,
};
pub use patterns::{
    Banking, Big, BoundedBuffer, Chameneos, Dictionary, ForkJoinCreate, ForkJoinThroughput,
    Pipeline, PipelinedPingPong, Star,
};
pub use pressure::{Churn, FailureInjection, Isolation, LoadedLatency, Soak, Supervision};

/// One traffic pattern with its parameters.
pub trait Workload: Copy + Send + 'static {
    /// Its name in the catalogue.
    const NAME: &'static str;
    /// The version of the definition that is implemented.
    const VERSION: u32 = 1;
    /// What it can be measured for.
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Latency];
    /// The name of the histogram of a latency run.
    const HISTOGRAM: &'static str = "message";
    /// The names of the histograms of every run, as [`Bench::other`] numbers them.
    const OTHER_HISTOGRAMS: &'static [&'static str] = &[];

    /// The workload that a job asks for.
    ///
    /// # Errors
    /// When a parameter is missing or makes no sense.
    fn of(job: &Job) -> Result<Self, Failure>;

    /// Measures, during set-up, what the workload's size depends on.
    fn calibrate<R: Runtime>(&mut self, _runtime: &mut R) {}

    /// How many actors and messages an iteration has, and how it bounds them.
    fn size(&self) -> Size;

    /// What the specification says beyond the size.
    fn specify<R: Runtime>(&self, specification: Specification) -> Specification {
        specification
    }

    /// What holds for the whole run; metrics with a value an iteration go to [`Bench::note`].
    fn metrics(&self) -> Vec<Metric> {
        Vec::new()
    }

    /// One iteration, as a task on one of the runtime's workers.
    fn iterate<R: Runtime>(self, bench: &'static Bench) -> impl Future<Output = Iteration> + Send;
}

/// What a workload's definition demands of an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Actors, without the driver.
    pub actors: u64,
    /// Messages.
    pub messages: u64,
    /// The most under way at once; 0: as many as the mailboxes hold.
    pub in_flight: u64,
    /// The bound of each mailbox.
    pub mailbox: usize,
}

/// How many messages the receiver takes at a wake-up.
fn batch(job: &Job) -> usize {
    job.option("batch").max(1) as usize
}

/// Spawns an actor that takes up to `batch` messages at a wake-up.
fn spawn_receiver<R: Runtime, A: Actor>(
    bench: &'static Bench,
    mailbox: Mailbox<R, A::Message>,
    actor: A,
    batch: usize,
) {
    match batch {
        1 => spawn(&bench.census, mailbox, actor),
        _ => spawn_batched(&bench.census, mailbox, actor, batch),
    }
}

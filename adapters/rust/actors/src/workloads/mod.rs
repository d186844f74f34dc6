//! The workloads, as `adapters/PROTOCOL.md` defines them, in the groups of litbench's catalogue.

mod basic;
mod patterns;
mod pressure;
mod random;

use std::future::Future;

use litbench_adapter::{
    Failure, Iteration, Job, Measure, MemoryReadings, Metric, Reading, Specification,
};

use crate::bench::Bench;
use crate::kernel::{Actor, Mailbox};
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

/// A parameter of at least 1.
fn positive(job: &Job, name: &str) -> Result<u64, Failure> {
    match job.parameter(name)? {
        0 => {
            Err(Failure::new("parameters", format!("{}: {name} must be at least 1", job.workload)))
        }
        value => Ok(value),
    }
}

/// A parameter that turns something on; 0 where litbench does not know it.
fn option(job: &Job, name: &str) -> u64 {
    job.parameters.get(name).copied().unwrap_or(0)
}

/// How many messages the receiver takes at a wake-up.
fn batch(job: &Job) -> usize {
    option(job, "batch").max(1) as usize
}

/// With its memory readings, where they were wanted.
fn with_memory(
    iteration: Iteration,
    before: Option<Reading>,
    loaded: Option<Reading>,
    after: Option<Reading>,
) -> Iteration {
    match (before, loaded, after) {
        (Some(before), Some(loaded), Some(after)) => {
            iteration.memory(MemoryReadings { before, loaded, after })
        }
        _ => iteration,
    }
}

/// Spawns an actor that takes up to `batch` messages at a wake-up.
fn spawn_receiver<R: Runtime, A: Actor>(
    bench: &'static Bench,
    mailbox: Mailbox<R, A::Message>,
    actor: A,
    batch: usize,
) {
    match batch {
        1 => bench.system.spawn(mailbox, actor),
        _ => bench.system.spawn_batched(mailbox, actor, batch),
    }
}

/// The bound of the mailboxes.
fn bound(job: &Job) -> Result<usize, Failure> {
    usize::try_from(positive(job, "mailbox")?)
        .map_err(|_| Failure::new("parameters", "the mailbox does not fit in memory"))
}

/// How many of something there are that messages name by a 32-bit number.
fn crowd(job: &Job, name: &str) -> Result<u32, Failure> {
    u32::try_from(positive(job, name)?)
        .map_err(|_| Failure::new("parameters", format!("{name} must be below 2^32")))
}

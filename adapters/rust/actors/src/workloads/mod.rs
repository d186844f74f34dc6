//! The workloads, one file each, as `adapters/PROTOCOL.md` defines them.

mod counting;
mod fan_in;
mod fan_out;
mod mailbox_fill;
mod mass_spawn;
mod round_trips;
mod skynet;
mod thread_ring;

use std::future::Future;

use litbench_adapter::{Failure, Iteration, Job, Measure};

use crate::bench::Bench;
use crate::runtime::Runtime;

pub use counting::Counting;
pub use fan_in::FanIn;
pub use fan_out::FanOut;
pub use mailbox_fill::MailboxFill;
pub use mass_spawn::MassSpawn;
pub use round_trips::{IsolatedLatency, PingPong};
pub use skynet::Skynet;
pub use thread_ring::ThreadRing;

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

    /// The workload that a job asks for.
    ///
    /// # Errors
    /// When a parameter is missing or makes no sense.
    fn of(job: &Job) -> Result<Self, Failure>;

    /// How many actors and messages an iteration has, and how it bounds them.
    fn size(&self) -> Size;

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

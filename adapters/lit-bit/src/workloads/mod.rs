//! The workloads, one file each, as `adapters/PROTOCOL.md` defines them.

mod counting;
mod fan_in;
mod fan_out;
mod mailbox_fill;
mod mass_spawn;
mod pipeline;
mod round_trips;
mod skynet;
mod supervision;
mod thread_ring;

use std::future::Future;

use litbench_adapter::{Failure, Iteration, Job, Measure};

use crate::book::Book;
use crate::spawn::Style;

pub use counting::Counting;
pub use fan_in::FanIn;
pub use fan_out::FanOut;
pub use mailbox_fill::MailboxFill;
pub use mass_spawn::MassSpawn;
pub use pipeline::Pipeline;
pub use round_trips::{IsolatedLatency, PingPong, PipelinedPingPong};
pub use skynet::Skynet;
pub use supervision::Supervision;
pub use thread_ring::ThreadRing;

/// One traffic pattern with its parameters.
pub trait Workload: Copy + Send + 'static {
    /// Its name in the catalogue.
    const NAME: &'static str;
    /// What it can be measured for.
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Latency];
    /// The name of the histogram of a latency run.
    const HISTOGRAM: &'static str = "message";

    /// The workload that a job asks for, with actors of that style.
    ///
    /// # Errors
    /// When a parameter is missing or makes no sense.
    fn of(job: &Job, style: Style) -> Result<Self, Failure>;

    /// How many actors and messages an iteration has, and how it bounds them.
    fn size(&self) -> Size;

    /// One iteration, as a task on one of the runtime's workers.
    fn iterate(self, book: &'static Book) -> impl Future<Output = Iteration> + Send;
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
    /// How many messages the receiver takes at once.
    pub batch: usize,
    /// Whether senders try again when a mailbox is full, and never wait.
    pub fail_fast: bool,
}

impl Size {
    /// Actors and messages with mailboxes of that bound; the rest as usual.
    #[must_use]
    pub fn new(actors: u64, messages: u64, mailbox: usize) -> Self {
        Self { actors, messages, in_flight: 0, mailbox, batch: 1, fail_fast: false }
    }

    /// With so many messages under way at once by design.
    #[must_use]
    pub fn in_flight(self, in_flight: u64) -> Self {
        Self { in_flight, ..self }
    }
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

/// The style of the receiver in a workload that has the parameter `batch`, and that parameter.
fn batched(job: &Job, style: Style) -> Result<(Style, usize), Failure> {
    let batch = usize::try_from(positive(job, "batch")?)
        .map_err(|_| Failure::new("parameters", "the batch does not fit in memory"))?;
    match (batch, style) {
        (1, style) => Ok((style, 1)),
        (_, Style::Chart) => Err(Failure::new(
            "parameters",
            "a statechart handles one message at a time: batch is 1",
        )),
        (more, _) => Ok((Style::Batch(more), more)),
    }
}

//! The workloads, one file each, as `adapters/PROTOCOL.md` defines them.

mod banking;
mod big;
mod bounded_buffer;
mod chameneos;
mod churn;
mod counting;
mod dictionary;
mod fan_in;
mod fan_out;
mod fork_join_create;
mod isolation;
mod loaded_latency;
mod mailbox_fill;
mod mass_spawn;
mod pipeline;
mod round_trips;
mod skynet;
mod soak;
mod star;
mod supervision;
mod thread_ring;

use std::future::Future;

use litbench_adapter::bench::Bench;
use litbench_adapter::{Failure, Iteration, Job, Measure, Metric};

use crate::runtime::Tokio;
use crate::spawn::Style;

pub use banking::Banking;
pub use big::Big;
pub use bounded_buffer::BoundedBuffer;
pub use chameneos::Chameneos;
pub use churn::Churn;
pub use counting::Counting;
pub use dictionary::Dictionary;
pub use fan_in::FanIn;
pub use fan_out::{FanOut, ForkJoinThroughput};
pub use fork_join_create::ForkJoinCreate;
pub use isolation::Isolation;
pub use loaded_latency::LoadedLatency;
pub use mailbox_fill::MailboxFill;
pub use mass_spawn::MassSpawn;
pub use pipeline::Pipeline;
pub use round_trips::{IsolatedLatency, PingPong, PipelinedPingPong};
pub use skynet::Skynet;
pub use soak::Soak;
pub use star::Star;
pub use supervision::Supervision;
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
    /// The names of the histograms of every run, as [`Bench::other`] numbers them.
    const OTHER_HISTOGRAMS: &'static [&'static str] = &[];

    /// The workload that a job asks for, with actors of that style.
    ///
    /// # Errors
    /// When a parameter is missing or makes no sense.
    fn of(job: &Job, style: Style) -> Result<Self, Failure>;

    /// Measures, during set-up, what the workload's size depends on.
    fn calibrate(&mut self, _tokio: &Tokio) {}

    /// What holds for the whole run; metrics with a value an iteration go to [`Bench::note`].
    fn metrics(&self) -> Vec<Metric> {
        Vec::new()
    }

    /// How many actors and messages an iteration has, and how it bounds them.
    fn size(&self) -> Size;

    /// One iteration, as a task on one of the runtime's workers.
    fn iterate(self, bench: &'static Bench) -> impl Future<Output = Iteration> + Send;
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
    /// Whether the timing code is on a thread outside the runtime's workers.
    pub driver_blocks: bool,
}

impl Size {
    /// Actors and messages with mailboxes of that bound; the rest as usual.
    #[must_use]
    pub fn new(actors: u64, messages: u64, mailbox: usize) -> Self {
        Self {
            actors,
            messages,
            in_flight: 0,
            mailbox,
            batch: 1,
            fail_fast: false,
            driver_blocks: false,
        }
    }

    /// With so many messages under way at once by design.
    #[must_use]
    pub fn in_flight(self, in_flight: u64) -> Self {
        Self { in_flight, ..self }
    }
}

/// How many messages the receiver takes at once, in a workload that has the parameter `batch`.
fn batched(job: &Job, style: Style) -> Result<usize, Failure> {
    match (job.option("batch").max(1) as usize, style) {
        (2.., Style::Chart) => {
            Err(job.bad("a statechart handles one message at a time: batch is 1"))
        }
        (batch, _) => Ok(batch),
    }
}

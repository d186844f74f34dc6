//! A target of litbench: the workloads on one scheduler, with actors of one style.

use litbench_adapter::protocol::OfferedWorkload;
use litbench_adapter::{
    locked_version, Description, Failure, Histogram, Iteration, Job, Measure, Metric, Run,
    Specification, Target, Unit,
};

use crate::book::Book;
use crate::runtime::{Scheduler, Tokio};
use crate::spawn::Style;
use crate::workloads::{
    Counting, FanIn, FanOut, IsolatedLatency, MailboxFill, MassSpawn, PingPong, Pipeline,
    PipelinedPingPong, Skynet, Supervision, ThreadRing, Workload,
};

/// lit-bit on Tokio.
pub struct LitBit {
    name: &'static str,
    scheduler: Scheduler,
    style: Style,
}

impl LitBit {
    /// A target of that name with actors of that style, which is not [`Style::Batch`].
    #[must_use]
    pub fn new(name: &'static str, scheduler: Scheduler, style: Style) -> Self {
        Self { name, scheduler, style }
    }

    fn entries(&self) -> Vec<Entry> {
        let mut entries = vec![
            Entry::of::<PingPong>(),
            Entry::of::<Counting>(),
            Entry::of::<FanIn>(),
            Entry::of::<FanOut>(),
            Entry::of::<ThreadRing>(),
            Entry::of::<Skynet>(),
            Entry::of::<MassSpawn>(),
            Entry::of::<IsolatedLatency>(),
            Entry::of::<PipelinedPingPong>(),
            Entry::of::<Pipeline>(),
        ];
        if self.style != Style::Chart {
            entries.extend([Entry::of::<MailboxFill>(), Entry::of::<Supervision>()]);
        }
        entries
    }

    fn offer(&self, entry: &Entry) -> OfferedWorkload {
        let mut offer = (entry.offer)();
        if self.style == Style::Chart && matches!(offer.name.as_str(), "counting" | "fan-in") {
            offer = offer.limit("batch", 1, "a statechart handles one message at a time");
        }
        let charted = self.style == Style::Chart;
        let said = differences(&offer.name, charted);
        said.iter().fold(offer, |offer, sentence| offer.difference(sentence))
    }
}

/// A workload that can be set up, whatever its type.
struct Entry {
    offer: fn() -> OfferedWorkload,
    prepare: fn(&LitBit, &Job) -> Result<Box<dyn Run>, Failure>,
}

impl Entry {
    fn of<W: Workload>() -> Self {
        Self {
            offer: || OfferedWorkload::new(W::NAME, 1, W::MEASURES),
            prepare: LitBit::prepare_as::<W>,
        }
    }
}

/// How a workload departs from its specification.
fn differences(workload: &str, charted: bool) -> &'static [&'static str] {
    match (workload, charted) {
        ("skynet", _) => &[
            "a node is told by a control message that it is to begin and where it is reached: \
             spawn_actor_tokio gives the address to the spawner alone",
        ],
        ("supervision", _) => &[
            "a restarted child has a new mailbox and address (the old ones go with the panicked task), so \
             the driver waits for the restart before it asks; lit-bit's SupervisorActor only counts when it \
             hears of a panic, so an actor around it calls its execute_restarts",
        ],
        ("counting" | "fan-in" | "fan-out", true) => {
            &["the flooding senders are plain actors: a statechart's action cannot wait for room"]
        }
        _ => &[],
    }
}

/// Workloads that lit-bit's own interface rules out, and those that are just not written.
fn missing(description: Description, charted: bool) -> Description {
    const NOT_WRITTEN: &str = "not written for lit-bit yet; nothing in its interface rules it out";
    const FORGETS: &str = "a restarted actor of lit-bit has a new mailbox: what was queued is lost";
    const HOLD: &str = "a statechart's action cannot wait, so it cannot be held back";
    const CATCH: &str =
        "lit-bit catches panics of a handler's future, and a statechart acts before that";
    let description = description.missing("failure-injection", FORGETS);
    let description = if charted {
        description.missing("mailbox-fill", HOLD).missing("supervision", CATCH)
    } else {
        description
    };
    [
        "fork-join-throughput",
        "fork-join-create",
        "star",
        "big",
        "chameneos",
        "bounded-buffer",
        "dictionary",
        "banking",
        "loaded-latency",
        "isolation",
        "churn",
        "soak",
    ]
    .iter()
    .fold(description, |description, name| description.missing(name, NOT_WRITTEN))
}

impl Target for LitBit {
    fn describe(&self) -> Description {
        let lock = include_str!("../Cargo.lock");
        let revision = option_env!("LITBENCH_SOURCE_REVISION").unwrap_or("unknown revision");
        let version = format!("{} ({revision})", locked_version(lock, "lit-bit-core"));
        let most = match self.scheduler {
            Scheduler::MultiThread => 1024,
            Scheduler::CurrentThread => 1,
        };
        let description = Description::new(self.name, &version)
            .runtime("tokio", locked_version(lock, "tokio"))
            .threads(1, most);
        let entries = self.entries();
        let offers = entries.iter().map(|entry| self.offer(entry));
        missing(offers.fold(description, Description::offer), self.style == Style::Chart)
    }

    fn prepare(&self, job: &Job) -> Result<Box<dyn Run>, Failure> {
        let entries = self.entries();
        let Some(entry) = entries.iter().find(|entry| (entry.offer)().name == job.workload) else {
            return Err(Failure::new("workload", format!("there is no {}", job.workload)));
        };
        (entry.prepare)(self, job)
    }
}

impl LitBit {
    fn prepare_as<W: Workload>(&self, job: &Job) -> Result<Box<dyn Run>, Failure> {
        let workload = W::of(job, self.style)?;
        let tokio = Tokio::start(self.scheduler, job.threads)?;
        let book = Book::new(job.measure == Measure::Latency, job.measure == Measure::Memory);
        let (threads, measure, refused) = (job.threads, job.measure, Vec::new());
        Ok(Box::new(Prepared { workload, tokio, book, threads, measure, refused }))
    }
}

struct Prepared<W> {
    workload: W,
    tokio: Tokio,
    book: &'static Book,
    threads: u64,
    measure: Measure,
    /// Sends that a full mailbox refused, an iteration.
    refused: Vec<u64>,
}

impl<W: Workload> Run for Prepared<W> {
    fn specification(&self) -> Specification {
        let size = self.workload.size();
        let policy = if size.fail_fast { "fail-fast" } else { "backpressure" };
        Specification::new(size.actors, size.messages)
            .in_flight(size.in_flight)
            .mailbox(size.mailbox as u64)
            .batch(size.batch as u64)
            .policy(policy)
            .threads(self.threads)
    }

    fn iterate(&mut self) -> Result<Iteration, Failure> {
        let before = self.book.refusals();
        let iteration = self.tokio.run(self.workload.iterate(self.book));
        self.refused.push(self.book.refusals() - before);
        Ok(iteration)
    }

    fn histograms(&mut self) -> Vec<(&'static str, Histogram)> {
        match self.measure {
            Measure::Latency => vec![(W::HISTOGRAM, self.book.latencies().histogram())],
            Measure::Throughput | Measure::Memory => Vec::new(),
        }
    }

    fn metrics(&mut self) -> Vec<Metric> {
        if !self.workload.size().fail_fast {
            return Vec::new();
        }
        vec![Metric::new("refused", Unit::Count, self.refused.iter().copied())]
    }
}

//! A target of litbench: the workloads on one scheduler, with actors of one style.

use litbench_adapter::protocol::OfferedWorkload;
use litbench_adapter::{
    locked_version, Description, Failure, Histogram, Iteration, Job, Measure, Metric, Run,
    Specification, Target,
};

use crate::runtime::{Scheduler, Tokio};
use crate::spawn::Style;
use crate::workloads::{self, Workload};
use litbench_adapter::bench::Bench;

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

    fn offer(&self, entry: &Entry) -> OfferedWorkload {
        let mut offer = (entry.offer)();
        if self.style == Style::Chart && matches!(offer.name.as_str(), "counting" | "fan-in") {
            offer = offer.limit(
                "batch",
                1,
                "lit-bit has no batch variant of a StateMachine: send() takes one event",
            );
        }
        match difference(&offer.name) {
            Some(sentence) => offer.difference(sentence),
            None => offer,
        }
    }
}

fn entries() -> [Entry; 24] {
    [
        Entry::of::<workloads::PingPong>(),
        Entry::of::<workloads::Counting>(),
        Entry::of::<workloads::FanIn>(),
        Entry::of::<workloads::FanOut>(),
        Entry::of::<workloads::ThreadRing>(),
        Entry::of::<workloads::Skynet>(),
        Entry::of::<workloads::MassSpawn>(),
        Entry::of::<workloads::MailboxFill>(),
        Entry::of::<workloads::IsolatedLatency>(),
        Entry::of::<workloads::PipelinedPingPong>(),
        Entry::of::<workloads::ForkJoinThroughput>(),
        Entry::of::<workloads::ForkJoinCreate>(),
        Entry::of::<workloads::Star>(),
        Entry::of::<workloads::Pipeline>(),
        Entry::of::<workloads::Big>(),
        Entry::of::<workloads::Chameneos>(),
        Entry::of::<workloads::BoundedBuffer>(),
        Entry::of::<workloads::Dictionary>(),
        Entry::of::<workloads::Banking>(),
        Entry::of::<workloads::LoadedLatency>(),
        Entry::of::<workloads::Isolation>(),
        Entry::of::<workloads::Supervision>(),
        Entry::of::<workloads::Churn>(),
        Entry::of::<workloads::Soak>(),
    ]
}

type Prepare = fn(&LitBit, &Job) -> Result<Box<dyn Run>, Failure>;

/// A workload that can be set up, whatever its type.
struct Entry {
    offer: fn() -> OfferedWorkload,
    prepare: Prepare,
}

impl Entry {
    fn of<W: Workload>() -> Self {
        Self {
            offer: || OfferedWorkload::new(W::NAME, W::VERSION, W::MEASURES),
            prepare: LitBit::prepare_as::<W>,
        }
    }
}

/// How a workload departs from its specification.
fn difference(workload: &str) -> Option<&'static str> {
    match workload {
        "skynet" => Some(
            "a node is told by a control message that it is to begin and where it is reached: \
             spawn_actor_tokio gives the address to the spawner alone",
        ),
        "fork-join-create" => Some(
            "an actor stops because the driver has dropped its only address: an actor of lit-bit cannot \
             stop itself",
        ),
        "supervision" => Some(
            "a restarted child has a new mailbox and address (the old ones go with the panicked task), so \
             the driver waits for the restart before it asks; lit-bit's SupervisorActor only counts when it \
             hears of a panic, so an actor around it calls its execute_restarts",
        ),
        _ => None,
    }
}

/// The one workload that lit-bit's own interface rules out.
const NO_FAILURES: &str = "panic_safe_actor_task owns the mailbox's Receiver and drops it with the panicked \
    actor: what was queued is lost, and SupervisorActor's restart factory (FnMut() -> JoinHandle) is not \
    given it; embassy_actor_loop_task, which would keep it, is for Embassy only";

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
        let offers = entries().map(|entry| self.offer(&entry));
        let description = offers.into_iter().fold(description, Description::offer);
        description.missing("failure-injection", NO_FAILURES)
    }

    fn prepare(&self, job: &Job) -> Result<Box<dyn Run>, Failure> {
        let entries = entries();
        let Some(entry) = entries.iter().find(|entry| (entry.offer)().name == job.workload) else {
            return Err(Failure::new("workload", format!("there is no {}", job.workload)));
        };
        (entry.prepare)(self, job)
    }
}

impl LitBit {
    fn prepare_as<W: Workload>(&self, job: &Job) -> Result<Box<dyn Run>, Failure> {
        let mut workload = W::of(job, self.style)?;
        let tokio = Tokio::start(self.scheduler, job.threads)?;
        workload.calibrate(&tokio);
        let bench = Bench::new(job.measure == Measure::Latency, job.measure == Measure::Memory);
        let (threads, measure) = (job.threads, job.measure);
        Ok(Box::new(Prepared { workload, tokio, bench, threads, measure }))
    }
}

struct Prepared<W> {
    workload: W,
    tokio: Tokio,
    bench: &'static Bench,
    threads: u64,
    measure: Measure,
}

impl<W: Workload> Run for Prepared<W> {
    fn specification(&self) -> Specification {
        let size = self.workload.size();
        let policy = if size.fail_fast { "fail-fast" } else { "backpressure" };
        let specification = Specification::new(size.actors, size.messages)
            .in_flight(size.in_flight)
            .mailbox(size.mailbox as u64)
            .batch(size.batch as u64)
            .policy(policy)
            .threads(self.threads);
        if size.driver_blocks {
            specification.driver_blocks_on()
        } else {
            specification
        }
    }

    fn iterate(&mut self) -> Result<Iteration, Failure> {
        Ok(self.tokio.run(self.workload.iterate(self.bench)))
    }

    fn histograms(&mut self) -> Vec<(&'static str, Histogram)> {
        let timed =
            (self.measure == Measure::Latency).then(|| (W::HISTOGRAM, self.bench.latencies()));
        let others = W::OTHER_HISTOGRAMS.iter().enumerate();
        let others = others.map(|(number, &name)| (name, self.bench.other(number)));
        let all = timed.into_iter().chain(others);
        all.map(|(name, recorder)| (name, recorder.histogram())).collect()
    }

    fn metrics(&mut self) -> Vec<Metric> {
        let mut metrics = self.workload.metrics();
        metrics.extend(self.bench.metrics());
        metrics
    }
}

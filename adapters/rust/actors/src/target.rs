//! A target of litbench: all workloads over one runtime.

use std::marker::PhantomData;

use litbench_adapter::protocol::OfferedWorkload;
use litbench_adapter::{
    Description, Failure, Histogram, Iteration, Job, Measure, Metric, Run, Specification, Target,
};

use crate::bench::Bench;
use crate::load::Load;
use crate::runtime::Runtime;
use crate::workloads::{self, Workload};

/// All workloads over the runtime `R`.
pub struct ActorTarget<R> {
    description: Description,
    runtime: PhantomData<fn() -> R>,
}

/// A workload that can be set up, whatever its type.
struct Entry {
    offer: fn() -> OfferedWorkload,
    prepare: fn(&Job) -> Result<Box<dyn Run>, Failure>,
}

impl Entry {
    const fn of<R: Runtime, W: Workload>() -> Self {
        Self {
            offer: || OfferedWorkload::new(W::NAME, W::VERSION, W::MEASURES),
            prepare: prepare::<R, W>,
        }
    }
}

fn entries<R: Runtime>() -> [Entry; 25] {
    [
        Entry::of::<R, workloads::PingPong>(),
        Entry::of::<R, workloads::Counting>(),
        Entry::of::<R, workloads::FanIn>(),
        Entry::of::<R, workloads::FanOut>(),
        Entry::of::<R, workloads::ThreadRing>(),
        Entry::of::<R, workloads::Skynet>(),
        Entry::of::<R, workloads::MassSpawn>(),
        Entry::of::<R, workloads::MailboxFill>(),
        Entry::of::<R, workloads::IsolatedLatency>(),
        Entry::of::<R, workloads::PipelinedPingPong>(),
        Entry::of::<R, workloads::ForkJoinThroughput>(),
        Entry::of::<R, workloads::ForkJoinCreate>(),
        Entry::of::<R, workloads::Star>(),
        Entry::of::<R, workloads::Pipeline>(),
        Entry::of::<R, workloads::Big>(),
        Entry::of::<R, workloads::Chameneos>(),
        Entry::of::<R, workloads::BoundedBuffer>(),
        Entry::of::<R, workloads::Dictionary>(),
        Entry::of::<R, workloads::Banking>(),
        Entry::of::<R, workloads::LoadedLatency>(),
        Entry::of::<R, workloads::Isolation>(),
        Entry::of::<R, workloads::Supervision>(),
        Entry::of::<R, workloads::FailureInjection>(),
        Entry::of::<R, workloads::Churn>(),
        Entry::of::<R, workloads::Soak>(),
    ]
}

impl<R: Runtime> ActorTarget<R> {
    /// A target on `least` to `most` worker threads; `refine` adds limits and differences to a workload.
    #[must_use]
    pub fn new(
        description: Description,
        refine: impl Fn(OfferedWorkload) -> OfferedWorkload,
    ) -> Self {
        let offers = entries::<R>().map(|entry| refine((entry.offer)()));
        let description = offers.into_iter().fold(description, Description::offer);
        Self { description, runtime: PhantomData }
    }
}

impl<R: Runtime> Target for ActorTarget<R> {
    fn describe(&self) -> Description {
        self.description.clone()
    }

    fn prepare(&self, job: &Job) -> Result<Box<dyn Run>, Failure> {
        entries::<R>().iter().find(|entry| (entry.offer)().name == job.workload).map_or_else(
            || Err(Failure::new("workload", format!("there is no {}", job.workload))),
            |entry| (entry.prepare)(job),
        )
    }
}

fn prepare<R: Runtime, W: Workload>(job: &Job) -> Result<Box<dyn Run>, Failure> {
    let mut workload = W::of(job)?;
    let mut runtime = R::start(job.threads as usize)
        .map_err(|error| Failure::new("runtime", format!("the runtime does not start: {error}")))?;
    workload.calibrate(&mut runtime);
    let bench = Bench::new(job.measure == Measure::Latency, job.measure == Measure::Memory);
    let (threads, measure) = (job.threads, job.measure);
    Ok(Box::new(Prepared { workload, runtime, bench, threads, measure, load: None }))
}

struct Prepared<R, W> {
    workload: W,
    runtime: R,
    bench: &'static Bench,
    threads: u64,
    measure: Measure,
    load: Option<Load>,
}

impl<R: Runtime, W: Workload> Run for Prepared<R, W> {
    fn specification(&self) -> Specification {
        let size = self.workload.size();
        let specification = Specification::new(size.actors, size.messages)
            .in_flight(size.in_flight)
            .mailbox(R::bound(size.mailbox) as u64)
            .threads(self.threads);
        self.workload.specify::<R>(specification)
    }

    fn iterate(&mut self) -> Result<Iteration, Failure> {
        if self.load.is_none() {
            self.load = Load::begin(&self.runtime);
        }
        let iteration = self.runtime.run(self.workload.iterate::<R>(self.bench));
        if let Some(load) = &mut self.load {
            load.update(&self.runtime);
        }
        if self.measure == Measure::Memory {
            self.runtime.reclaim();
        }
        Ok(iteration)
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
        metrics.extend(self.load.iter_mut().flat_map(Load::metrics));
        metrics
    }
}

//! What a runtime says of its own workers over the measured region, when a profile asks for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use litbench_adapter::{Metric, Unit};

use crate::runtime::Runtime;

/// Set by litbench when it wants these metrics: reading them costs a thread that wakes up now and then.
const WANTED: &str = "LITBENCH_RUNTIME_METRICS";
const PAUSE: Duration = Duration::from_millis(10);
const MOST_SAMPLES: usize = 10_000;

/// Counters since a runtime's start, each with one value a worker.
pub type Counters = Vec<(&'static str, Unit, Vec<f64>)>;

/// Reads how many tasks wait in the queue that all workers share.
pub type QueueDepth = Box<dyn Fn() -> u64 + Send>;

/// The counters from the first iteration to the last, and samples of the shared queue meanwhile.
#[derive(Debug)]
pub struct Load {
    began: Instant,
    before: Counters,
    now: Counters,
    span: Duration,
    over: Arc<AtomicBool>,
    sampler: Option<JoinHandle<Vec<f64>>>,
}

impl Load {
    /// Begins to watch, if that is wanted and the runtime has anything to say.
    pub fn begin<R: Runtime>(runtime: &R) -> Option<Self> {
        std::env::var_os(WANTED)?;
        let before = runtime.counters();
        if before.is_empty() {
            return None;
        }
        let over = Arc::new(AtomicBool::new(false));
        let sampler = runtime.queue_depth().map(|depth| sample(depth, Arc::clone(&over)));
        let (began, now) = (Instant::now(), before.clone());
        Some(Self { began, before, now, span: Duration::ZERO, over, sampler })
    }

    /// An iteration is over.
    pub fn update<R: Runtime>(&mut self, runtime: &R) {
        self.now = runtime.counters();
        self.span = self.began.elapsed();
    }

    /// What was counted.
    pub fn metrics(&mut self) -> Vec<Metric> {
        self.over.store(true, Ordering::Relaxed);
        let pairs = self.before.iter().zip(&self.now);
        let mut metrics: Vec<Metric> = pairs
            .flat_map(|((name, unit, before), (_, _, now))| {
                let since = before.iter().zip(now).map(|(before, now)| now - before);
                since.enumerate().map(move |(worker, value)| {
                    Metric::fractions(&format!("worker-{worker}-{name}"), *unit, [value])
                })
            })
            .collect();
        metrics.push(Metric::fractions("runtime-span", Unit::Ns, [self.span.as_nanos() as f64]));
        if let Some(samples) = self.sampler.take().and_then(|thread| thread.join().ok()) {
            let deepest = samples.iter().copied().fold(0.0, f64::max);
            let taken = samples.len() as f64;
            metrics.push(Metric::fractions("global-queue-deepest", Unit::Count, [deepest]));
            metrics.push(Metric::fractions("global-queue-samples", Unit::Count, [taken]));
        }
        metrics
    }
}

fn sample(depth: QueueDepth, over: Arc<AtomicBool>) -> JoinHandle<Vec<f64>> {
    std::thread::spawn(move || {
        let mut samples = Vec::with_capacity(MOST_SAMPLES);
        while !over.load(Ordering::Relaxed) && samples.len() < MOST_SAMPLES {
            samples.push(depth() as f64);
            std::thread::sleep(PAUSE);
        }
        samples
    })
}

//! What an adapter's author implements.

use std::collections::BTreeMap;

use crate::memory::MemoryReadings;
use crate::protocol::{Description, Failure, Job, Ledger, Metric, Specification};
use crate::Histogram;

/// An actor system, ready to be measured.
pub trait Target {
    /// What it is and which workloads it has.
    fn describe(&self) -> Description;

    /// Sets up what the job needs: the runtime, its worker threads. Actors come with each iteration.
    ///
    /// Only called with a workload, version, measure and number of threads that
    /// [`describe`](Self::describe) offers, and parameters within its limits.
    ///
    /// # Errors
    /// A [`Failure`] ends the run as invalid, with its code and message as the reason.
    fn prepare(&self, job: &Job) -> Result<Box<dyn Run>, Failure>;
}

/// One workload, set up.
pub trait Run {
    /// What the run will really do.
    fn specification(&self) -> Specification;

    /// Makes the actors, times the workload's region, tears everything down and tells what happened.
    ///
    /// # Errors
    /// A [`Failure`] ends the run as invalid. What the ledger can express (lost or failed messages) is
    /// no failure.
    fn iterate(&mut self) -> Result<Iteration, Failure>;

    /// What was recorded over all iterations; called once, after the last.
    fn histograms(&mut self) -> Vec<(&'static str, Histogram)> {
        Vec::new()
    }

    /// Other raw samples, in iteration order; called once, after the last.
    fn metrics(&mut self) -> Vec<Metric> {
        Vec::new()
    }
}

/// What happened in one iteration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iteration {
    /// [`clock::now`](crate::clock::now) at the start of the timed region.
    pub start: u64,
    /// [`clock::now`](crate::clock::now) at its end.
    pub end: u64,
    /// The fate of the iteration's messages.
    pub ledger: Ledger,
    /// The workload's checksums, from the messages that were handled.
    pub checks: BTreeMap<&'static str, u64>,
    /// Memory, in a memory run.
    pub memory: Option<MemoryReadings>,
}

impl Iteration {
    /// An iteration without checks and memory readings.
    #[must_use]
    pub fn new(start: u64, end: u64, ledger: Ledger) -> Self {
        Self { start, end, ledger, checks: BTreeMap::new(), memory: None }
    }

    /// With one more check.
    #[must_use]
    pub fn check(mut self, name: &'static str, value: u64) -> Self {
        self.checks.insert(name, value);
        self
    }

    /// With memory readings.
    #[must_use]
    pub fn memory(mut self, readings: MemoryReadings) -> Self {
        self.memory = Some(readings);
        self
    }
}

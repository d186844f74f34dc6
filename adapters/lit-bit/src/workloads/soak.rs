//! `soak`: long steady traffic; memory must not grow.

use litbench_adapter::bench::{with_memory, Bench};
use litbench_adapter::{Failure, Iteration, Job, Measure};

use super::{FanIn, Size, Workload};
use crate::spawn::Style;

/// Fan-in, again and again in one process.
#[derive(Clone, Copy, Debug)]
pub struct Soak(FanIn);

impl Workload for Soak {
    const NAME: &'static str = "soak";
    const MEASURES: &'static [Measure] = &[Measure::Memory];

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        FanIn::of(job, style).map(Self)
    }

    fn size(&self) -> Size {
        self.0.size()
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let before = bench.reading_if(true).await;
        let iteration = self.0.iterate(bench).await;
        let loaded = bench.reading_if(true).await;
        with_memory(iteration, [before, loaded, loaded])
    }
}

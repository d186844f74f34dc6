//! `churn`: buffers of many sizes come and go, to fragment the heap.

use std::hint::black_box;

use litbench_adapter::bench::{with_memory, Bench, Region, Tally};
use litbench_adapter::random::Xorshift;
use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Kept, Next};
use crate::chart::charts;
use crate::driver::Driver;
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// Actors that hold buffers.
#[derive(Clone, Copy, Debug)]
pub struct Churn {
    actors: u32,
    messages: u64,
    keep: usize,
    mailbox: usize,
    style: Style,
    memory: bool,
}

impl Workload for Churn {
    const NAME: &'static str = "churn";
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Memory];

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        Ok(Self {
            actors: job.crowd("actors")?,
            messages: job.positive("messages")?,
            keep: job.length("keep")?,
            mailbox: job.length("mailbox")?,
            style,
            memory: job.measure == Measure::Memory,
        })
    }

    fn size(&self) -> Size {
        Size::new(self.actors.into(), self.messages, self.mailbox)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let count = u64::from(self.actors);
        let mut driver = Driver::new(bench, count);
        let mut holders = Vec::with_capacity(self.actors as usize);
        let before = bench.reading_if(self.memory).await;
        for number in 0..count {
            let holder = Holder {
                account: Tally::new(bench),
                random: Xorshift::of(number),
                slots: Kept::new(vec![Box::default(); self.keep]),
                bytes: 0,
                expected: self.messages.saturating_sub(number).div_ceil(count),
                driver: driver.handle(),
            };
            holders.push(spawn(bench, self.style, holder, self.mailbox));
        }

        let start = clock::now();
        for (value, holder) in (0..self.messages).zip(holders.iter().cycle()) {
            driver.send(holder, value).await;
        }
        // Where there are fewer messages than actors, some get none.
        let bytes = driver.total(self.messages.min(count)).await;
        let end = clock::now();

        let loaded = bench.reading_if(self.memory).await;
        holders.clear(); // the only addresses; what `before` has seen stays
        bench.census.settled().await;
        let after = bench.reading_if(self.memory).await;
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.ordered();
        with_memory(iteration.check("bytes", bytes), [before, loaded, after])
    }
}

#[derive(Clone)]
pub struct Holder {
    account: Tally,
    random: Xorshift,
    slots: Kept<Vec<Box<[u8]>>>,
    /// All that were allocated.
    bytes: u64,
    expected: u64,
    driver: Handle,
}

impl Holder {
    fn replace_one(&mut self) {
        let x = self.random.draw();
        let size = 16usize << ((x >> 33) % 10);
        let slot = (x >> 16) as usize % self.slots.get().len();
        self.slots.get()[slot] = black_box(vec![1; size].into_boxed_slice());
        self.bytes += size as u64;
    }
}

impl Behaviour for Holder {
    fn receive(&mut self, message: &Message) -> Next {
        let Message::Work { value, .. } = message else { return Next::Rest };
        self.account.handle(*value);
        self.replace_one();
        Next::done_if(self.account.handled() == self.expected, self.bytes)
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(holder: Holder);

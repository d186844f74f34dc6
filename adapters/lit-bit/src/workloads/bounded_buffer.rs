//! `bounded-buffer`: producers and consumers on either side of a bounded mailbox.

use litbench_adapter::bench::{Bench, Region, Tally};
use litbench_adapter::{clock, Failure, Fold, Iteration, Job, Measure};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Kept, Next};
use crate::chart::charts;
use crate::driver::{tell, Driver};
use crate::message::{Circle, Handle, Message};
use crate::spawn::{spawn, Style};

/// Items through a buffer.
#[derive(Clone, Copy, Debug)]
pub struct BoundedBuffer {
    producers: u32,
    consumers: u32,
    items: u64,
    buffer: usize,
    style: Style,
}

impl Workload for BoundedBuffer {
    const NAME: &'static str = "bounded-buffer";
    const MEASURES: &'static [Measure] = &[Measure::Throughput];

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        Ok(Self {
            producers: job.crowd("producers")?,
            consumers: job.crowd("consumers")?,
            items: job.positive("items")?,
            buffer: job.length("buffer")?,
            style,
        })
    }

    fn size(&self) -> Size {
        let actors = u64::from(self.producers) + u64::from(self.consumers) + 1;
        Size::new(actors, 2 * self.all_items(), self.buffer)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, self.consumers.into());
        let shelf = Buffer {
            account: Tally::new(bench),
            folds: Kept::new(vec![Fold::new(); self.producers as usize]),
            consumers: self.spawn_consumers(&driver),
            last: 0,
        };
        let buffer = Handle::new(spawn(bench, self.style, shelf, self.buffer));
        let producers: Vec<_> = (0..self.producers)
            .map(|number| {
                let account = Tally::new(bench);
                let flood = Flood { account, number, items: self.items, buffer: buffer.clone() };
                spawn(bench, self.style, Producer(Some(flood)), self.buffer)
            })
            .collect();

        let start = clock::now();
        for producer in &producers {
            tell(producer, Message::Start).await;
        }
        // Where there are fewer items than consumers, some get none.
        let items = driver.total(self.all_items().min(self.consumers.into())).await;
        let end = clock::now();

        drop((producers, buffer, driver));
        bench.close(mark, Region { start, end }).await.ordered().check("items", items)
    }
}

impl BoundedBuffer {
    fn all_items(&self) -> u64 {
        u64::from(self.producers) * self.items
    }

    fn spawn_consumers(&self, driver: &Driver) -> Circle {
        let bench = driver.account.bench();
        let spawn = |number: u32| {
            let (before, count) = (u64::from(number), u64::from(self.consumers));
            let consumer = Consumer {
                account: Tally::new(bench),
                seen: Fold::new(),
                expected: self.all_items().saturating_sub(before).div_ceil(count),
                driver: driver.handle(),
            };
            Handle::new(spawn(bench, self.style, consumer, self.buffer))
        };
        (0..self.consumers).map(spawn).collect()
    }
}

#[derive(Clone)]
pub struct Producer(Option<Flood>);

#[derive(Clone)]
struct Flood {
    account: Tally,
    number: u32,
    items: u64,
    buffer: Handle,
}

impl Flood {
    async fn pour(mut self) {
        for value in 0..self.items {
            self.account.send();
            let _ = self.buffer.send(Message::Work { from: self.number, value, stamp: 0 }).await;
        }
        self.account.enter();
    }
}

impl Behaviour for Producer {
    fn receive(&mut self, _start: &Message) -> Next {
        Next::wait_once(self.0.take().map(Flood::pour))
    }

    fn route(&self, _letter: &Message) -> &Handle {
        unreachable!("a producer does all in its flood")
    }

    fn settle(&mut self) {} // its flood does
}

#[derive(Clone)]
pub struct Buffer {
    account: Tally,
    folds: Kept<Vec<Fold>>,
    consumers: Circle,
    /// Whom the last item went to.
    last: usize,
}

impl Behaviour for Buffer {
    fn receive(&mut self, message: &Message) -> Next {
        let Message::Work { from, value, .. } = message else { return Next::Rest };
        self.last = self.account.handled() as usize % self.consumers.len();
        self.account.handle_from(*value, &mut self.folds.get()[*from as usize]);
        self.account.send();
        Next::Say(message.clone())
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.consumers[self.last]
    }

    fn settle(&mut self) {
        self.account.settle(self.folds.get());
        self.account.enter();
    }
}

#[derive(Clone)]
pub struct Consumer {
    account: Tally,
    /// Only its sum counts: what comes through the buffer has no order of its own.
    seen: Fold,
    expected: u64,
    driver: Handle,
}

impl Behaviour for Consumer {
    fn receive(&mut self, message: &Message) -> Next {
        let Message::Work { value, .. } = message else { return Next::Rest };
        self.account.count();
        self.seen.push(*value);
        Next::done_if(self.account.handled() == self.expected, self.expected)
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.settle_sum(self.seen.sum());
        self.account.enter();
    }
}

charts!(producer: Producer, buffer: Buffer, consumer: Consumer);

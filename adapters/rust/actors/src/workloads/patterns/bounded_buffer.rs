//! `bounded-buffer`: producers and consumers on either side of a bounded mailbox.

use litbench_adapter::{clock, Failure, Fold, Iteration, Job, Measure};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// Items through a buffer.
#[derive(Clone, Copy, Debug)]
pub struct BoundedBuffer {
    producers: u32,
    consumers: u32,
    items: u64,
    buffer: usize,
}

impl Workload for BoundedBuffer {
    const NAME: &'static str = "bounded-buffer";
    const MEASURES: &'static [Measure] = &[Measure::Throughput];

    fn of(job: &Job) -> Result<Self, Failure> {
        Ok(Self {
            producers: job.crowd("producers")?,
            consumers: job.crowd("consumers")?,
            items: job.positive("items")?,
            buffer: job.positive("buffer")? as usize,
        })
    }

    fn size(&self) -> Size {
        let (producers, consumers) = (u64::from(self.producers), u64::from(self.consumers));
        Size {
            actors: producers + consumers + 1,
            messages: 2 * producers * self.items,
            in_flight: 0,
            mailbox: self.buffer,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, self.consumers.into());
        let consumers = self.spawn_consumers::<R>(&driver);
        let (buffer, buffer_mailbox) = mailbox::<R, _>(self.buffer);
        let shelf = Buffer {
            account: Account::new(bench),
            folds: vec![Fold::new(); self.producers as usize],
            consumers: consumers.clone(),
            next: 0,
        };
        spawn(&bench.census, buffer_mailbox, shelf);
        let mut producers = Vec::with_capacity(self.producers as usize);
        for number in 0..self.producers {
            let (address, own) = mailbox::<R, _>(self.buffer);
            let account = Account::new(bench);
            let producer = Producer { account, number, items: self.items, buffer: buffer.clone() };
            spawn(&bench.census, own, producer);
            producers.push(address);
        }

        let start = clock::now();
        for producer in &producers {
            begin(producer).await;
        }
        // Where there are fewer items than consumers, some get none.
        let items = driver.total(self.all_items().min(self.consumers.into())).await;
        let end = clock::now();

        stop_all(&producers).await;
        buffer.stop().await;
        stop_all(&consumers).await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered().check("items", items)
    }
}

impl BoundedBuffer {
    fn all_items(&self) -> u64 {
        u64::from(self.producers) * self.items
    }

    fn spawn_consumers<R: Runtime>(&self, driver: &Driver<R>) -> Vec<Address<R, Message>> {
        let bench = driver.account.bench();
        let spawn = |number: u32| {
            let (address, own) = mailbox::<R, _>(self.buffer);
            let (before, count) = (u64::from(number), u64::from(self.consumers));
            let consumer = Consumer {
                account: Account::new(bench),
                seen: Fold::new(),
                expected: self.all_items().saturating_sub(before).div_ceil(count),
                driver: driver.address(),
            };
            spawn(&bench.census, own, consumer);
            address
        };
        (0..self.consumers).map(spawn).collect()
    }
}

struct Producer<R: Runtime> {
    account: Account,
    number: u32,
    items: u64,
    buffer: Address<R, Message>,
}

impl<R: Runtime> Actor for Producer<R> {
    type Message = Message;

    async fn handle(&mut self, _start: Message) -> Flow {
        for value in 0..self.items {
            let item = Message::work(self.number, value, 0);
            self.account.sent(self.buffer.send(item).await);
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

struct Buffer<R: Runtime> {
    account: Account,
    folds: Vec<Fold>,
    consumers: Vec<Address<R, Message>>,
    next: usize,
}

impl<R: Runtime> Actor for Buffer<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.handle_from(message.value, &mut self.folds[message.from as usize]);
        self.account.sent(self.consumers[self.next].send(message).await);
        self.next = (self.next + 1) % self.consumers.len();
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

impl<R: Runtime> Drop for Buffer<R> {
    fn drop(&mut self) {
        self.account.settle(&self.folds);
    }
}

struct Consumer<R: Runtime> {
    account: Account,
    /// Only its sum counts: what comes through the buffer has no order of its own.
    seen: Fold,
    expected: u64,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Consumer<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.count();
        self.seen.push(message.value);
        if self.account.handled() == self.expected {
            report(&self.driver, self.expected).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

impl<R: Runtime> Drop for Consumer<R> {
    fn drop(&mut self) {
        self.account.settle_sum(self.seen.sum());
    }
}

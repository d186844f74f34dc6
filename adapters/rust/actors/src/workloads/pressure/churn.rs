//! `churn`: buffers of many sizes come and go, to fragment the heap.

use std::hint::black_box;

use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use crate::bench::{report, stop_all, with_memory, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};
use litbench_adapter::random::Xorshift;

/// Actors that hold buffers.
#[derive(Clone, Copy, Debug)]
pub struct Churn {
    actors: u32,
    messages: u64,
    keep: u64,
    mailbox: usize,
    memory: bool,
}

impl Workload for Churn {
    const NAME: &'static str = "churn";
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Memory];

    fn of(job: &Job) -> Result<Self, Failure> {
        Ok(Self {
            actors: job.crowd("actors")?,
            messages: job.positive("messages")?,
            keep: job.positive("keep")?,
            mailbox: job.length("mailbox")?,
            memory: job.measure == Measure::Memory,
        })
    }

    fn size(&self) -> Size {
        Size {
            actors: self.actors.into(),
            messages: self.messages,
            in_flight: 0,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let count = u64::from(self.actors);
        let mut driver = Driver::<R>::new(bench, count);
        let mut holders = Vec::with_capacity(self.actors as usize);
        let before = bench.reading_if(self.memory).await;
        for number in 0..count {
            let (address, own) = mailbox::<R, _>(self.mailbox);
            let holder = Holder {
                account: Account::new(bench),
                random: Xorshift::of(number),
                slots: vec![Box::default(); self.keep as usize],
                bytes: 0,
                expected: self.messages.saturating_sub(number).div_ceil(count),
                driver: driver.address(),
            };
            spawn(&bench.census, own, holder);
            holders.push(address);
        }

        let start = clock::now();
        for (value, holder) in (0..self.messages).zip(holders.iter().cycle()) {
            driver.account.sent(holder.send(Message::work(0, value, 0)).await);
        }
        // Where there are fewer messages than actors, some get none.
        let bytes = driver.total(self.messages.min(count)).await;
        let end = clock::now();

        let loaded = bench.reading_if(self.memory).await;
        stop_all(&holders).await;
        holders.clear(); // gives back the mailboxes; what `before` has seen stays
        bench.census.settled().await;
        let after = bench.reading_if(self.memory).await;
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.ordered();
        with_memory(iteration.check("bytes", bytes), [before, loaded, after])
    }
}

struct Holder<R: Runtime> {
    account: Account,
    random: Xorshift,
    slots: Vec<Box<[u8]>>,
    /// All that were allocated.
    bytes: u64,
    expected: u64,
    driver: Address<R, Message>,
}

impl<R: Runtime> Holder<R> {
    fn replace_one(&mut self) {
        let x = self.random.draw();
        let size = 16usize << ((x >> 33) % 10);
        let slot = (x >> 16) as usize % self.slots.len();
        self.slots[slot] = black_box(vec![1; size].into_boxed_slice());
        self.bytes += size as u64;
    }
}

impl<R: Runtime> Actor for Holder<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.handle(message.value);
        self.replace_one();
        if self.account.handled() == self.expected {
            report(&self.driver, self.bytes).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

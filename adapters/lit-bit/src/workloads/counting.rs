//! `counting`: a producer floods one counter, then asks for the total.

use litbench_adapter::bench::{Bench, Region, Tally};
use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{batched, Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::{tell, Driver};
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// A flood from one actor to another.
#[derive(Clone, Copy, Debug)]
pub struct Counting {
    messages: u64,
    mailbox: usize,
    style: Style,
    batch: usize,
}

impl Workload for Counting {
    const NAME: &'static str = "counting";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let batch = batched(job, style)?;
        let (messages, mailbox) = (job.positive("messages")?, job.length("mailbox")?);
        Ok(Self { messages, mailbox, style, batch })
    }

    fn size(&self) -> Size {
        Size { batch: self.batch, ..Size::new(2, self.messages, self.mailbox) }
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, 1);
        let counter = Counter { account: Tally::new(bench), producer: None };
        let style = self.style.taking(self.batch);
        let counter = Handle::new(spawn(bench, style, counter, self.mailbox));
        let flood =
            Flood { account: Tally::new(bench), counter: counter.clone(), messages: self.messages };
        let producer = Producer { flood: Some(flood), driver: driver.handle() };
        let producer = Handle::new(spawn(bench, self.style, producer, self.mailbox));
        tell(&counter, Message::Meet { other: producer.clone() }).await;

        let start = clock::now();
        tell(&producer, Message::Start).await;
        let total = driver.done().await;
        let end = clock::now();

        // The two know each other: one has to forget the other before a mailbox can close.
        tell(&counter, Message::Meet { other: driver.handle() }).await;
        drop((producer, counter, driver));
        bench.close(mark, Region { start, end }).await.ordered().check("total", total)
    }
}

/// Floods the counter, then asks.
#[derive(Clone)]
pub struct Producer {
    flood: Option<Flood>,
    driver: Handle,
}

#[derive(Clone)]
struct Flood {
    account: Tally,
    counter: Handle,
    messages: u64,
}

impl Flood {
    async fn pour(mut self) {
        for value in 0..self.messages {
            let stamp = self.account.bench().stamp();
            self.account.send();
            let _ = self.counter.send(Message::Work { from: 0, value, stamp }).await;
        }
        self.account.enter();
        tell(&self.counter, Message::Ask).await;
    }
}

impl Behaviour for Producer {
    fn receive(&mut self, message: &Message) -> Next {
        match message {
            Message::Answer { value } => Next::Say(Message::Done { value: *value }),
            _ => Next::wait_once(self.flood.take().map(Flood::pour)),
        }
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {} // its flood does
}

/// Counts, and says how many when asked.
#[derive(Clone)]
pub struct Counter {
    account: Tally,
    producer: Option<Handle>,
}

impl Behaviour for Counter {
    #[inline]
    fn receive(&mut self, message: &Message) -> Next {
        match message {
            Message::Work { value, stamp, .. } => {
                self.account.bench().record_since(*stamp);
                self.account.handle(*value);
                Next::Rest
            }
            Message::Meet { other } => {
                self.producer = Some(other.clone());
                Next::Rest
            }
            _ => Next::Say(Message::Answer { value: self.account.handled() }),
        }
    }

    fn route(&self, _letter: &Message) -> &Handle {
        self.producer.as_ref().expect("they have met before the question")
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(producer: Producer, counter: Counter);

//! `counting`: a producer floods one counter, then asks for the total.

use litbench_adapter::{clock, Failure, Iteration, Job, Specification};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;
use crate::workloads::{batch, spawn_receiver, Size, Workload};

/// A flood from one actor to another.
#[derive(Clone, Copy, Debug)]
pub struct Counting {
    messages: u64,
    mailbox: usize,
    batch: usize,
}

impl Workload for Counting {
    const NAME: &'static str = "counting";

    fn of(job: &Job) -> Result<Self, Failure> {
        let (messages, mailbox) = (job.positive("messages")?, job.length("mailbox")?);
        Ok(Self { messages, mailbox, batch: batch(job) })
    }

    fn size(&self) -> Size {
        Size { actors: 2, messages: self.messages, in_flight: 0, mailbox: self.mailbox }
    }

    fn specify<R: Runtime>(&self, specification: Specification) -> Specification {
        specification.batch(self.batch as u64)
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let (producer, producer_mailbox) = mailbox::<R, _>(self.mailbox);
        let (counter, counter_mailbox) = mailbox::<R, _>(self.mailbox);
        let flood = Producer {
            account: Account::new(bench),
            counter: counter.clone(),
            driver: driver.address(),
            messages: self.messages,
        };
        spawn(&bench.census, producer_mailbox, flood);
        let counting = Counter { account: Account::new(bench), producer: producer.clone() };
        spawn_receiver(bench, counter_mailbox, counting, self.batch);

        let start = clock::now();
        begin(&producer).await;
        let total = driver.done(1).await;
        let end = clock::now();

        stop_all(&[producer, counter]).await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered().check("total", total)
    }
}

struct Producer<R: Runtime> {
    account: Account,
    counter: Address<R, Message>,
    driver: Address<R, Message>,
    messages: u64,
}

impl<R: Runtime> Producer<R> {
    async fn flood(&mut self) {
        for value in 0..self.messages {
            let message = Message::work(0, value, self.account.bench().stamp());
            self.account.sent(self.counter.send(message).await);
        }
        let _ = self.counter.send(Message::control(Kind::Ask, 0)).await; // the answer is waited for
    }
}

impl<R: Runtime> Actor for Producer<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        match message.kind {
            Kind::Start => self.flood().await,
            _ => report(&self.driver, message.value).await,
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

struct Counter<R: Runtime> {
    account: Account,
    producer: Address<R, Message>,
}

impl<R: Runtime> Actor for Counter<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind == Kind::Ask {
            let total = Message::control(Kind::Answer, self.account.handled());
            let _ = self.producer.send(total).await; // the producer waits for it
        } else {
            self.account.bench().record_since(message.stamp);
            self.account.handle(message.value);
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

//! `fan-out`: one sender broadcasts to many receivers.

use litbench_adapter::{clock, Failure, Iteration, Job};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// A broadcast from one actor to many.
#[derive(Clone, Copy, Debug)]
pub struct FanOut {
    receivers: u32,
    messages: u64,
    mailbox: usize,
}

impl Workload for FanOut {
    const NAME: &'static str = "fan-out";

    fn of(job: &Job) -> Result<Self, Failure> {
        let (receivers, messages) = (job.crowd("receivers")?, job.positive("messages")?);
        Ok(Self { receivers, messages, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        let receivers = u64::from(self.receivers);
        Size {
            actors: receivers + 1,
            messages: receivers * self.messages,
            in_flight: 0,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let count = u64::from(self.receivers);
        let mut driver = Driver::<R>::new(bench, count);
        let mut receivers = Vec::with_capacity(self.receivers as usize);
        for _ in 0..self.receivers {
            let (address, receiver_mailbox) = mailbox::<R, _>(self.mailbox);
            let account = Account::new(bench);
            let sink = Sink { account, expected: self.messages, driver: driver.address() };
            spawn(&bench.census, receiver_mailbox, sink);
            receivers.push(address);
        }
        let (sender, sender_mailbox) = mailbox::<R, _>(self.mailbox);
        let account = Account::new(bench);
        let source = Source { account, messages: self.messages, receivers: receivers.clone() };
        spawn(&bench.census, sender_mailbox, source);

        let start = clock::now();
        begin(&sender).await;
        driver.done(count).await;
        let end = clock::now();

        stop_all(&receivers).await;
        sender.stop().await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

struct Source<R: Runtime> {
    account: Account,
    messages: u64,
    receivers: Vec<Address<R, Message>>,
}

impl<R: Runtime> Actor for Source<R> {
    type Message = Message;

    async fn handle(&mut self, _start: Message) -> Flow {
        for value in 0..self.messages {
            for receiver in &self.receivers {
                let message = Message::work(0, value, self.account.bench().stamp());
                self.account.sent(receiver.send(message).await);
            }
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

struct Sink<R: Runtime> {
    account: Account,
    expected: u64,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Sink<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.bench().record_since(message.stamp);
        self.account.handle(message.value);
        if self.account.handled() == self.expected {
            report(&self.driver, 0).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

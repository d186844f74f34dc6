//! `mailbox-fill`: messages queued for a receiver that is held back, then drained.

use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use crate::bench::{begin, report, with_memory, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, Mailbox, CONTINUE, STOP};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// A full mailbox.
#[derive(Clone, Copy, Debug)]
pub struct MailboxFill {
    messages: u64,
    memory: bool,
}

impl Workload for MailboxFill {
    const NAME: &'static str = "mailbox-fill";
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Memory];

    fn of(job: &Job) -> Result<Self, Failure> {
        let memory = job.measure == Measure::Memory;
        Ok(Self { messages: job.positive("messages")?, memory })
    }

    fn size(&self) -> Size {
        let messages = self.messages;
        Size { actors: 1, messages, in_flight: 0, mailbox: messages as usize }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let (gate, gate_mailbox) = mailbox::<R, _>(1);
        // A mailbox that is an array takes its memory when it is made.
        let before = bench.reading_if(self.memory).await;
        let (receiver, receiver_mailbox) = mailbox::<R, _>(self.messages as usize);
        let sink = Sink {
            account: Account::new(bench),
            gate: gate_mailbox,
            expected: self.messages,
            driver: driver.address(),
        };
        spawn(&bench.census, receiver_mailbox, sink);

        let start = clock::now();
        for value in 0..self.messages {
            driver.account.sent(receiver.send(Message::work(0, value, 0)).await);
        }
        let loaded = bench.reading_if(self.memory).await;
        begin(&gate).await;
        driver.done(1).await;
        let end = clock::now();

        drop((receiver, gate));
        bench.census.settled().await;
        let after = bench.reading_if(self.memory).await;
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.ordered();
        with_memory(iteration, [before, loaded, after])
    }
}

struct Sink<R: Runtime> {
    account: Account,
    gate: Mailbox<R, Message>,
    expected: u64,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Sink<R> {
    type Message = Message;

    async fn started(&mut self) -> Flow {
        self.gate.receive().await;
        CONTINUE
    }

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.handle(message.value);
        if self.account.handled() < self.expected {
            return CONTINUE;
        }
        report(&self.driver, 0).await;
        STOP
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

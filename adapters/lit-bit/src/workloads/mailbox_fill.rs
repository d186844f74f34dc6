//! `mailbox-fill`: messages queued for a receiver that is held back, then drained.

use lit_bit_core::actor::{create_mailbox, Inbox};
use litbench_adapter::bench::{with_memory, Bench, Region, Tally};
use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Kept, Next};
use crate::chart::charts;
use crate::driver::{tell, Driver};
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// A full mailbox.
#[derive(Clone, Copy, Debug)]
pub struct MailboxFill {
    messages: usize,
    style: Style,
    memory: bool,
}

impl Workload for MailboxFill {
    const NAME: &'static str = "mailbox-fill";
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Memory];

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let memory = job.measure == Measure::Memory;
        Ok(Self { messages: job.length("messages")?, style, memory })
    }

    fn size(&self) -> Size {
        Size::new(1, self.messages as u64, self.messages)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, 1);
        let before = bench.reading_if(self.memory).await;
        let (gate, closed_gate) = create_mailbox(1);
        let sink = Sink {
            account: Tally::new(bench),
            gate: Kept::new(Some(closed_gate)),
            expected: self.messages as u64,
            driver: driver.handle(),
        };
        let receiver = spawn(bench, self.style, sink, self.messages);
        tell(&receiver, Message::Start).await;
        driver.done().await; // it stands before the gate

        let start = clock::now();
        for value in 0..self.messages as u64 {
            driver.send(&receiver, value).await;
        }
        let loaded = bench.reading_if(self.memory).await;
        let _ = gate.send(()).await; // the receiver waits for it
        driver.done().await;
        let end = clock::now();

        drop((receiver, gate));
        bench.census.settled().await;
        let after = bench.reading_if(self.memory).await;
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.ordered();
        with_memory(iteration, [before, loaded, after])
    }
}

/// Waits, in the handler of its first message, until it is let go.
#[derive(Clone)]
pub struct Sink {
    account: Tally,
    gate: Kept<Option<Inbox<()>>>,
    expected: u64,
    driver: Handle,
}

impl Behaviour for Sink {
    #[inline]
    fn receive(&mut self, message: &Message) -> Next {
        if let Message::Work { value, .. } = message {
            self.account.handle(*value);
            return Next::done_if(self.account.handled() == self.expected, 0);
        }
        let driver = self.driver.clone();
        Next::wait_once(self.gate.get().take().map(|mut gate| async move {
            tell(&driver, Message::Done { value: 0 }).await;
            gate.recv().await;
        }))
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(sink: Sink);

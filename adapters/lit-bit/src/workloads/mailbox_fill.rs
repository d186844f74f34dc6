//! `mailbox-fill`: messages queued for a receiver that is held back, then drained.

use lit_bit_core::actor::{create_mailbox, spawn_actor_tokio, Actor, ActorError, Inbox};
use litbench_adapter::{clock, Failure, Iteration, Job, Measure, MemoryReadings};

use super::{positive, Size, Workload};
use crate::book::{Account, Book, Region};
use crate::driver::{tell, Driver};
use crate::handled::Handled;
use crate::message::{Handle, Message};
use crate::spawn::Style;

/// A full mailbox.
#[derive(Clone, Copy, Debug)]
pub struct MailboxFill {
    messages: u64,
    memory: bool,
}

impl Workload for MailboxFill {
    const NAME: &'static str = "mailbox-fill";
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Memory];

    fn of(job: &Job, _style: Style) -> Result<Self, Failure> {
        let memory = job.measure == Measure::Memory;
        Ok(Self { messages: positive(job, "messages")?, memory })
    }

    fn size(&self) -> Size {
        Size::new(1, self.messages, self.messages as usize)
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, 1);
        let before = book.reading_if(self.memory).await;
        let (gate, closed_gate) = create_mailbox(1);
        let sink = Sink {
            account: Account::new(book),
            gate: closed_gate,
            expected: self.messages,
            driver: driver.handle(),
        };
        let receiver = spawn_actor_tokio(sink, self.messages as usize);
        tell(&receiver, Message::Start).await;
        driver.done().await; // it stands before the gate

        let start = clock::now();
        for value in 0..self.messages {
            driver.send(&receiver, value).await;
        }
        let loaded = book.reading_if(self.memory).await;
        let _ = gate.send(()).await; // the receiver waits for it
        driver.done().await;
        let end = clock::now();

        drop((receiver, gate));
        driver.settle();
        book.settled().await;
        let after = book.reading_if(self.memory).await;
        let iteration = book.close(mark, Region { start, end }).await.ordered();
        match (before, loaded, after) {
            (Some(before), Some(loaded), Some(after)) => {
                iteration.memory(MemoryReadings { before, loaded, after })
            }
            _ => iteration,
        }
    }
}

/// Waits, in the handler of its first message, until it is let go.
struct Sink {
    account: Account,
    gate: Inbox<()>,
    expected: u64,
    driver: Handle,
}

impl Sink {
    async fn hold(&mut self) {
        tell(&self.driver, Message::Done { value: 0 }).await;
        self.gate.recv().await;
    }
}

impl Actor for Sink {
    type Message = Message;
    type Future<'a> = Handled<'a>;

    #[inline]
    fn handle(&mut self, message: Message) -> Handled<'_> {
        let Message::Work { value, .. } = message else { return Handled::waiting(self.hold()) };
        self.account.handle(value);
        if self.account.handled() < self.expected {
            return Handled::Ready;
        }
        Handled::waiting(tell(&self.driver, Message::Done { value: 0 }))
    }

    fn on_stop(self) -> Result<(), ActorError> {
        self.account.settle(&[]);
        Ok(())
    }
}

//! `fan-in`: many senders flood one receiver.

use lit_bit_core::actor::address::Address;
use lit_bit_core::actor::backpressure::SendError;
use lit_bit_core::actor::{spawn_actor_tokio, Actor, ActorError};
use litbench_adapter::{clock, Failure, Fold, Iteration, Job};

use super::{batched, bound, crowd, positive, Size, Workload};
use crate::behaviour::Behaviour;
use crate::book::{Account, Book, Region};
use crate::chart::chart;
use crate::driver::{tell, yield_now, Driver};
use crate::handled::Handled;
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// A flood from many actors to one.
#[derive(Clone, Copy, Debug)]
pub struct FanIn {
    senders: u32,
    messages: u64,
    mailbox: usize,
    style: Style,
    batch: usize,
    fail_fast: bool,
}

impl Workload for FanIn {
    const NAME: &'static str = "fan-in";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let (style, batch) = batched(job, style)?;
        Ok(Self {
            senders: crowd(job, "senders")?,
            messages: positive(job, "messages")?,
            mailbox: bound(job)?,
            style,
            batch,
            fail_fast: job.parameter("fail_fast")? != 0,
        })
    }

    fn size(&self) -> Size {
        let senders = u64::from(self.senders);
        Size {
            batch: self.batch,
            fail_fast: self.fail_fast,
            ..Size::new(senders + 1, senders * self.messages, self.mailbox)
        }
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, 1);
        let sink = Sink {
            account: Account::new(book),
            folds: vec![Fold::new(); self.senders as usize],
            expected: self.size().messages,
            driver: driver.handle(),
        };
        let receiver = Handle::new(spawn(self.style, sink, self.mailbox));
        let sources: Vec<_> = (0..self.senders)
            .map(|number| {
                let account = Account::new(book);
                let receiver = receiver.clone();
                let Self { messages, fail_fast, .. } = self;
                let source = Source { account, number, messages, receiver, fail_fast };
                spawn_actor_tokio(source, self.mailbox)
            })
            .collect();

        let start = clock::now();
        for source in &sources {
            tell(source, Message::Start).await;
        }
        driver.done().await;
        let end = clock::now();

        drop((sources, receiver));
        driver.settle();
        book.close(mark, Region { start, end }).await.ordered()
    }
}

/// Floods the receiver.
struct Source {
    account: Account,
    number: u32,
    messages: u64,
    receiver: Handle,
    fail_fast: bool,
}

impl Source {
    fn message(&mut self, value: u64) -> Message {
        self.account.send();
        Message::Work { from: self.number, value, stamp: self.account.book().stamp() }
    }

    /// Waits while the mailbox is full.
    async fn flood(&mut self) {
        for value in 0..self.messages {
            let message = self.message(value);
            let _ = self.receiver.send(message).await; // a lost one is missed later
        }
    }

    /// Never waits for room, but lets others run and tries again.
    async fn flood_fast(&mut self) {
        let mut refused = 0;
        for value in 0..self.messages {
            let mut message = self.message(value);
            while let Err(SendError::Full(back)) = self.receiver.try_send(message) {
                refused += 1;
                message = back;
                yield_now().await;
            }
        }
        self.account.book().refused(refused);
    }
}

impl Actor for Source {
    type Message = Message;
    type Future<'a> = Handled<'a>;

    fn handle(&mut self, _start: Message) -> Handled<'_> {
        if self.fail_fast {
            Handled::waiting(self.flood_fast())
        } else {
            Handled::waiting(self.flood())
        }
    }

    fn on_stop(self) -> Result<(), ActorError> {
        self.account.settle(&[]);
        Ok(())
    }
}

/// Keeps one fold for each sender.
#[derive(Clone)]
pub struct Sink {
    account: Account,
    folds: Vec<Fold>,
    expected: u64,
    driver: Handle,
}

impl Behaviour for Sink {
    #[inline]
    fn receive(&mut self, message: &Message) -> Option<Message> {
        let Message::Work { from, value, stamp } = message else { return None };
        self.account.book().record_since(*stamp);
        self.account.handle_from(*value, &mut self.folds[*from as usize]);
        (self.account.handled() == self.expected).then_some(Message::Done { value: 0 })
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&self) {
        self.account.settle(&self.folds);
    }

    fn spawn_chart(self, mailbox: usize) -> Address<Message> {
        charts::sink::spawn(self, mailbox)
    }
}

mod charts {
    use super::*;

    chart!(sink, Sink);
}

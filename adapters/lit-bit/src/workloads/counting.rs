//! `counting`: a producer floods one counter, then asks for the total.

use lit_bit_core::actor::address::Address;
use lit_bit_core::actor::{spawn_actor_tokio, Actor, ActorError};
use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{batched, bound, positive, Size, Workload};
use crate::behaviour::Behaviour;
use crate::book::{Account, Book, Region};
use crate::chart::chart;
use crate::driver::{tell, Driver};
use crate::handled::Handled;
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
        let (style, batch) = batched(job, style)?;
        Ok(Self { messages: positive(job, "messages")?, mailbox: bound(job)?, style, batch })
    }

    fn size(&self) -> Size {
        Size { batch: self.batch, ..Size::new(2, self.messages, self.mailbox) }
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, 1);
        let counter = Counter { account: Account::new(book), producer: None };
        let counter = Handle::new(spawn(self.style, counter, self.mailbox));
        let producer = Producer {
            account: Account::new(book),
            counter: counter.clone(),
            driver: driver.handle(),
            messages: self.messages,
        };
        let producer = Handle::new(spawn_actor_tokio(producer, self.mailbox));
        tell(&counter, Message::Meet { other: producer.clone() }).await;

        let start = clock::now();
        tell(&producer, Message::Start).await;
        let total = driver.done().await;
        let end = clock::now();

        // The two know each other: one has to forget the other before a mailbox can close.
        tell(&counter, Message::Meet { other: driver.handle() }).await;
        drop((producer, counter));
        driver.settle();
        book.close(mark, Region { start, end }).await.ordered().check("total", total)
    }
}

/// Floods the counter, then asks. An actor of its own kind, as one handler sends many messages.
struct Producer {
    account: Account,
    counter: Handle,
    driver: Handle,
    messages: u64,
}

impl Producer {
    async fn flood(&mut self) {
        for value in 0..self.messages {
            let stamp = self.account.book().stamp();
            self.account.send();
            let _ = self.counter.send(Message::Work { from: 0, value, stamp }).await;
        }
        tell(&self.counter, Message::Ask).await;
    }
}

impl Actor for Producer {
    type Message = Message;
    type Future<'a> = Handled<'a>;

    fn handle(&mut self, message: Message) -> Handled<'_> {
        match message {
            Message::Start => Handled::waiting(self.flood()),
            Message::Answer { value } => {
                Handled::waiting(tell(&self.driver, Message::Done { value }))
            }
            _ => Handled::Ready,
        }
    }

    fn on_stop(self) -> Result<(), ActorError> {
        self.account.settle(&[]);
        Ok(())
    }
}

/// Counts, and says how many when asked.
#[derive(Clone)]
pub struct Counter {
    account: Account,
    producer: Option<Handle>,
}

impl Behaviour for Counter {
    #[inline]
    fn receive(&mut self, message: &Message) -> Option<Message> {
        match message {
            Message::Work { value, stamp, .. } => {
                self.account.book().record_since(*stamp);
                self.account.handle(*value);
                None
            }
            Message::Meet { other } => {
                self.producer = Some(other.clone());
                None
            }
            Message::Ask => Some(Message::Answer { value: self.account.handled() }),
            _ => None,
        }
    }

    fn route(&self, _letter: &Message) -> &Handle {
        self.producer.as_ref().expect("they have met before the question")
    }

    fn settle(&self) {
        self.account.settle(&[]);
    }

    fn spawn_chart(self, mailbox: usize) -> Address<Message> {
        charts::counter::spawn(self, mailbox)
    }
}

mod charts {
    use super::*;

    chart!(counter, Counter);
}

//! `fan-out`: one sender broadcasts to many receivers.

use lit_bit_core::actor::address::Address;
use lit_bit_core::actor::{spawn_actor_tokio, Actor, ActorError};
use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{bound, crowd, positive, Size, Workload};
use crate::behaviour::Behaviour;
use crate::book::{Account, Book, Region};
use crate::chart::chart;
use crate::driver::{tell, Driver};
use crate::handled::Handled;
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// A flood from one actor to many.
#[derive(Clone, Copy, Debug)]
pub struct FanOut {
    receivers: u32,
    messages: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for FanOut {
    const NAME: &'static str = "fan-out";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let (receivers, messages) = (crowd(job, "receivers")?, positive(job, "messages")?);
        Ok(Self { receivers, messages, mailbox: bound(job)?, style })
    }

    fn size(&self) -> Size {
        let receivers = u64::from(self.receivers);
        Size::new(receivers + 1, receivers * self.messages, self.mailbox)
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, self.receivers.into());
        let receivers = (0..self.receivers)
            .map(|_| {
                let (account, driver) = (Account::new(book), driver.handle());
                let receiver = Receiver { account, expected: self.messages, driver };
                spawn(self.style, receiver, self.mailbox)
            })
            .collect();
        let dealer = Dealer { account: Account::new(book), receivers, messages: self.messages };
        let dealer = spawn_actor_tokio(dealer, self.mailbox);

        let start = clock::now();
        tell(&dealer, Message::Start).await;
        for _ in 0..self.receivers {
            driver.done().await;
        }
        let end = clock::now();

        drop(dealer); // and with it the only addresses of the receivers
        driver.settle();
        book.close(mark, Region { start, end }).await.ordered()
    }
}

/// Sends each value to every receiver.
struct Dealer {
    account: Account,
    receivers: Vec<Address<Message>>,
    messages: u64,
}

impl Dealer {
    async fn deal(&mut self) {
        for value in 0..self.messages {
            for receiver in &self.receivers {
                let stamp = self.account.book().stamp();
                self.account.send();
                let _ = receiver.send(Message::Work { from: 0, value, stamp }).await;
            }
        }
    }
}

impl Actor for Dealer {
    type Message = Message;
    type Future<'a> = Handled<'a>;

    fn handle(&mut self, _start: Message) -> Handled<'_> {
        Handled::waiting(self.deal())
    }

    fn on_stop(self) -> Result<(), ActorError> {
        self.account.settle(&[]);
        Ok(())
    }
}

/// Says when it has handled all.
#[derive(Clone)]
pub struct Receiver {
    account: Account,
    expected: u64,
    driver: Handle,
}

impl Behaviour for Receiver {
    #[inline]
    fn receive(&mut self, message: &Message) -> Option<Message> {
        let Message::Work { value, stamp, .. } = message else { return None };
        self.account.book().record_since(*stamp);
        self.account.handle(*value);
        (self.account.handled() == self.expected).then_some(Message::Done { value: 0 })
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&self) {
        self.account.settle(&[]);
    }

    fn spawn_chart(self, mailbox: usize) -> Address<Message> {
        charts::receiver::spawn(self, mailbox)
    }
}

mod charts {
    use super::*;

    chart!(receiver, Receiver);
}

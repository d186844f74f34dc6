//! `thread-ring`: a token goes round a ring of actors.

use lit_bit_core::actor::address::Address;
use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{bound, crowd, positive, Size, Workload};
use crate::behaviour::Behaviour;
use crate::book::{Account, Book, Region};
use crate::chart::chart;
use crate::driver::{tell, Driver};
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// A token that is handed on.
#[derive(Clone, Copy, Debug)]
pub struct ThreadRing {
    actors: u32,
    hops: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for ThreadRing {
    const NAME: &'static str = "thread-ring";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let (actors, hops) = (crowd(job, "actors")?, positive(job, "hops")?);
        Ok(Self { actors, hops, mailbox: bound(job)?, style })
    }

    fn size(&self) -> Size {
        Size::new(self.actors.into(), self.hops, self.mailbox).in_flight(1)
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, 1);
        let (first, last) = self.ring(book, &driver);
        tell(&last, Message::Meet { other: first.clone() }).await;

        let start = clock::now();
        driver.send(&first, 0).await;
        let holder = driver.done().await;
        let end = clock::now();

        // A ring never ends: the last one has to forget the first.
        tell(&last, Message::Meet { other: driver.handle() }).await;
        drop((first, last));
        driver.settle();
        book.close(mark, Region { start, end }).await.ordered().check("holder", holder)
    }
}

impl ThreadRing {
    /// All members, the last one first, as each is born knowing the next; the two ends.
    fn ring(self, book: &'static Book, driver: &Driver) -> (Handle, Handle) {
        let mut last = None;
        let mut next = None;
        for number in (0..u64::from(self.actors)).rev() {
            let (account, driver) = (Account::new(book), driver.handle());
            let member = Member { account, number, next, driver, hops: self.hops };
            let handle = Handle::new(spawn(self.style, member, self.mailbox));
            last.get_or_insert_with(|| handle.clone());
            next = Some(handle);
        }
        next.zip(last).expect("a ring has at least one member")
    }
}

/// Hands the token on.
#[derive(Clone)]
pub struct Member {
    account: Account,
    number: u64,
    next: Option<Handle>,
    driver: Handle,
    hops: u64,
}

impl Behaviour for Member {
    #[inline]
    fn receive(&mut self, message: &Message) -> Option<Message> {
        match message {
            Message::Work { value, stamp, .. } => {
                self.account.book().record_since(*stamp);
                self.account.handle(*value);
                let value = value + 1;
                if value == self.hops {
                    return Some(Message::Done { value: self.number });
                }
                self.account.send();
                Some(Message::Work { from: 0, value, stamp: self.account.book().stamp() })
            }
            Message::Meet { other } => {
                self.next = Some(other.clone());
                None
            }
            _ => None,
        }
    }

    #[inline]
    fn route(&self, letter: &Message) -> &Handle {
        match letter {
            Message::Work { .. } => self.next.as_ref().expect("the ring is closed by now"),
            _ => &self.driver,
        }
    }

    fn settle(&self) {
        self.account.settle(&[]);
    }

    fn spawn_chart(self, mailbox: usize) -> Address<Message> {
        charts::member::spawn(self, mailbox)
    }
}

mod charts {
    use super::*;

    chart!(member, Member);
}

//! `ping-pong` and `isolated-latency`: two actors, one message in flight.

use lit_bit_core::actor::address::Address;
use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use super::{bound, positive, Size, Workload};
use crate::behaviour::Behaviour;
use crate::book::{Account, Book, Region};
use crate::chart::chart;
use crate::driver::{tell, Driver};
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// Round trips between two actors.
#[derive(Clone, Copy, Debug)]
pub struct PingPong {
    rounds: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for PingPong {
    const NAME: &'static str = "ping-pong";
    const HISTOGRAM: &'static str = "round-trip";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        Ok(Self { rounds: positive(job, "rounds")?, mailbox: bound(job)?, style })
    }

    fn size(&self) -> Size {
        Size::new(2, 2 * self.rounds, self.mailbox).in_flight(1)
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, 1);
        let pong = Pong { account: Account::new(book), ping: None };
        let pong = Handle::new(spawn(self.style, pong, self.mailbox));
        let ping = Ping {
            account: Account::new(book),
            pong: pong.clone(),
            driver: driver.handle(),
            rounds: self.rounds,
        };
        let ping = Handle::new(spawn(self.style, ping, self.mailbox));
        tell(&pong, Message::Meet { other: ping.clone() }).await;
        drop(pong);

        let start = clock::now();
        tell(&ping, Message::Start).await;
        driver.done().await;
        let end = clock::now();

        // The two know each other: one has to forget the other before a mailbox can close.
        tell(&ping, Message::Meet { other: driver.handle() }).await;
        drop(ping);
        driver.settle();
        book.close(mark, Region { start, end }).await.ordered()
    }
}

/// Ping-pong, in which each round trip is timed and nothing else runs.
#[derive(Clone, Copy, Debug)]
pub struct IsolatedLatency(PingPong);

impl Workload for IsolatedLatency {
    const NAME: &'static str = "isolated-latency";
    const MEASURES: &'static [Measure] = &[Measure::Latency];
    const HISTOGRAM: &'static str = PingPong::HISTOGRAM;

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        PingPong::of(job, style).map(Self)
    }

    fn size(&self) -> Size {
        self.0.size()
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        self.0.iterate(book).await
    }
}

/// Sends the next value when the last one is back.
#[derive(Clone)]
pub struct Ping {
    account: Account,
    pong: Handle,
    driver: Handle,
    rounds: u64,
}

impl Behaviour for Ping {
    #[inline]
    fn receive(&mut self, message: &Message) -> Option<Message> {
        match message {
            Message::Work { value, stamp, .. } => {
                self.account.book().record_since(*stamp);
                self.account.handle(*value);
            }
            Message::Meet { other } => {
                self.pong = other.clone();
                return None;
            }
            _ => {} // Start
        }
        let value = self.account.handled();
        if value == self.rounds {
            return Some(Message::Done { value: 0 });
        }
        self.account.send();
        Some(Message::Work { from: 0, value, stamp: self.account.book().stamp() })
    }

    #[inline]
    fn route(&self, letter: &Message) -> &Handle {
        match letter {
            Message::Work { .. } => &self.pong,
            _ => &self.driver,
        }
    }

    fn settle(&self) {
        self.account.settle(&[]);
    }

    fn spawn_chart(self, mailbox: usize) -> Address<Message> {
        charts::ping::spawn(self, mailbox)
    }
}

/// Sends each value back.
#[derive(Clone)]
pub struct Pong {
    account: Account,
    ping: Option<Handle>,
}

impl Behaviour for Pong {
    #[inline]
    fn receive(&mut self, message: &Message) -> Option<Message> {
        match message {
            Message::Work { value, .. } => {
                self.account.handle(*value);
                self.account.send();
                Some(message.clone())
            }
            Message::Meet { other } => {
                self.ping = Some(other.clone());
                None
            }
            _ => None,
        }
    }

    #[inline]
    fn route(&self, _letter: &Message) -> &Handle {
        self.ping.as_ref().expect("they have met before the first value")
    }

    fn settle(&self) {
        self.account.settle(&[]);
    }

    fn spawn_chart(self, mailbox: usize) -> Address<Message> {
        charts::pong::spawn(self, mailbox)
    }
}

mod charts {
    use super::*;

    chart!(ping, Ping);
    chart!(pong, Pong);
}

//! `ping-pong`, `isolated-latency` and `pipelined-ping-pong`: round trips between two actors.

use lit_bit_core::actor::address::Address;
use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use super::{bound, crowd, positive, Size, Workload};
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
        let Self { rounds, mailbox, style } = self;
        PipelinedPingPong { pairs: 1, rounds, window: 1, mailbox, style }.iterate(book).await
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

/// Round trips in several pairs, several values in flight in each.
#[derive(Clone, Copy, Debug)]
pub struct PipelinedPingPong {
    pairs: u32,
    rounds: u64,
    window: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for PipelinedPingPong {
    const NAME: &'static str = "pipelined-ping-pong";
    const HISTOGRAM: &'static str = PingPong::HISTOGRAM;

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let (pairs, rounds) = (crowd(job, "pairs")?, positive(job, "rounds")?);
        let window = positive(job, "window")?;
        Ok(Self { pairs, rounds, window, mailbox: bound(job)?, style })
    }

    fn size(&self) -> Size {
        let pairs = u64::from(self.pairs);
        Size::new(2 * pairs, 2 * pairs * self.rounds, self.mailbox).in_flight(pairs * self.window)
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, self.pairs.into());
        let mut pings = Vec::with_capacity(self.pairs as usize);
        for _ in 0..self.pairs {
            pings.push(self.pair(book, &driver).await);
        }

        let start = clock::now();
        for ping in &pings {
            for _ in 0..self.window.min(self.rounds) {
                tell(ping, Message::Start).await; // one for each value in flight
            }
        }
        for _ in &pings {
            driver.done().await;
        }
        let end = clock::now();

        // The two of a pair know each other: one has to forget the other before a mailbox can close.
        for ping in pings {
            tell(&ping, Message::Meet { other: driver.handle() }).await;
        }
        driver.settle();
        book.close(mark, Region { start, end }).await.ordered()
    }
}

impl PipelinedPingPong {
    /// Two actors that know each other; the address of ping.
    async fn pair(self, book: &'static Book, driver: &Driver) -> Handle {
        let pong = Pong { account: Account::new(book), ping: None };
        let pong = Handle::new(spawn(self.style, pong, self.mailbox));
        let ping = Ping {
            account: Account::new(book),
            pong: pong.clone(),
            driver: driver.handle(),
            next: 0,
            rounds: self.rounds,
        };
        let ping = Handle::new(spawn(self.style, ping, self.mailbox));
        tell(&pong, Message::Meet { other: ping.clone() }).await;
        ping
    }
}

/// Sends the next value when the last one is back.
#[derive(Clone)]
pub struct Ping {
    account: Account,
    pong: Handle,
    driver: Handle,
    next: u64,
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
        let value = self.next;
        if value == self.rounds {
            let all = self.account.handled() == self.rounds;
            return all.then_some(Message::Done { value: 0 });
        }
        self.next += 1;
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

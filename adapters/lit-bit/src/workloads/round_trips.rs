//! `ping-pong`, `isolated-latency` and `pipelined-ping-pong`: round trips between two actors.

use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::{tell, Driver};
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};
use litbench_adapter::bench::{Bench, Region, Tally};

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
        Ok(Self { rounds: job.positive("rounds")?, mailbox: job.length("mailbox")?, style })
    }

    fn size(&self) -> Size {
        Size::new(2, 2 * self.rounds, self.mailbox).in_flight(1)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let Self { rounds, mailbox, style } = self;
        PipelinedPingPong { pairs: 1, rounds, window: 1, mailbox, style }.iterate(bench).await
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

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        self.0.iterate(bench).await
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
        let (pairs, rounds) = (job.crowd("pairs")?, job.positive("rounds")?);
        let window = job.positive("window")?;
        Ok(Self { pairs, rounds, window, mailbox: job.length("mailbox")?, style })
    }

    fn size(&self) -> Size {
        let pairs = u64::from(self.pairs);
        Size::new(2 * pairs, 2 * pairs * self.rounds, self.mailbox).in_flight(pairs * self.window)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, self.pairs.into());
        let mut pings = Vec::with_capacity(self.pairs as usize);
        for _ in 0..self.pairs {
            pings.push(self.pair(bench, &driver).await);
        }

        let start = clock::now();
        for ping in &pings {
            for _ in 0..self.window.min(self.rounds) {
                tell(ping, Message::Start).await; // one for each value in flight
            }
        }
        driver.total(self.pairs.into()).await;
        let end = clock::now();

        // The two of a pair know each other: one has to forget the other before a mailbox can close.
        for ping in pings {
            tell(&ping, Message::Meet { other: driver.handle() }).await;
        }
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

impl PipelinedPingPong {
    /// Two actors that know each other; the address of ping.
    async fn pair(self, bench: &'static Bench, driver: &Driver) -> Handle {
        let pong = Pong { account: Tally::new(bench), ping: None };
        let pong = Handle::new(spawn(bench, self.style, pong, self.mailbox));
        let ping = Ping {
            account: Tally::new(bench),
            pong: pong.clone(),
            driver: driver.handle(),
            next: 0,
            rounds: self.rounds,
        };
        let ping = Handle::new(spawn(bench, self.style, ping, self.mailbox));
        tell(&pong, Message::Meet { other: ping.clone() }).await;
        ping
    }
}

/// Sends the next value when the last one is back.
#[derive(Clone)]
pub struct Ping {
    account: Tally,
    pong: Handle,
    driver: Handle,
    next: u64,
    rounds: u64,
}

impl Behaviour for Ping {
    #[inline]
    fn receive(&mut self, message: &Message) -> Next {
        match message {
            Message::Work { value, stamp, .. } => {
                self.account.bench().record_since(*stamp);
                self.account.handle(*value);
            }
            Message::Meet { other } => {
                self.pong = other.clone();
                return Next::Rest;
            }
            _ => {} // Start
        }
        let value = self.next;
        if value == self.rounds {
            return Next::done_if(self.account.handled() == self.rounds, 0);
        }
        self.next += 1;
        self.account.send();
        Next::Say(Message::Work { from: 0, value, stamp: self.account.bench().stamp() })
    }

    #[inline]
    fn route(&self, letter: &Message) -> &Handle {
        match letter {
            Message::Work { .. } => &self.pong,
            _ => &self.driver,
        }
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

/// Sends each value back.
#[derive(Clone)]
pub struct Pong {
    account: Tally,
    ping: Option<Handle>,
}

impl Behaviour for Pong {
    #[inline]
    fn receive(&mut self, message: &Message) -> Next {
        match message {
            Message::Work { value, .. } => {
                self.account.handle(*value);
                self.account.send();
                Next::Say(message.clone())
            }
            Message::Meet { other } => {
                self.ping = Some(other.clone());
                Next::Rest
            }
            _ => Next::Rest,
        }
    }

    #[inline]
    fn route(&self, _letter: &Message) -> &Handle {
        self.ping.as_ref().expect("they have met before the first value")
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(ping: Ping, pong: Pong);

//! `star`: a hub and its spokes, round after round.

use litbench_adapter::bench::{Bench, Region, Tally};
use litbench_adapter::{clock, Failure, Fold, Iteration, Job};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Kept, Next};
use crate::chart::charts;
use crate::driver::{post, tell, Driver};
use crate::message::{Circle, Handle, Message};
use crate::spawn::{spawn, Style};

/// Rounds of messages out and back.
#[derive(Clone, Copy, Debug)]
pub struct Star {
    spokes: u32,
    rounds: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for Star {
    const NAME: &'static str = "star";
    const HISTOGRAM: &'static str = "round";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let (spokes, rounds) = (job.crowd("spokes")?, job.positive("rounds")?);
        Ok(Self { spokes, rounds, mailbox: job.length("mailbox")?, style })
    }

    fn size(&self) -> Size {
        let spokes = u64::from(self.spokes);
        Size::new(spokes + 1, 2 * spokes * self.rounds, self.mailbox).in_flight(spokes)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, 1);
        let turning = Hub {
            account: Tally::new(bench),
            folds: Kept::new(vec![Fold::new(); self.spokes as usize]),
            spokes: Circle::default(),
            driver: driver.handle(),
            rounds: self.rounds,
            round: 0,
            back: 0,
            began: 0,
        };
        let hub = Handle::new(spawn(bench, self.style, turning, self.mailbox));
        let spoke = |number| {
            let spoke = Spoke { account: Tally::new(bench), number, hub: hub.clone() };
            Handle::new(spawn(bench, self.style, spoke, self.mailbox))
        };
        let others = (0..self.spokes).map(spoke).collect();
        tell(&hub, Message::MeetAll { others }).await;

        let start = clock::now();
        tell(&hub, Message::Start).await;
        driver.done().await;
        let end = clock::now();

        // Hub and spokes know each other: one has to forget the others before a mailbox can close.
        tell(&hub, Message::MeetAll { others: Circle::default() }).await;
        drop((hub, driver));
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

#[derive(Clone)]
pub struct Hub {
    account: Tally,
    folds: Kept<Vec<Fold>>,
    spokes: Circle,
    driver: Handle,
    rounds: u64,
    round: u64,
    /// Spokes whose answer of this round is back.
    back: usize,
    /// When this round began.
    began: u64,
}

impl Hub {
    fn send_round(&mut self) {
        self.began = self.account.bench().stamp();
        for spoke in &*self.spokes {
            self.account.send();
            post(spoke, Message::Work { from: 0, value: self.round, stamp: 0 });
        }
    }

    fn count_answer(&mut self, from: u32, value: u64) -> Next {
        self.account.handle_from(value, &mut self.folds.get()[from as usize]);
        self.back += 1;
        if self.back < self.spokes.len() {
            return Next::Rest;
        }
        self.account.bench().record_since(self.began);
        (self.round, self.back) = (self.round + 1, 0);
        if self.round < self.rounds {
            self.send_round();
        }
        Next::done_if(self.round == self.rounds, 0)
    }
}

impl Behaviour for Hub {
    fn receive(&mut self, message: &Message) -> Next {
        match message {
            Message::Work { from, value, .. } => return self.count_answer(*from, *value),
            Message::MeetAll { others } => self.spokes = others.clone(),
            _ => self.send_round(),
        }
        Next::Rest
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.settle(self.folds.get());
        self.account.enter();
    }
}

#[derive(Clone)]
pub struct Spoke {
    account: Tally,
    number: u32,
    hub: Handle,
}

impl Behaviour for Spoke {
    fn receive(&mut self, message: &Message) -> Next {
        let Message::Work { value, .. } = *message else { return Next::Rest };
        self.account.handle(value);
        self.account.send();
        Next::Say(Message::Work { from: self.number, value, stamp: 0 })
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.hub
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(hub: Hub, spoke: Spoke);

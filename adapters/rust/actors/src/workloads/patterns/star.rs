//! `star`: a hub and its spokes, round after round.

use litbench_adapter::{clock, Failure, Fold, Iteration, Job};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// Rounds of messages out and back.
#[derive(Clone, Copy, Debug)]
pub struct Star {
    spokes: u32,
    rounds: u64,
    mailbox: usize,
}

impl Workload for Star {
    const NAME: &'static str = "star";
    const HISTOGRAM: &'static str = "round";

    fn of(job: &Job) -> Result<Self, Failure> {
        let (spokes, rounds) = (job.crowd("spokes")?, job.positive("rounds")?);
        Ok(Self { spokes, rounds, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        let spokes = u64::from(self.spokes);
        Size {
            actors: spokes + 1,
            messages: 2 * spokes * self.rounds,
            in_flight: spokes,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let (hub, hub_mailbox) = mailbox::<R, _>(self.mailbox);
        let mut spokes = Vec::with_capacity(self.spokes as usize);
        for number in 0..self.spokes {
            let (address, own) = mailbox::<R, _>(self.mailbox);
            let spoke = Spoke { account: Account::new(bench), number, hub: hub.clone() };
            spawn(&bench.census, own, spoke);
            spokes.push(address);
        }
        let turning = Hub {
            account: Account::new(bench),
            folds: vec![Fold::new(); self.spokes as usize],
            spokes: spokes.clone(),
            driver: driver.address(),
            rounds: self.rounds,
            round: 0,
            back: 0,
            began: 0,
        };
        spawn(&bench.census, hub_mailbox, turning);

        let start = clock::now();
        begin(&hub).await;
        driver.done(1).await;
        let end = clock::now();

        stop_all(&spokes).await;
        hub.stop().await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

struct Hub<R: Runtime> {
    account: Account,
    folds: Vec<Fold>,
    spokes: Vec<Address<R, Message>>,
    driver: Address<R, Message>,
    rounds: u64,
    round: u64,
    /// Spokes whose answer of this round is back.
    back: usize,
    /// When this round began.
    began: u64,
}

impl<R: Runtime> Hub<R> {
    async fn send_round(&mut self) {
        self.began = self.account.bench().stamp();
        for spoke in &self.spokes {
            self.account.sent(spoke.send(Message::work(0, self.round, 0)).await);
        }
    }
}

impl<R: Runtime> Actor for Hub<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind == Kind::Start {
            self.send_round().await;
            return CONTINUE;
        }
        self.account.handle_from(message.value, &mut self.folds[message.from as usize]);
        self.back += 1;
        if self.back < self.spokes.len() {
            return CONTINUE;
        }
        self.account.bench().record_since(self.began);
        (self.round, self.back) = (self.round + 1, 0);
        if self.round < self.rounds {
            self.send_round().await;
        } else {
            report(&self.driver, 0).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

impl<R: Runtime> Drop for Hub<R> {
    fn drop(&mut self) {
        self.account.settle(&self.folds);
    }
}

struct Spoke<R: Runtime> {
    account: Account,
    number: u32,
    hub: Address<R, Message>,
}

impl<R: Runtime> Actor for Spoke<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.handle(message.value);
        let answer = Message::work(self.number, message.value, 0);
        self.account.sent(self.hub.send(answer).await);
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

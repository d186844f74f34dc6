//! `pipelined-ping-pong`: pairs of actors with a window of messages in flight.

use litbench_adapter::{clock, Failure, Iteration, Job};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// Round trips in many pairs at once, many under way in each.
#[derive(Clone, Copy, Debug)]
pub struct PipelinedPingPong {
    pairs: u32,
    rounds: u64,
    window: u64,
    mailbox: usize,
}

impl Workload for PipelinedPingPong {
    const NAME: &'static str = "pipelined-ping-pong";
    const HISTOGRAM: &'static str = "round-trip";

    fn of(job: &Job) -> Result<Self, Failure> {
        let (pairs, rounds) = (job.crowd("pairs")?, job.positive("rounds")?);
        Ok(Self { pairs, rounds, window: job.positive("window")?, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        let pairs = u64::from(self.pairs);
        Size {
            actors: 2 * pairs,
            messages: 2 * pairs * self.rounds,
            in_flight: pairs * self.window,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, self.pairs.into());
        let mut pings = Vec::with_capacity(self.pairs as usize);
        let mut pongs = Vec::with_capacity(self.pairs as usize);
        for _ in 0..self.pairs {
            let (ping, ping_mailbox) = mailbox::<R, _>(self.mailbox);
            let (pong, pong_mailbox) = mailbox::<R, _>(self.mailbox);
            let pinger = Ping {
                account: Account::new(bench),
                pong: pong.clone(),
                driver: driver.address(),
                workload: self,
                next: 0,
            };
            spawn(&bench.census, ping_mailbox, pinger);
            let ponger = Pong { account: Account::new(bench), ping: ping.clone() };
            spawn(&bench.census, pong_mailbox, ponger);
            pings.push(ping);
            pongs.push(pong);
        }

        let start = clock::now();
        for ping in &pings {
            begin(ping).await;
        }
        driver.done(self.pairs.into()).await;
        let end = clock::now();

        stop_all(&pings).await;
        stop_all(&pongs).await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

struct Ping<R: Runtime> {
    account: Account,
    pong: Address<R, Message>,
    driver: Address<R, Message>,
    workload: PipelinedPingPong,
    next: u64,
}

impl<R: Runtime> Ping<R> {
    async fn serve_next(&mut self) {
        let ball = Message::work(0, self.next, self.account.bench().stamp());
        self.account.sent(self.pong.send(ball).await);
        self.next += 1;
    }
}

impl<R: Runtime> Actor for Ping<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        let PipelinedPingPong { rounds, window, .. } = self.workload;
        if message.kind == Kind::Start {
            while self.next < rounds.min(window) {
                self.serve_next().await;
            }
            return CONTINUE;
        }
        self.account.bench().record_since(message.stamp);
        self.account.handle(message.value);
        if self.next < rounds {
            self.serve_next().await;
        } else if self.account.handled() == rounds {
            report(&self.driver, 0).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

struct Pong<R: Runtime> {
    account: Account,
    ping: Address<R, Message>,
}

impl<R: Runtime> Actor for Pong<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.handle(message.value);
        self.account.sent(self.ping.send(message).await);
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

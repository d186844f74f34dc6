//! `ping-pong` and `isolated-latency`: two actors, one message in flight.

use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// Round trips between two actors.
#[derive(Clone, Copy, Debug)]
pub struct PingPong {
    rounds: u64,
    mailbox: usize,
}

impl PingPong {
    /// So many round trips, with mailboxes of that bound.
    #[must_use]
    pub fn new(rounds: u64, mailbox: usize) -> Self {
        Self { rounds, mailbox }
    }

    /// What one round trip takes in one iteration: for benchmarks of the kernel itself.
    pub fn nanoseconds_a_round<R: Runtime>(self, runtime: &mut R, bench: &'static Bench) -> f64 {
        let Iteration { start, end, ledger, .. } = runtime.run(self.iterate::<R>(bench));
        assert_eq!(ledger.handled, 2 * self.rounds);
        (end - start) as f64 / self.rounds as f64
    }
}

impl Workload for PingPong {
    const NAME: &'static str = "ping-pong";
    const HISTOGRAM: &'static str = "round-trip";

    fn of(job: &Job) -> Result<Self, Failure> {
        Ok(Self { rounds: job.positive("rounds")?, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        Size { actors: 2, messages: 2 * self.rounds, in_flight: 1, mailbox: self.mailbox }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let (ping, ping_mailbox) = mailbox::<R, _>(self.mailbox);
        let (pong, pong_mailbox) = mailbox::<R, _>(self.mailbox);
        let account = Account::new(bench);
        let pinger =
            Ping { account, pong: pong.clone(), driver: driver.address(), rounds: self.rounds };
        spawn(&bench.census, ping_mailbox, pinger);
        spawn(
            &bench.census,
            pong_mailbox,
            Pong { account: Account::new(bench), ping: ping.clone() },
        );

        let start = clock::now();
        begin(&ping).await;
        driver.done(1).await;
        let end = clock::now();

        stop_all(&[ping, pong]).await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

/// Ping-pong, in which each round trip is timed and nothing else runs.
#[derive(Clone, Copy, Debug)]
pub struct IsolatedLatency(PingPong);

impl Workload for IsolatedLatency {
    const NAME: &'static str = "isolated-latency";
    const MEASURES: &'static [Measure] = &[Measure::Latency];
    const HISTOGRAM: &'static str = PingPong::HISTOGRAM;

    fn of(job: &Job) -> Result<Self, Failure> {
        PingPong::of(job).map(Self)
    }

    fn size(&self) -> Size {
        self.0.size()
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        self.0.iterate::<R>(bench).await
    }
}

struct Ping<R: Runtime> {
    account: Account,
    pong: Address<R, Message>,
    driver: Address<R, Message>,
    rounds: u64,
}

impl<R: Runtime> Actor for Ping<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind != Kind::Start {
            self.account.bench().record_since(message.stamp);
            self.account.handle(message.value);
        }
        let value = self.account.handled();
        if value < self.rounds {
            let ball = Message::work(0, value, self.account.bench().stamp());
            self.account.sent(self.pong.send(ball).await);
        } else {
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

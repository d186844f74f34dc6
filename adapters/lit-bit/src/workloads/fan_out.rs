//! `fan-out` and `fork-join-throughput`: one sender deals to many receivers, which compute nothing or a little.

use litbench_adapter::bench::{Bench, Closed, Region, Tally};
use litbench_adapter::random::work;
use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::{tell, Driver};
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// A flood from one actor to many.
#[derive(Clone, Copy, Debug)]
pub struct FanOut(Deal);

impl Workload for FanOut {
    const NAME: &'static str = "fan-out";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        Deal::of(job, style, "receivers", None).map(Self)
    }

    fn size(&self) -> Size {
        self.0.size()
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        self.0.make(bench).await.0.ordered()
    }
}

/// Messages dealt to many actors that each compute a little.
#[derive(Clone, Copy, Debug)]
pub struct ForkJoinThroughput(Deal);

impl Workload for ForkJoinThroughput {
    const NAME: &'static str = "fork-join-throughput";
    const MEASURES: &'static [Measure] = &[Measure::Throughput];

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        Deal::of(job, style, "actors", Some(job.parameter("work")?)).map(Self)
    }

    fn size(&self) -> Size {
        self.0.size()
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let (closed, results) = self.0.make(bench).await;
        closed.ordered().check("work", results)
    }
}

/// What the two have in common.
#[derive(Clone, Copy, Debug)]
struct Deal {
    receivers: u32,
    messages: u64,
    /// Steps of computation for a message.
    work: Option<u64>,
    mailbox: usize,
    style: Style,
}

impl Deal {
    fn of(job: &Job, style: Style, receivers: &str, work: Option<u64>) -> Result<Self, Failure> {
        let (receivers, messages) = (job.crowd(receivers)?, job.positive("messages")?);
        Ok(Self { receivers, messages, work, mailbox: job.length("mailbox")?, style })
    }

    fn size(&self) -> Size {
        let receivers = u64::from(self.receivers);
        Size::new(receivers + 1, receivers * self.messages, self.mailbox)
    }

    /// One iteration, and the sum of all results.
    async fn make(self, bench: &'static Bench) -> (Closed, u64) {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, self.receivers.into());
        let receivers = (0..self.receivers)
            .map(|_| {
                let (account, driver) = (Tally::new(bench), driver.handle());
                let receiver = Receiver { account, deal: self, results: 0, driver };
                Handle::new(spawn(bench, self.style, receiver, self.mailbox))
            })
            .collect();
        let flood = Flood { account: Tally::new(bench), receivers, messages: self.messages };
        let dealer = spawn(bench, self.style, Dealer(Some(flood)), self.mailbox);

        let start = clock::now();
        tell(&dealer, Message::Start).await;
        let results = driver.total(self.receivers.into()).await;
        let end = clock::now();

        drop((dealer, driver)); // the flood had the only addresses of the receivers
        (bench.close(mark, Region { start, end }).await, results)
    }
}

/// Sends each value to every receiver.
#[derive(Clone)]
pub struct Dealer(Option<Flood>);

#[derive(Clone)]
struct Flood {
    account: Tally,
    receivers: Vec<Handle>,
    messages: u64,
}

impl Flood {
    async fn pour(mut self) {
        for value in 0..self.messages {
            for receiver in &self.receivers {
                let stamp = self.account.bench().stamp();
                self.account.send();
                let _ = receiver.send(Message::Work { from: 0, value, stamp }).await;
            }
        }
        self.account.enter();
    }
}

impl Behaviour for Dealer {
    fn receive(&mut self, _start: &Message) -> Next {
        Next::wait_once(self.0.take().map(Flood::pour))
    }

    fn route(&self, _letter: &Message) -> &Handle {
        unreachable!("a dealer does all in its flood")
    }

    fn settle(&mut self) {} // its flood does
}

/// Says when it has handled all.
#[derive(Clone)]
pub struct Receiver {
    account: Tally,
    deal: Deal,
    results: u64,
    driver: Handle,
}

impl Behaviour for Receiver {
    #[inline]
    fn receive(&mut self, message: &Message) -> Next {
        let Message::Work { value, stamp, .. } = message else { return Next::Rest };
        self.account.bench().record_since(*stamp);
        self.account.handle(*value);
        if let Some(steps) = self.deal.work {
            self.results = self.results.wrapping_add(work(*value, steps));
        }
        Next::done_if(self.account.handled() == self.deal.messages, self.results)
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(dealer: Dealer, receiver: Receiver);

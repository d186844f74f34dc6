//! `failure-injection`: a share of messages makes their handler fail, evenly or in bursts.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use litbench_adapter::{clock, Failure, Fold, Iteration, Job};

use crate::bench::{report, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, Actor, Address, Flow, CONTINUE};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::supervisor::{crash, Strategy, Supervision};
use crate::workloads::{Size, Workload};

/// A stream of messages, some of which make the worker fail.
#[derive(Clone, Copy, Debug)]
pub struct FailureInjection {
    messages: u64,
    failures: u64,
    burst: u64,
    mailbox: usize,
}

impl FailureInjection {
    fn fails_on(&self, value: u64) -> bool {
        const KNUTH: u64 = 2_654_435_761;
        let drawn = (value / self.burst).wrapping_mul(KNUTH) & 0xFFFF_FFFF;
        drawn % 100 < self.failures
    }
}

impl Workload for FailureInjection {
    const NAME: &'static str = "failure-injection";
    const OTHER_HISTOGRAMS: &'static [&'static str] = &["recovery"];

    fn of(job: &Job) -> Result<Self, Failure> {
        Ok(Self {
            messages: job.positive("messages")?,
            failures: job.parameter("failures")?,
            burst: job.positive("burst")?,
            mailbox: job.length("mailbox")?,
        })
    }

    fn size(&self) -> Size {
        Size { actors: 2, messages: self.messages, in_flight: 0, mailbox: self.mailbox }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let (worker, worker_mailbox) = mailbox::<R, _>(self.mailbox);
        let kept = Arc::new(Mutex::new(Kept::default()));
        let rules = Supervision::new(Strategy::OneForOne);
        let restarts = Arc::clone(&rules.restarts);
        let (keeper, to_driver) = (Arc::clone(&kept), driver.address());
        let make = move |_| Worker {
            account: Account::new(bench),
            workload: self,
            kept: *keeper.lock().unwrap_or_else(PoisonError::into_inner),
            keeper: Arc::clone(&keeper),
            driver: to_driver.clone(),
        };
        rules.spawn(&bench.census, vec![(worker.clone(), worker_mailbox)], make, |_| ());

        let start = clock::now();
        for value in 0..self.messages {
            let message = Message::work(0, value, bench.stamp());
            driver.account.sent(worker.send(message).await);
        }
        driver.done(1).await;
        let end = clock::now();

        worker.stop().await;
        bench.census.settled().await;
        driver.account.settle(&[kept.lock().unwrap_or_else(PoisonError::into_inner).fold]);
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.ordered();
        iteration.check("restarts", restarts.load(Ordering::Relaxed))
    }
}

/// What the supervisor keeps for the worker over its crashes.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    fold: Fold,
    /// Messages that came, whether or not their handler failed.
    seen: u64,
    /// When the failures began that no success has followed yet.
    failed_at: Option<u64>,
}

struct Worker<R: Runtime> {
    account: Account,
    workload: FailureInjection,
    kept: Kept,
    /// Where `kept` goes when the worker ends.
    keeper: Arc<Mutex<Kept>>,
    driver: Address<R, Message>,
}

impl<R: Runtime> Worker<R> {
    async fn report_if_all_came(&self) {
        if self.kept.seen == self.workload.messages {
            report(&self.driver, 0).await;
        }
    }
}

impl<R: Runtime> Actor for Worker<R> {
    type Message = Message;

    async fn started(&mut self) -> Flow {
        self.report_if_all_came().await; // the last one failed
        CONTINUE
    }

    async fn handle(&mut self, message: Message) -> Flow {
        self.kept.seen += 1;
        if self.workload.fails_on(message.value) {
            self.account.fail();
            self.kept.failed_at.get_or_insert_with(clock::now);
            crash();
        }
        let bench = self.account.bench();
        if let Some(failed_at) = self.kept.failed_at.take() {
            bench.other(0).record(clock::now() - failed_at);
        }
        bench.record_since(message.stamp);
        self.account.count();
        self.kept.fold.push(message.value);
        self.report_if_all_came().await;
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

impl<R: Runtime> Drop for Worker<R> {
    fn drop(&mut self) {
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = self.kept;
    }
}

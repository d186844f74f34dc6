//! `isolation`: one actor burns the processor, the others must progress.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use litbench_adapter::{clock, yield_now, Failure, Iteration, Job, Measure, Unit};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// Actors that send themselves messages, beside a hog.
#[derive(Clone, Copy, Debug)]
pub struct Isolation {
    actors: u32,
    messages: u64,
    burns: u64,
    burn_ns: u64,
    mailbox: usize,
}

impl Workload for Isolation {
    const NAME: &'static str = "isolation";
    const MEASURES: &'static [Measure] = &[Measure::Throughput];
    const OTHER_HISTOGRAMS: &'static [&'static str] = &["gap"];

    fn of(job: &Job) -> Result<Self, Failure> {
        Ok(Self {
            actors: job.crowd("actors")?,
            messages: job.positive("messages")?,
            burns: job.positive("burns")?,
            burn_ns: job.positive("burn_us")?.saturating_mul(1000),
            mailbox: job.length("mailbox")?,
        })
    }

    fn size(&self) -> Size {
        let actors = u64::from(self.actors);
        Size {
            actors: actors + 1,
            messages: actors * self.messages + self.burns,
            in_flight: 0,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, u64::from(self.actors) + 1);
        let progress: Arc<[Progress]> = (0..self.actors).map(|_| Progress::default()).collect();
        let (hog, hog_mailbox) = mailbox::<R, _>(self.mailbox);
        let burning = Hog {
            account: Account::new(bench),
            own: hog.clone(),
            workload: self,
            progress: Arc::clone(&progress),
            before: 0,
            driver: driver.address(),
        };
        spawn(&bench.census, hog_mailbox, burning);
        let mut everyone = vec![hog];
        for number in 0..self.actors as usize {
            let (own, member_mailbox) = mailbox::<R, _>(self.mailbox);
            let member = Member {
                account: Account::new(bench),
                own: own.clone(),
                number,
                messages: self.messages,
                last: 0,
                progress: Arc::clone(&progress),
                driver: driver.address(),
            };
            spawn(&bench.census, member_mailbox, member);
            everyone.push(own);
        }

        let start = clock::now();
        for actor in &everyone {
            begin(actor).await;
        }
        let meanwhile = driver.total(u64::from(self.actors) + 1).await;
        let end = clock::now();

        stop_all(&everyone).await;
        drop(driver);
        let all = u64::from(self.actors) * self.messages;
        bench.note("share", Unit::Ratio, meanwhile as f64 / all as f64);
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

/// How many messages an actor has handled, on cache lines of its own.
#[derive(Default)]
#[repr(align(128))]
struct Progress(AtomicU64);

struct Member<R: Runtime> {
    account: Account,
    own: Address<R, Message>,
    number: usize,
    messages: u64,
    /// When the last message was handled.
    last: u64,
    progress: Arc<[Progress]>,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Member<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind == Kind::Work {
            let now = clock::now();
            if self.account.handled() > 0 {
                self.account.bench().other(0).record(now - self.last);
            }
            self.last = now;
            self.account.handle(message.value);
            self.progress[self.number].0.store(self.account.handled(), Ordering::Relaxed);
        }
        let value = self.account.handled();
        if value < self.messages {
            self.account.sent(self.own.send(Message::work(0, value, 0)).await);
            yield_now().await;
        } else {
            report(&self.driver, 0).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

struct Hog<R: Runtime> {
    account: Account,
    own: Address<R, Message>,
    workload: Isolation,
    progress: Arc<[Progress]>,
    /// What the others had handled when it began to burn.
    before: u64,
    driver: Address<R, Message>,
}

impl<R: Runtime> Hog<R> {
    fn others_have_handled(&self) -> u64 {
        self.progress.iter().map(|one| one.0.load(Ordering::Relaxed)).sum()
    }

    fn burn(&self) {
        let start = clock::now();
        while clock::now() - start < self.workload.burn_ns {}
    }
}

impl<R: Runtime> Actor for Hog<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind == Kind::Work {
            if message.value == 0 {
                self.before = self.others_have_handled();
            }
            self.burn();
            self.account.handle(message.value);
        }
        let value = self.account.handled();
        if value < self.workload.burns {
            self.account.sent(self.own.send(Message::work(0, value, 0)).await);
            yield_now().await;
        } else {
            report(&self.driver, self.others_have_handled() - self.before).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

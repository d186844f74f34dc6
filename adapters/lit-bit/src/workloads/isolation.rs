//! `isolation`: one actor burns the processor, the others must progress.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use litbench_adapter::bench::{Bench, Region, Tally};
use litbench_adapter::{clock, Failure, Iteration, Job, Measure, Unit};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::{post, tell, Driver};
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// Actors that send themselves messages, beside a hog.
#[derive(Clone, Copy, Debug)]
pub struct Isolation {
    actors: u32,
    messages: u64,
    burns: u64,
    burn_ns: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for Isolation {
    const NAME: &'static str = "isolation";
    const MEASURES: &'static [Measure] = &[Measure::Throughput];
    const OTHER_HISTOGRAMS: &'static [&'static str] = &["gap"];

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        Ok(Self {
            actors: job.crowd("actors")?,
            messages: job.positive("messages")?,
            burns: job.positive("burns")?,
            burn_ns: job.positive("burn_us")?.saturating_mul(1000),
            mailbox: job.length("mailbox")?,
            style,
        })
    }

    fn size(&self) -> Size {
        let actors = u64::from(self.actors);
        Size::new(actors + 1, actors * self.messages + self.burns, self.mailbox)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, u64::from(self.actors) + 1);
        let progress: Arc<[Progress]> = (0..self.actors).map(|_| Progress::default()).collect();
        let hog = Hog {
            account: Tally::new(bench),
            own: driver.handle(),
            workload: self,
            progress: Arc::clone(&progress),
            before: 0,
            driver: driver.handle(),
        };
        let mut everyone = vec![Handle::new(spawn(bench, self.style, hog, self.mailbox))];
        for number in 0..self.actors as usize {
            let member = Member {
                account: Tally::new(bench),
                own: driver.handle(),
                number,
                messages: self.messages,
                last: 0,
                progress: Arc::clone(&progress),
                driver: driver.handle(),
            };
            everyone.push(Handle::new(spawn(bench, self.style, member, self.mailbox)));
        }
        for actor in &everyone {
            tell(actor, Message::Meet { other: actor.clone() }).await; // itself
        }

        let start = clock::now();
        for actor in &everyone {
            tell(actor, Message::Start).await;
        }
        let meanwhile = driver.total(u64::from(self.actors) + 1).await;
        let end = clock::now();

        for actor in everyone {
            tell(&actor, Message::Meet { other: driver.handle() }).await; // to forget itself
        }
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

#[derive(Clone)]
pub struct Member {
    account: Tally,
    own: Handle,
    number: usize,
    messages: u64,
    /// When the last message was handled.
    last: u64,
    progress: Arc<[Progress]>,
    driver: Handle,
}

impl Member {
    fn count(&mut self, value: u64) {
        let now = clock::now();
        if self.account.handled() > 0 {
            self.account.bench().other(0).record(now - self.last);
        }
        self.last = now;
        self.account.handle(value);
        self.progress[self.number].0.store(self.account.handled(), Ordering::Relaxed);
    }
}

impl Behaviour for Member {
    fn receive(&mut self, message: &Message) -> Next {
        match message {
            Message::Work { value, .. } => self.count(*value),
            Message::Meet { other } => {
                self.own = other.clone();
                return Next::Rest;
            }
            _ => {} // Start
        }
        go_on(&mut self.account, &self.own, self.messages, 0)
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

/// Sends itself the next message and lets others run, or tells the driver of the end.
fn go_on(account: &mut Tally, own: &Handle, messages: u64, result: u64) -> Next {
    let value = account.handled();
    if value == messages {
        return Next::Say(Message::Done { value: result });
    }
    account.send();
    post(own, Message::Work { from: 0, value, stamp: 0 });
    Next::Yield
}

#[derive(Clone)]
pub struct Hog {
    account: Tally,
    own: Handle,
    workload: Isolation,
    progress: Arc<[Progress]>,
    /// What the others had handled when it began to burn.
    before: u64,
    driver: Handle,
}

impl Hog {
    fn others_have_handled(&self) -> u64 {
        self.progress.iter().map(|one| one.0.load(Ordering::Relaxed)).sum()
    }

    fn burn(&mut self, value: u64) {
        if value == 0 {
            self.before = self.others_have_handled();
        }
        let start = clock::now();
        while clock::now() - start < self.workload.burn_ns {}
        self.account.handle(value);
    }
}

impl Behaviour for Hog {
    fn receive(&mut self, message: &Message) -> Next {
        match message {
            Message::Work { value, .. } => self.burn(*value),
            Message::Meet { other } => {
                self.own = other.clone();
                return Next::Rest;
            }
            _ => {} // Start
        }
        let meanwhile = self.others_have_handled() - self.before;
        go_on(&mut self.account, &self.own, self.workload.burns, meanwhile)
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(member: Member, hog: Hog);

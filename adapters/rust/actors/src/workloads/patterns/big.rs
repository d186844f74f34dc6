//! `big`: all to all; each actor pings actors drawn at random.

use std::sync::Arc;

use litbench_adapter::{clock, Failure, Fold, Iteration, Job};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};
use litbench_adapter::random::Xorshift;

/// Many actors that each ping one other at a time.
#[derive(Clone, Copy, Debug)]
pub struct Big {
    actors: u32,
    pings: u64,
    mailbox: usize,
}

impl Workload for Big {
    const NAME: &'static str = "big";
    const HISTOGRAM: &'static str = "round-trip";

    fn of(job: &Job) -> Result<Self, Failure> {
        let actors = job.crowd("actors")?;
        if actors < 2 {
            return Err(Failure::new("parameters", "big: actors must be at least 2"));
        }
        Ok(Self { actors, pings: job.positive("pings")?, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        let actors = u64::from(self.actors);
        Size { actors, messages: 2 * actors * self.pings, in_flight: actors, mailbox: self.mailbox }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, self.actors.into());
        let (all, mailboxes): (Vec<_>, Vec<_>) =
            (0..self.actors).map(|_| mailbox::<R, _>(self.mailbox)).unzip();
        let all: Arc<[_]> = all.into();
        for (number, own) in (0..self.actors).zip(mailboxes) {
            let member = Member {
                account: Account::new(bench),
                number,
                all: Arc::clone(&all),
                driver: driver.address(),
                random: Xorshift::of(number.into()),
                next: 0,
                pings: self.pings,
                pinged: vec![Fold::new(); all.len()],
                answered: vec![Fold::new(); all.len()],
            };
            spawn(&bench.census, own, member);
        }

        let start = clock::now();
        for member in &*all {
            begin(member).await;
        }
        driver.done(self.actors.into()).await;
        let end = clock::now();

        stop_all(&all).await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

struct Member<R: Runtime> {
    account: Account,
    number: u32,
    all: Arc<[Address<R, Message>]>,
    driver: Address<R, Message>,
    random: Xorshift,
    next: u64,
    pings: u64,
    /// What came as pings, by sender.
    pinged: Vec<Fold>,
    /// What came back, by who sent it back.
    answered: Vec<Fold>,
}

impl<R: Runtime> Member<R> {
    async fn ping_next(&mut self) {
        if self.next == self.pings {
            return report(&self.driver, 0).await;
        }
        let drawn = (self.random.draw() >> 33) as usize % (self.all.len() - 1);
        let other = drawn + usize::from(drawn >= self.number as usize);
        let ping = Message::work(self.number, self.next, self.account.bench().stamp());
        self.next += 1;
        self.account.sent(self.all[other].send(ping).await);
    }
}

impl<R: Runtime> Actor for Member<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        match message.kind {
            Kind::Work => {
                self.account.handle_from(message.value, &mut self.pinged[message.from as usize]);
                let back = Message::reply(self.number, message.value, message.stamp);
                self.account.sent(self.all[message.from as usize].send(back).await);
            }
            Kind::Reply => {
                self.account.bench().record_since(message.stamp);
                self.account.handle_from(message.value, &mut self.answered[message.from as usize]);
                self.ping_next().await;
            }
            _ => self.ping_next().await,
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

impl<R: Runtime> Drop for Member<R> {
    fn drop(&mut self) {
        self.account.settle(&self.pinged);
        self.account.settle(&self.answered);
    }
}

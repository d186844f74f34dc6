//! `big`: all to all; each actor pings actors drawn at random.

use litbench_adapter::bench::{Bench, Region, Tally};
use litbench_adapter::random::Xorshift;
use litbench_adapter::{clock, Failure, Fold, Iteration, Job};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Kept, Next};
use crate::chart::charts;
use crate::driver::{part, tell, Driver};
use crate::message::{Circle, Handle, Message};
use crate::spawn::{spawn, Style};

/// Many actors that each ping one other at a time.
#[derive(Clone, Copy, Debug)]
pub struct Big {
    actors: u32,
    pings: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for Big {
    const NAME: &'static str = "big";
    const HISTOGRAM: &'static str = "round-trip";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let actors = job.crowd("actors")?;
        if actors < 2 {
            return Err(job.bad("actors must be at least 2"));
        }
        let (pings, mailbox) = (job.positive("pings")?, job.length("mailbox")?);
        Ok(Self { actors, pings, mailbox, style })
    }

    fn size(&self) -> Size {
        let actors = u64::from(self.actors);
        Size::new(actors, 2 * actors * self.pings, self.mailbox).in_flight(actors)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, self.actors.into());
        let all: Circle = (0..self.actors)
            .map(|number| {
                let member = Member {
                    account: Tally::new(bench),
                    number,
                    all: Circle::default(),
                    driver: driver.handle(),
                    random: Xorshift::of(number.into()),
                    to: 0,
                    next: 0,
                    pings: self.pings,
                    pinged: Kept::new(vec![Fold::new(); self.actors as usize]),
                    answered: Kept::new(vec![Fold::new(); self.actors as usize]),
                };
                Handle::new(spawn(bench, self.style, member, self.mailbox))
            })
            .collect();
        for member in &*all {
            tell(member, Message::MeetAll { others: all.clone() }).await;
        }

        let start = clock::now();
        for member in &*all {
            tell(member, Message::Start).await;
        }
        driver.total(self.actors.into()).await;
        let end = clock::now();

        part(&all).await;
        drop((all, driver));
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

#[derive(Clone)]
pub struct Member {
    account: Tally,
    number: u32,
    all: Circle,
    driver: Handle,
    random: Xorshift,
    /// Whom the last letter is to.
    to: usize,
    next: u64,
    pings: u64,
    /// What came as pings, by sender.
    pinged: Kept<Vec<Fold>>,
    /// What came back, by who sent it back.
    answered: Kept<Vec<Fold>>,
}

impl Member {
    fn ping_next(&mut self) -> Next {
        if self.next == self.pings {
            return Next::Say(Message::Done { value: 0 });
        }
        let drawn = (self.random.draw() >> 33) as usize % (self.all.len() - 1);
        self.to = drawn + usize::from(drawn >= self.number as usize);
        let (from, value) = (self.number, self.next);
        self.next += 1;
        self.account.send();
        Next::Say(Message::Work { from, value, stamp: self.account.bench().stamp() })
    }
}

impl Behaviour for Member {
    fn receive(&mut self, message: &Message) -> Next {
        match *message {
            Message::Work { from, value, stamp } => {
                self.to = from as usize;
                self.account.handle_from(value, &mut self.pinged.get()[self.to]);
                self.account.send();
                Next::Say(Message::Reply { from: self.number, value, stamp })
            }
            Message::Reply { from, value, stamp } => {
                self.account.bench().record_since(stamp);
                self.account.handle_from(value, &mut self.answered.get()[from as usize]);
                self.ping_next()
            }
            Message::MeetAll { ref others } => {
                self.all = others.clone();
                Next::Rest
            }
            _ => self.ping_next(),
        }
    }

    fn route(&self, letter: &Message) -> &Handle {
        match letter {
            Message::Done { .. } => &self.driver,
            _ => &self.all[self.to],
        }
    }

    fn settle(&mut self) {
        self.account.settle(self.pinged.get());
        self.account.settle(self.answered.get());
        self.account.enter();
    }
}

charts!(member: Member);

//! `thread-ring`: a token goes round a ring of actors.

use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::{tell, Driver};
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};
use litbench_adapter::bench::{Bench, Region, Tally};

/// A token that is handed on.
#[derive(Clone, Copy, Debug)]
pub struct ThreadRing {
    actors: u32,
    hops: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for ThreadRing {
    const NAME: &'static str = "thread-ring";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let (actors, hops) = (job.crowd("actors")?, job.positive("hops")?);
        Ok(Self { actors, hops, mailbox: job.length("mailbox")?, style })
    }

    fn size(&self) -> Size {
        Size::new(self.actors.into(), self.hops, self.mailbox).in_flight(1)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, 1);
        let (first, last) = self.ring(bench, &driver);
        tell(&last, Message::Meet { other: first.clone() }).await;

        let start = clock::now();
        driver.send(&first, 0).await;
        let holder = driver.done().await;
        let end = clock::now();

        // A ring never ends: the last one has to forget the first.
        tell(&last, Message::Meet { other: driver.handle() }).await;
        drop((first, last, driver));
        bench.close(mark, Region { start, end }).await.ordered().check("holder", holder)
    }
}

impl ThreadRing {
    /// All members, the last one first, as each is born knowing the next; the two ends.
    fn ring(self, bench: &'static Bench, driver: &Driver) -> (Handle, Handle) {
        let mut last = None;
        let mut next = None;
        for number in (0..u64::from(self.actors)).rev() {
            let (account, driver) = (Tally::new(bench), driver.handle());
            let member = Member { account, number, next, driver, hops: self.hops };
            let handle = Handle::new(spawn(bench, self.style, member, self.mailbox));
            last.get_or_insert_with(|| handle.clone());
            next = Some(handle);
        }
        next.zip(last).expect("a ring has at least one member")
    }
}

/// Hands the token on.
#[derive(Clone)]
pub struct Member {
    account: Tally,
    number: u64,
    next: Option<Handle>,
    driver: Handle,
    hops: u64,
}

impl Behaviour for Member {
    #[inline]
    fn receive(&mut self, message: &Message) -> Next {
        match message {
            Message::Work { value, stamp, .. } => {
                self.account.bench().record_since(*stamp);
                self.account.handle(*value);
                let value = value + 1;
                if value == self.hops {
                    return Next::Say(Message::Done { value: self.number });
                }
                self.account.send();
                Next::Say(Message::Work { from: 0, value, stamp: self.account.bench().stamp() })
            }
            Message::Meet { other } => {
                self.next = Some(other.clone());
                Next::Rest
            }
            _ => Next::Rest,
        }
    }

    #[inline]
    fn route(&self, letter: &Message) -> &Handle {
        match letter {
            Message::Work { .. } => self.next.as_ref().expect("the ring is closed by now"),
            _ => &self.driver,
        }
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(member: Member);

//! `thread-ring`: a token goes round a ring of actors.

use litbench_adapter::{clock, Failure, Iteration, Job};

use crate::bench::{report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// A token that is handed on.
#[derive(Clone, Copy, Debug)]
pub struct ThreadRing {
    actors: u32,
    hops: u64,
    mailbox: usize,
}

impl Workload for ThreadRing {
    const NAME: &'static str = "thread-ring";

    fn of(job: &Job) -> Result<Self, Failure> {
        let (actors, hops) = (job.crowd("actors")?, job.positive("hops")?);
        Ok(Self { actors, hops, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        Size {
            actors: self.actors.into(),
            messages: self.hops,
            in_flight: 1,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let (ring, mailboxes): (Vec<_>, Vec<_>) =
            (0..self.actors).map(|_| mailbox::<R, _>(self.mailbox)).unzip();
        for (number, member_mailbox) in mailboxes.into_iter().enumerate() {
            let member = Member {
                account: Account::new(bench),
                number: number as u64,
                next: ring[(number + 1) % ring.len()].clone(),
                driver: driver.address(),
                hops: self.hops,
            };
            spawn(&bench.census, member_mailbox, member);
        }

        let start = clock::now();
        driver.account.sent(ring[0].send(Message::work(0, 0, bench.stamp())).await);
        let holder = driver.done(1).await;
        let end = clock::now();

        stop_all(&ring).await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered().check("holder", holder)
    }
}

struct Member<R: Runtime> {
    account: Account,
    number: u64,
    next: Address<R, Message>,
    driver: Address<R, Message>,
    hops: u64,
}

impl<R: Runtime> Actor for Member<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.bench().record_since(message.stamp);
        self.account.handle(message.value);
        let value = message.value + 1;
        if value < self.hops {
            let token = Message::work(0, value, self.account.bench().stamp());
            self.account.sent(self.next.send(token).await);
        } else {
            report(&self.driver, self.number).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

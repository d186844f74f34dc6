//! `mass-spawn`: many actors that each answer once and then idle.

use litbench_adapter::{clock, Failure, Iteration, Job, Measure, MemoryReadings};

use super::{bound, crowd, Size, Workload};
use crate::bench::{stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, Actor, Address, Flow, CONTINUE};
use crate::message::Message;
use crate::runtime::Runtime;

/// Many actors alive at once.
#[derive(Clone, Copy, Debug)]
pub struct MassSpawn {
    actors: u32,
    mailbox: usize,
    memory: bool,
}

impl Workload for MassSpawn {
    const NAME: &'static str = "mass-spawn";
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Memory];

    fn of(job: &Job) -> Result<Self, Failure> {
        let memory = job.measure == Measure::Memory;
        Ok(Self { actors: crowd(job, "actors")?, mailbox: bound(job)?, memory })
    }

    fn size(&self) -> Size {
        let actors = u64::from(self.actors);
        Size { actors, messages: 2 * actors, in_flight: 0, mailbox: self.mailbox }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, self.actors.into());
        let mut crew = Vec::with_capacity(self.actors as usize);
        let before = bench.reading_if(self.memory).await;

        let start = clock::now();
        for value in 0..u64::from(self.actors) {
            let (address, member_mailbox) = mailbox::<R, _>(self.mailbox);
            let account = Account::new(bench);
            bench.system.spawn(member_mailbox, Member { account, driver: driver.address() });
            driver.account.sent(address.send(Message::work(0, value, 0)).await);
            crew.push(address);
        }
        let mut live = 0;
        for _ in 0..self.actors {
            let answer = driver.next().await;
            driver.account.handle(&answer);
            live += 1;
        }
        let end = clock::now();

        let loaded = bench.reading_if(self.memory).await;
        stop_all(&crew).await;
        crew.clear(); // gives back the mailboxes; what `before` has seen stays
        bench.system.settled().await;
        let after = bench.reading_if(self.memory).await;
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.summed().check("live", live);
        match (before, loaded, after) {
            (Some(before), Some(loaded), Some(after)) => {
                iteration.memory(MemoryReadings { before, loaded, after })
            }
            _ => iteration,
        }
    }
}

struct Member<R: Runtime> {
    account: Account,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Member<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.handle(&message);
        self.account.sent(self.driver.send(message).await);
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(&message);
    }
}

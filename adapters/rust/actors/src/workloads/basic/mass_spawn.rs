//! `mass-spawn`: many actors that each answer once and then idle.

use std::hint::black_box;

use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use crate::bench::{stop_all, with_memory, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// Many actors alive at once.
#[derive(Clone, Copy, Debug)]
pub struct MassSpawn {
    actors: u32,
    mailbox: usize,
    /// Bytes of state that each actor holds.
    state: usize,
    memory: bool,
}

impl Workload for MassSpawn {
    const NAME: &'static str = "mass-spawn";
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Memory];

    fn of(job: &Job) -> Result<Self, Failure> {
        let memory = job.measure == Measure::Memory;
        let (actors, mailbox) = (job.crowd("actors")?, job.length("mailbox")?);
        Ok(Self { actors, mailbox, state: job.option("state") as usize, memory })
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
            let member = Member { account, driver: driver.address() };
            match self.state {
                0 => spawn(&bench.census, member_mailbox, member),
                bytes => spawn(&bench.census, member_mailbox, Laden::new(member, bytes)),
            }
            driver.account.sent(address.send(Message::work(0, value, 0)).await);
            crew.push(address);
        }
        let mut live = 0;
        for _ in 0..self.actors {
            let answer = driver.next().await;
            driver.account.handle(answer.value);
            live += 1;
        }
        let end = clock::now();

        let loaded = bench.reading_if(self.memory).await;
        stop_all(&crew).await;
        crew.clear(); // gives back the mailboxes; what `before` has seen stays
        bench.census.settled().await;
        let after = bench.reading_if(self.memory).await;
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.summed().check("live", live);
        with_memory(iteration, [before, loaded, after])
    }
}

struct Member<R: Runtime> {
    account: Account,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Member<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.handle(message.value);
        self.account.sent(self.driver.send(message).await);
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

/// A member that holds state; a type of its own, as the others shall not carry a pointer to none.
struct Laden<R: Runtime> {
    member: Member<R>,
    state: Box<[u8]>,
}

impl<R: Runtime> Laden<R> {
    fn new(member: Member<R>, bytes: usize) -> Self {
        Self { member, state: vec![1; bytes].into_boxed_slice() }
    }
}

impl<R: Runtime> Actor for Laden<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        black_box(&self.state);
        self.member.handle(message).await
    }

    fn unread(&mut self, message: Message) {
        self.member.unread(message);
    }
}

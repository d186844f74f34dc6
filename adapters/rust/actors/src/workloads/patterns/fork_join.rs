//! `fork-join-throughput` and `fork-join-create`: work dealt to many actors, and actors made for it.

use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE, STOP};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};
use litbench_adapter::random::work;

/// Messages dealt to many actors that each compute a little.
#[derive(Clone, Copy, Debug)]
pub struct ForkJoinThroughput {
    actors: u32,
    messages: u64,
    work: u64,
    mailbox: usize,
}

impl Workload for ForkJoinThroughput {
    const NAME: &'static str = "fork-join-throughput";
    const MEASURES: &'static [Measure] = &[Measure::Throughput];

    fn of(job: &Job) -> Result<Self, Failure> {
        let (actors, messages) = (job.crowd("actors")?, job.positive("messages")?);
        Ok(Self { actors, messages, work: job.parameter("work")?, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        let actors = u64::from(self.actors);
        Size {
            actors: actors + 1,
            messages: actors * self.messages,
            in_flight: 0,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, self.actors.into());
        let mut crew = Vec::with_capacity(self.actors as usize);
        for _ in 0..self.actors {
            let (address, worker_mailbox) = mailbox::<R, _>(self.mailbox);
            let account = Account::new(bench);
            let worker = Worker { account, workload: self, results: 0, driver: driver.address() };
            spawn(&bench.census, worker_mailbox, worker);
            crew.push(address);
        }
        let (dealer, dealer_mailbox) = mailbox::<R, _>(self.mailbox);
        let account = Account::new(bench);
        let deal = Dealer { account, messages: self.messages, crew: crew.clone() };
        spawn(&bench.census, dealer_mailbox, deal);

        let start = clock::now();
        begin(&dealer).await;
        let results = driver.total(self.actors.into()).await;
        let end = clock::now();

        stop_all(&crew).await;
        dealer.stop().await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered().check("work", results)
    }
}

struct Dealer<R: Runtime> {
    account: Account,
    messages: u64,
    crew: Vec<Address<R, Message>>,
}

impl<R: Runtime> Actor for Dealer<R> {
    type Message = Message;

    async fn handle(&mut self, _start: Message) -> Flow {
        for value in 0..self.messages {
            for worker in &self.crew {
                self.account.sent(worker.send(Message::work(0, value, 0)).await);
            }
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

struct Worker<R: Runtime> {
    account: Account,
    workload: ForkJoinThroughput,
    results: u64,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Worker<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.handle(message.value);
        self.results = self.results.wrapping_add(work(message.value, self.workload.work));
        if self.account.handled() == self.workload.messages {
            report(&self.driver, self.results).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

/// Actors that are each spawned for one message.
#[derive(Clone, Copy, Debug)]
pub struct ForkJoinCreate {
    actors: u32,
    mailbox: usize,
}

impl Workload for ForkJoinCreate {
    const NAME: &'static str = "fork-join-create";
    const MEASURES: &'static [Measure] = &[Measure::Throughput];

    fn of(job: &Job) -> Result<Self, Failure> {
        Ok(Self { actors: job.crowd("actors")?, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        let actors = u64::from(self.actors);
        Size { actors, messages: actors, in_flight: 0, mailbox: self.mailbox }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut account = Account::new(bench);

        let start = clock::now();
        for value in 0..u64::from(self.actors) {
            let (address, own) = mailbox::<R, _>(self.mailbox);
            spawn(&bench.census, own, DayFly(Account::new(bench)));
            account.sent(address.send(Message::work(0, value, 0)).await);
        }
        bench.census.settled().await;
        let end = clock::now();

        drop(account);
        bench.close(mark, Region { start, end }).await.summed()
    }
}

struct DayFly(Account);

impl Actor for DayFly {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.0.handle(message.value);
        STOP
    }

    fn unread(&mut self, message: Message) {
        self.0.unread(message.counts());
    }
}

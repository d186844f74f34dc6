//! `dictionary`: workers read and write a map that one actor holds.

use std::collections::HashMap;

use litbench_adapter::{clock, Failure, Iteration, Job};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};
use litbench_adapter::random::Xorshift;

/// Keys that each worker has for itself.
const KEYS: u64 = 512;

/// Requests to a map.
#[derive(Clone, Copy, Debug)]
pub struct Dictionary {
    workers: u32,
    requests: u64,
    writes: u64,
    mailbox: usize,
}

impl Workload for Dictionary {
    const NAME: &'static str = "dictionary";
    const HISTOGRAM: &'static str = "round-trip";

    fn of(job: &Job) -> Result<Self, Failure> {
        let (workers, requests) = (job.crowd("workers")?, job.positive("requests")?);
        if requests > u64::from(u32::MAX) || u64::from(workers) * KEYS > u64::from(u32::MAX >> 1) {
            let message = "dictionary: requests and keys must fit in a message's value";
            return Err(Failure::new("parameters", message));
        }
        Ok(Self {
            workers,
            requests,
            writes: job.parameter("writes")?,
            mailbox: job.length("mailbox")?,
        })
    }

    fn size(&self) -> Size {
        let workers = u64::from(self.workers);
        Size {
            actors: workers + 1,
            messages: 2 * workers * self.requests,
            in_flight: workers,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, self.workers.into());
        let (store, store_mailbox) = mailbox::<R, _>(self.mailbox);
        let mut workers = Vec::with_capacity(self.workers as usize);
        for number in 0..self.workers {
            let (address, own) = mailbox::<R, _>(self.mailbox);
            let worker = Worker {
                account: Account::new(bench),
                workload: self,
                number,
                random: Xorshift::of(number.into()),
                next: 0,
                answers: 0,
                store: store.clone(),
                driver: driver.address(),
            };
            spawn(&bench.census, own, worker);
            workers.push(address);
        }
        let map = Map {
            account: Account::new(bench),
            held: HashMap::new(),
            workers: workers.clone(),
            driver: driver.address(),
        };
        spawn(&bench.census, store_mailbox, map);

        let start = clock::now();
        for worker in &workers {
            begin(worker).await;
        }
        let replies = driver.total(self.workers.into()).await;
        let end = clock::now();

        let last = driver.ask(&store).await;
        stop_all(&workers).await;
        store.stop().await;
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.bare();
        iteration.check("final", last).check("replies", replies)
    }
}

const WRITE: u64 = 1 << 63;

struct Worker<R: Runtime> {
    account: Account,
    workload: Dictionary,
    number: u32,
    random: Xorshift,
    next: u64,
    /// Their sum.
    answers: u64,
    store: Address<R, Message>,
    driver: Address<R, Message>,
}

impl<R: Runtime> Worker<R> {
    fn next_request(&mut self) -> u64 {
        let Dictionary { workers, writes, .. } = self.workload;
        let x = self.random.draw();
        let write = if (x >> 33) % 100 < writes { WRITE } else { 0 };
        let key = (x >> 16) % KEYS * u64::from(workers) + u64::from(self.number);
        self.next += 1;
        write | key << 32 | self.next
    }
}

impl<R: Runtime> Actor for Worker<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind == Kind::Reply {
            self.account.bench().record_since(message.stamp);
            self.account.count();
            self.answers = self.answers.wrapping_add(message.value);
        }
        if self.next < self.workload.requests {
            let value = self.next_request();
            let request = Message::work(self.number, value, self.account.bench().stamp());
            self.account.sent(self.store.send(request).await);
        } else {
            report(&self.driver, self.answers).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

struct Map<R: Runtime> {
    account: Account,
    held: HashMap<u64, u64>,
    workers: Vec<Address<R, Message>>,
    driver: Address<R, Message>,
}

impl<R: Runtime> Map<R> {
    /// What a key holds after the request.
    fn perform(&mut self, request: u64) -> u64 {
        let (key, value) = ((request & !WRITE) >> 32, request & 0xFFFF_FFFF);
        if request & WRITE == 0 {
            return self.held.get(&key).copied().unwrap_or(0);
        }
        self.held.insert(key, value);
        value
    }

    fn weighed(&self) -> u64 {
        self.held
            .iter()
            .fold(0u64, |sum, (key, value)| sum.wrapping_add((key + 1).wrapping_mul(*value)))
    }
}

impl<R: Runtime> Actor for Map<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind == Kind::Ask {
            report(&self.driver, self.weighed()).await;
            return CONTINUE;
        }
        self.account.count();
        let answer = Message::reply(0, self.perform(message.value), message.stamp);
        self.account.sent(self.workers[message.from as usize].send(answer).await);
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

//! `dictionary`: workers read and write a map that one actor holds.

use std::collections::HashMap;

use litbench_adapter::bench::{Bench, Region, Tally};
use litbench_adapter::random::Xorshift;
use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Kept, Next};
use crate::chart::charts;
use crate::driver::{tell, Driver};
use crate::message::{Circle, Handle, Message};
use crate::spawn::{spawn, Style};

/// Keys that each worker has for itself.
const KEYS: u64 = 512;

/// Requests to a map.
#[derive(Clone, Copy, Debug)]
pub struct Dictionary {
    workers: u32,
    requests: u64,
    writes: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for Dictionary {
    const NAME: &'static str = "dictionary";
    const HISTOGRAM: &'static str = "round-trip";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let (workers, requests) = (job.crowd("workers")?, job.positive("requests")?);
        if requests > u64::from(u32::MAX) || u64::from(workers) * KEYS > u64::from(u32::MAX >> 1) {
            return Err(job.bad("requests and keys must fit in a message's value"));
        }
        let (writes, mailbox) = (job.parameter("writes")?, job.length("mailbox")?);
        Ok(Self { workers, requests, writes, mailbox, style })
    }

    fn size(&self) -> Size {
        let workers = u64::from(self.workers);
        Size::new(workers + 1, 2 * workers * self.requests, self.mailbox).in_flight(workers)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, self.workers.into());
        let map = Map {
            account: Tally::new(bench),
            held: Kept::new(HashMap::new()),
            workers: Circle::default(),
            to: 0,
            driver: driver.handle(),
        };
        let store = Handle::new(spawn(bench, self.style, map, self.mailbox));
        let workers: Circle = (0..self.workers)
            .map(|number| {
                let worker = Worker {
                    account: Tally::new(bench),
                    workload: self,
                    number,
                    random: Xorshift::of(number.into()),
                    next: 0,
                    answers: 0,
                    store: store.clone(),
                    driver: driver.handle(),
                };
                Handle::new(spawn(bench, self.style, worker, self.mailbox))
            })
            .collect();
        tell(&store, Message::MeetAll { others: workers.clone() }).await;

        let start = clock::now();
        for worker in &*workers {
            tell(worker, Message::Start).await;
        }
        let replies = driver.total(self.workers.into()).await;
        let end = clock::now();

        let last = driver.ask(&store).await;
        // Store and workers know each other: one has to forget the others.
        tell(&store, Message::MeetAll { others: Circle::default() }).await;
        drop((store, workers, driver));
        let iteration = bench.close(mark, Region { start, end }).await.bare();
        iteration.check("final", last).check("replies", replies)
    }
}

const WRITE: u64 = 1 << 63;

#[derive(Clone)]
pub struct Worker {
    account: Tally,
    workload: Dictionary,
    number: u32,
    random: Xorshift,
    next: u64,
    /// Their sum.
    answers: u64,
    store: Handle,
    driver: Handle,
}

impl Worker {
    fn next_request(&mut self) -> u64 {
        let Dictionary { workers, writes, .. } = self.workload;
        let x = self.random.draw();
        let write = if (x >> 33) % 100 < writes { WRITE } else { 0 };
        let key = (x >> 16) % KEYS * u64::from(workers) + u64::from(self.number);
        self.next += 1;
        write | key << 32 | self.next
    }
}

impl Behaviour for Worker {
    fn receive(&mut self, message: &Message) -> Next {
        if let Message::Reply { value, stamp, .. } = message {
            self.account.bench().record_since(*stamp);
            self.account.count();
            self.answers = self.answers.wrapping_add(*value);
        }
        if self.next == self.workload.requests {
            return Next::Say(Message::Done { value: self.answers });
        }
        let value = self.next_request();
        self.account.send();
        Next::Say(Message::Work { from: self.number, value, stamp: self.account.bench().stamp() })
    }

    fn route(&self, letter: &Message) -> &Handle {
        match letter {
            Message::Work { .. } => &self.store,
            _ => &self.driver,
        }
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

#[derive(Clone)]
pub struct Map {
    account: Tally,
    held: Kept<HashMap<u64, u64>>,
    workers: Circle,
    /// Whom the last answer is to.
    to: usize,
    driver: Handle,
}

impl Map {
    /// What a key holds after the request.
    fn perform(&mut self, request: u64) -> u64 {
        let (key, value) = ((request & !WRITE) >> 32, request & 0xFFFF_FFFF);
        if request & WRITE == 0 {
            return self.held.get().get(&key).copied().unwrap_or(0);
        }
        self.held.get().insert(key, value);
        value
    }

    fn weighed(&mut self) -> u64 {
        self.held
            .get()
            .iter()
            .fold(0u64, |sum, (key, value)| sum.wrapping_add((key + 1).wrapping_mul(*value)))
    }
}

impl Behaviour for Map {
    fn receive(&mut self, message: &Message) -> Next {
        match *message {
            Message::Work { from, value, stamp } => {
                self.account.count();
                self.account.send();
                self.to = from as usize;
                Next::Say(Message::Reply { from: 0, value: self.perform(value), stamp })
            }
            Message::MeetAll { ref others } => {
                self.workers = others.clone();
                Next::Rest
            }
            _ => Next::Say(Message::Done { value: self.weighed() }),
        }
    }

    fn route(&self, letter: &Message) -> &Handle {
        match letter {
            Message::Reply { .. } => &self.workers[self.to],
            _ => &self.driver,
        }
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(worker: Worker, map: Map);

//! `supervision`: children crash and are restarted by their supervisor.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use crate::bench::{stop_all, with_memory, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;
use crate::supervisor::{crash, News, Strategy, Supervision as Rules};
use crate::workloads::{Size, Workload};

/// Crashes of a supervisor's children, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Supervision {
    crashes: u64,
    children: u32,
    strategy: Strategy,
    mailbox: usize,
    memory: bool,
}

impl Workload for Supervision {
    const NAME: &'static str = "supervision";
    const VERSION: u32 = 2;
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Latency, Measure::Memory];
    const HISTOGRAM: &'static str = "restart";

    fn of(job: &Job) -> Result<Self, Failure> {
        let strategy = match job.parameter("strategy")? {
            0 => Strategy::OneForOne,
            1 => Strategy::OneForAll,
            2 => Strategy::RestForOne,
            _ => return Err(Failure::new("parameters", "supervision: strategy must be 0, 1 or 2")),
        };
        let (crashes, children) = (job.positive("crashes")?, job.crowd("children")?);
        let memory = job.measure == Measure::Memory;
        Ok(Self { crashes, children, strategy, mailbox: job.length("mailbox")?, memory })
    }

    fn size(&self) -> Size {
        let children = u64::from(self.children);
        Size {
            actors: children + 1,
            messages: self.crashes * (1 + 2 * children),
            in_flight: 1,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let failed_at = Arc::new(AtomicU64::new(0));
        let rules = Rules::new(self.strategy);
        let restarts = Arc::clone(&rules.restarts);
        let family: Vec<_> = (0..self.children).map(|_| mailbox::<R, _>(self.mailbox)).collect();
        let children: Vec<_> = family.iter().map(|(address, _)| address.clone()).collect();
        let (to_driver, failing) = (driver.address(), Arc::clone(&failed_at));
        let make = move |_| Child {
            account: Account::new(bench),
            held: 0,
            failed_at: Arc::clone(&failing),
            driver: to_driver.clone(),
        };
        let above = driver.address();
        let tell = move |news| {
            if let News::Restarted(_) = news {
                let _ = above.try_send(Message::control(Kind::Done, 0)); // the driver waits for it
            }
        };
        rules.spawn(&bench.census, family, make, tell);
        let before = bench.reading_if(self.memory).await;

        let start = clock::now();
        let mut states = 0u64;
        for crash in 0..self.crashes {
            let victim = (crash % u64::from(self.children)) as usize;
            driver.account.sent(children[victim].send(Message::work(CRASH, 0, 0)).await);
            driver.done(1).await;
            for (number, child) in children.iter().enumerate() {
                let state = ask(&mut driver, child, crash).await;
                if number == victim {
                    bench.record_since(failed_at.load(Ordering::Acquire));
                }
                states = states.wrapping_add((number as u64 + 1).wrapping_mul(state));
            }
        }
        let end = clock::now();

        let loaded = bench.reading_if(self.memory).await;
        stop_all(&children).await;
        drop(children);
        bench.census.settled().await;
        let after = bench.reading_if(self.memory).await;
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.bare();
        let iteration = iteration.check("restarts", restarts.load(Ordering::Relaxed));
        with_memory(iteration.check("states", states), [before, loaded, after])
    }
}

/// What a message asks a child for; it stands where others have the sender's number.
const ADD: u32 = 0;
const CRASH: u32 = 1;

/// Sends a child a value; its state after that.
async fn ask<R: Runtime>(driver: &mut Driver<R>, child: &Address<R, Message>, value: u64) -> u64 {
    driver.account.sent(child.send(Message::work(ADD, value, 0)).await);
    let answer = driver.next().await;
    driver.account.count();
    answer.value
}

struct Child<R: Runtime> {
    account: Account,
    /// Its state: the sum of v + 1 over the values v that it has handled.
    held: u64,
    failed_at: Arc<AtomicU64>,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Child<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.from == CRASH {
            self.account.fail();
            self.failed_at.store(self.account.bench().stamp(), Ordering::Release);
            crash();
        }
        self.account.count();
        self.held = self.held.wrapping_add(message.value + 1);
        self.account.sent(self.driver.send(Message::reply(0, self.held, 0)).await);
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

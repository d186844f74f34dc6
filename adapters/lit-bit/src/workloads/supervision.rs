//! `supervision`: children that crash, and lit-bit's `SupervisorActor` that restarts them.
//!
//! lit-bit tells of a panic (`panic_safe_actor_task` sends `ChildPanicked`), decides (`handle_child_panic`)
//! and restarts (`execute_restarts`), but its `SupervisorActor` only counts when it hears of a panic. So the
//! supervisor here is an actor around it that does the second after the first.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lit_bit_core::actor::address::Address;
use lit_bit_core::actor::spawn::panic_safe_actor_task;
use lit_bit_core::actor::{actor_task, create_mailbox, Actor, ActorError, Outbox};
use lit_bit_core::{RestartStrategy, SupervisorActor, SupervisorMessage};
use litbench_adapter::bench::{with_memory, Bench, Region, Tally};
use litbench_adapter::{clock, Failure, Iteration, Job, Measure, Presence};
use tokio::task::JoinHandle;

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Charted, Next};
use crate::chart::charts;
use crate::driver::{tell, Driver};
use crate::handled::{deliver, Handled};
use crate::message::{Handle, Message};
use crate::spawn::{Plain, Style};

type Report = SupervisorMessage<String>;

/// Crashes and restarts.
#[derive(Clone, Copy, Debug)]
pub struct Supervision {
    crashes: u64,
    children: u32,
    strategy: RestartStrategy,
    mailbox: usize,
    style: Style,
    memory: bool,
}

impl Workload for Supervision {
    const NAME: &'static str = "supervision";
    const VERSION: u32 = 2;
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Latency, Measure::Memory];
    const HISTOGRAM: &'static str = "restart";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let strategy = match job.parameter("strategy")? {
            0 => RestartStrategy::OneForOne,
            1 => RestartStrategy::OneForAll,
            2 => RestartStrategy::RestForOne,
            _ => return Err(job.bad("strategy must be 0, 1 or 2")),
        };
        let (crashes, children) = (job.positive("crashes")?, job.crowd("children")?);
        let memory = job.measure == Measure::Memory;
        Ok(Self { crashes, children, strategy, mailbox: job.length("mailbox")?, style, memory })
    }

    fn size(&self) -> Size {
        let children = u64::from(self.children);
        Size::new(children + 1, self.crashes * (1 + 2 * children), self.mailbox).in_flight(1)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, self.children.into());
        let nursery = Nursery::new(self, bench, &driver);
        let before = bench.reading_if(self.memory).await;

        let start = clock::now();
        let (mut restarts, mut states) = (0, 0u64);
        for crash in 0..self.crashes {
            let victim = (crash % u64::from(self.children)) as usize;
            restarts += nursery.crash(victim, &mut driver).await;
            states = states.wrapping_add(nursery.ask_all(crash, victim, &mut driver).await);
        }
        let end = clock::now();

        let loaded = bench.reading_if(self.memory).await;
        nursery.close().await;
        bench.census.settled().await;
        let after = bench.reading_if(self.memory).await;
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.bare();
        let iteration = iteration.check("restarts", restarts).check("states", states);
        with_memory(iteration, [before, loaded, after])
    }
}

/// The children, and the supervisor that restarts them.
struct Nursery {
    birth: Arc<Birth>,
}

impl Nursery {
    fn new(plan: Supervision, bench: &'static Bench, driver: &Driver) -> Self {
        let (reports, inbox) = create_mailbox(plan.children.max(16) as usize);
        let birth = Arc::new(Birth {
            bench,
            plan,
            children: (0..plan.children).map(|_| Mutex::new(None)).collect(),
            reports,
            driver: driver.handle(),
            failed: Arc::default(),
        });
        let mut inner = SupervisorActor::with_config(plan.strategy, usize::MAX, u64::MAX);
        for number in 0..plan.children as usize {
            let (first, again) = (birth.of(number), Arc::clone(&birth));
            let factory = Box::new(move || again.of(number));
            inner
                .add_child_with_handle_and_factory(number.to_string(), first, factory, None)
                .expect("each child has a number of its own");
        }
        let presence = bench.census.enter();
        let overseer = Overseer { inner, driver: driver.handle(), _presence: presence };
        tokio::spawn(actor_task(overseer, inbox));
        Self { birth }
    }

    /// Makes a child fail and waits until it is restarted; how many were.
    async fn crash(&self, child: usize, driver: &mut Driver) -> u64 {
        driver.account.send();
        tell(&self.birth.address(child), Message::Crash).await;
        driver.done().await
    }

    /// Sends a value to every child, and hears its state: the sum of (child + 1) * state.
    async fn ask_all(&self, value: u64, crashed: usize, driver: &mut Driver) -> u64 {
        let mut sum = 0u64;
        for child in 0..self.birth.children.len() {
            driver.send(&self.birth.address(child), value).await;
            let state = driver.answer().await;
            if child == crashed {
                self.birth.bench.record_since(self.birth.failed.load(Ordering::Acquire));
            }
            sum = sum.wrapping_add((child as u64 + 1).wrapping_mul(state));
        }
        sum
    }

    /// Has the supervisor forget the children, which hold its address and so keep it alive.
    async fn close(self) {
        for child in 0..self.birth.children.len() {
            let _ = self.birth.reports.send(Report::StopChild { id: child.to_string() }).await;
        }
    }
}

/// How a child comes into the world, the first time and every other.
struct Birth {
    bench: &'static Bench,
    plan: Supervision,
    children: Vec<Mutex<Option<Handle>>>,
    reports: Outbox<Report>,
    driver: Handle,
    failed: Arc<AtomicU64>,
}

impl Birth {
    /// Starts a child with fresh state. The mailbox is a new one too: a task that panics drops its own.
    fn of(&self, number: usize) -> JoinHandle<Result<(), ActorError>> {
        let (outbox, inbox) = create_mailbox(self.plan.mailbox);
        let child = Child {
            account: Tally::new(self.bench),
            state: 0,
            driver: self.driver.clone(),
            failed: Arc::clone(&self.failed),
        };
        let handle = Handle::new(Address::from_tokio_sender(outbox));
        *self.children[number].lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
        let supervisor = Some(Address::from_tokio_sender(self.reports.clone()));
        let (presence, name) = (self.bench.census.enter(), number.to_string());
        if self.plan.style == Style::Chart {
            let child = child.chart(presence);
            return tokio::spawn(panic_safe_actor_task(child, inbox, supervisor, name));
        }
        let child = Plain::new(child, presence);
        tokio::spawn(panic_safe_actor_task(child, inbox, supervisor, name))
    }

    fn address(&self, number: usize) -> Handle {
        let child = self.children[number].lock().unwrap_or_else(PoisonError::into_inner);
        child.clone().expect("every child has been started")
    }
}

/// lit-bit's supervisor, and the step from hearing of a panic to the restart, which it does not make.
struct Overseer {
    inner: SupervisorActor<String>,
    driver: Handle,
    _presence: Presence,
}

impl Actor for Overseer {
    type Message = Report;
    type Future<'a> = Handled;

    fn handle(&mut self, report: Report) -> Handled {
        match report {
            Report::ChildPanicked { id, error } => {
                let strategy = self.inner.handle_child_panic(&id, *error);
                let restarted = strategy.map_or(0, |it| self.inner.execute_restarts(&id, it));
                deliver(&self.driver, Message::Done { value: restarted as u64 })
            }
            other => {
                drop(self.inner.handle(other)); // lit-bit's own, which is done at once
                Handled::Ready
            }
        }
    }
}

/// Adds up the values that it handles, until it fails.
#[derive(Clone)]
pub struct Child {
    account: Tally,
    state: u64,
    driver: Handle,
    failed: Arc<AtomicU64>,
}

impl Behaviour for Child {
    fn receive(&mut self, message: &Message) -> Next {
        if let Message::Work { value, .. } = message {
            self.account.handle(*value);
            self.state = self.state.wrapping_add(value + 1);
            self.account.send();
            return Next::Say(Message::Answer { value: self.state });
        }
        self.account.fail();
        self.failed.store(self.account.bench().stamp(), Ordering::Release);
        // From within the future: lit-bit catches no panic of the call that makes the future.
        Next::wait(async { resume_unwind(Box::new("on purpose")) }) // past the hook, which would end the run
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(child: Child);

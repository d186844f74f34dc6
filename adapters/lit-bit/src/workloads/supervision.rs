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
use litbench_adapter::{clock, Failure, Iteration, Job, Measure, MemoryReadings};
use tokio::task::JoinHandle;

use super::{bound, crowd, positive, Size, Workload};
use crate::book::{Account, Book, Region};
use crate::driver::{tell, Driver};
use crate::handled::Handled;
use crate::message::{Handle, Message};
use crate::spawn::{deliver, Style};

type Report = SupervisorMessage<String>;

/// Crashes and restarts.
#[derive(Clone, Copy, Debug)]
pub struct Supervision {
    crashes: u64,
    children: u32,
    strategy: RestartStrategy,
    mailbox: usize,
    memory: bool,
}

impl Workload for Supervision {
    const NAME: &'static str = "supervision";
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Latency, Measure::Memory];
    const HISTOGRAM: &'static str = "restart";

    fn of(job: &Job, _style: Style) -> Result<Self, Failure> {
        let strategy = match job.parameter("strategy")? {
            0 => RestartStrategy::OneForOne,
            1 => RestartStrategy::OneForAll,
            2 => RestartStrategy::RestForOne,
            other => return Err(Failure::new("parameters", format!("no strategy {other}"))),
        };
        let memory = job.measure == Measure::Memory;
        let (crashes, children) = (positive(job, "crashes")?, crowd(job, "children")?);
        Ok(Self { crashes, children, strategy, mailbox: bound(job)?, memory })
    }

    fn size(&self) -> Size {
        let children = u64::from(self.children);
        Size::new(children + 1, self.crashes * (2 + 2 * children), self.mailbox).in_flight(1)
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, self.children.into());
        let nursery = Nursery::new(self, book, &driver);
        let before = book.reading_if(self.memory).await;

        let start = clock::now();
        let (mut restarts, mut states) = (0, 0u64);
        for crash in 0..self.crashes {
            let child = (crash % u64::from(self.children)) as usize;
            restarts += nursery.crash(child, crash, &mut driver).await;
            states = states.wrapping_add(nursery.ask_all(child, &mut driver).await);
        }
        let end = clock::now();

        let loaded = book.reading_if(self.memory).await;
        nursery.close().await;
        driver.settle();
        book.settled().await;
        let after = book.reading_if(self.memory).await;
        let closed = book.close(mark, Region { start, end }).await;
        let iteration = closed.bare().check("restarts", restarts).check("states", states);
        match (before, loaded, after) {
            (Some(before), Some(loaded), Some(after)) => {
                iteration.memory(MemoryReadings { before, loaded, after })
            }
            _ => iteration,
        }
    }
}

/// The children, and the supervisor that restarts them.
struct Nursery {
    birth: Arc<Birth>,
}

impl Nursery {
    fn new(plan: Supervision, book: &'static Book, driver: &Driver) -> Self {
        let (reports, inbox) = create_mailbox(plan.children.max(16) as usize);
        let birth = Arc::new(Birth {
            book,
            mailbox: plan.mailbox,
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
        tokio::spawn(actor_task(Overseer { inner, driver: driver.handle() }, inbox));
        Self { birth }
    }

    /// Makes a child fail after a value, and waits until it is restarted; how many were.
    async fn crash(&self, child: usize, value: u64, driver: &mut Driver) -> u64 {
        let address = self.birth.address(child);
        driver.send(&address, value).await;
        driver.account.send();
        tell(&address, Message::Crash).await;
        driver.done().await
    }

    /// Asks every child for its state: the sum of (child + 1) * state.
    async fn ask_all(&self, crashed: usize, driver: &mut Driver) -> u64 {
        let mut sum = 0u64;
        for child in 0..self.birth.children.len() {
            driver.account.send();
            tell(&self.birth.address(child), Message::Ask).await;
            let state = driver.answer().await;
            if child == crashed {
                self.birth.book.record_since(self.birth.failed.load(Ordering::Acquire));
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
    book: &'static Book,
    mailbox: usize,
    children: Vec<Mutex<Option<Handle>>>,
    reports: Outbox<Report>,
    driver: Handle,
    failed: Arc<AtomicU64>,
}

impl Birth {
    /// Starts a child with fresh state. The mailbox is a new one too: a task that panics drops its own.
    fn of(&self, number: usize) -> JoinHandle<Result<(), ActorError>> {
        let (outbox, inbox) = create_mailbox(self.mailbox);
        let child = Child {
            account: Account::new(self.book),
            state: 0,
            driver: self.driver.clone(),
            failed: Arc::clone(&self.failed),
        };
        let handle = Handle::new(Address::from_tokio_sender(outbox));
        *self.children[number].lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
        let supervisor = Address::from_tokio_sender(self.reports.clone());
        tokio::spawn(panic_safe_actor_task(child, inbox, Some(supervisor), number.to_string()))
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
}

impl Actor for Overseer {
    type Message = Report;
    type Future<'a> = Handled<'a>;

    fn handle(&mut self, report: Report) -> Handled<'_> {
        match report {
            Report::ChildPanicked { id, error } => {
                let strategy = self.inner.handle_child_panic(&id, *error);
                let restarted = strategy.map_or(0, |it| self.inner.execute_restarts(&id, it));
                deliver(&self.driver, Message::Done { value: restarted as u64 })
            }
            other => {
                let _ = self.inner.handle(other); // lit-bit's own, which is done at once
                Handled::Ready
            }
        }
    }
}

/// Counts the values it handles, until it fails.
struct Child {
    account: Account,
    state: u64,
    driver: Handle,
    failed: Arc<AtomicU64>,
}

impl Child {
    /// Fails, from within the future: lit-bit catches no panic of the call that makes the future.
    async fn fail(&mut self) {
        self.account.errored(1);
        self.failed.store(self.account.book().stamp(), Ordering::Release);
        resume_unwind(Box::new("on purpose")) // past the hook, which would end the run
    }
}

impl Actor for Child {
    type Message = Message;
    type Future<'a> = Handled<'a>;

    fn handle(&mut self, message: Message) -> Handled<'_> {
        match message {
            Message::Work { value, .. } => {
                self.account.handle(value);
                self.state += 1;
                Handled::Ready
            }
            Message::Ask => {
                self.account.handle(0);
                self.account.send();
                deliver(&self.driver, Message::Answer { value: self.state })
            }
            Message::Crash => Handled::waiting(self.fail()),
            _ => Handled::Ready,
        }
    }
}

// One that panics is not told that it stops.
impl Drop for Child {
    fn drop(&mut self) {
        self.account.settle(&[]);
    }
}

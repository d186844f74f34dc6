//! `loaded-latency`: a probe beside bulk traffic at a share of the capacity, open loop.

use std::thread;
use std::time::Duration;

use litbench_adapter::{
    clock, yield_now, Failure, Iteration, Job, Measure, Metric, Specification, Unit,
};

use crate::bench::{report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::{Refused, Runtime};
use crate::workloads::{Size, Workload};

/// Every so many messages, one goes to the probe.
const PROBE_EVERY: u64 = 10;
/// How long the capacity is measured.
const CALIBRATION_NS: u64 = 100_000_000;
/// Time to set up actors and a thread before the first message is due.
const LEAD_NS: u64 = 1_000_000;
/// The numbers of the other histograms.
const NAIVE: usize = 0;
const PACING: usize = 1;

/// Messages on a schedule that does not wait for the actors.
#[derive(Clone, Copy, Debug)]
pub struct LoadedLatency {
    load: u64,
    milliseconds: u64,
    stall_ms: u64,
    mailbox: usize,
    /// Messages a second, as measured during set-up.
    capacity: u64,
}

impl LoadedLatency {
    /// Messages a second.
    fn offered(&self) -> u64 {
        (self.capacity * self.load / 100).max(1)
    }
}

impl Workload for LoadedLatency {
    const NAME: &'static str = "loaded-latency";
    const MEASURES: &'static [Measure] = &[Measure::Latency];
    const HISTOGRAM: &'static str = "corrected";
    const OTHER_HISTOGRAMS: &'static [&'static str] = &["naive", "pacing"];

    fn of(job: &Job) -> Result<Self, Failure> {
        Ok(Self {
            load: job.positive("load")?,
            milliseconds: job.positive("milliseconds")?,
            stall_ms: job.option("stall_ms"),
            mailbox: job.length("mailbox")?,
            capacity: 0,
        })
    }

    fn calibrate<R: Runtime>(&mut self, runtime: &mut R) {
        let flood = Schedule { start: 0, rate: None, messages: u64::MAX, time: CALIBRATION_NS };
        let bench = Bench::new(true, false); // its books are thrown away
        let Iteration { start, end, ledger, .. } =
            runtime.run(drive::<R>(bench, flood, self.mailbox, 0));
        self.capacity = (ledger.handled as f64 * 1e9 / (end - start) as f64) as u64;
    }

    fn size(&self) -> Size {
        let messages = (self.offered() * self.milliseconds / 1000).max(PROBE_EVERY);
        Size { actors: 2, messages, in_flight: 0, mailbox: self.mailbox }
    }

    fn specify<R: Runtime>(&self, specification: Specification) -> Specification {
        if R::ONE_THREAD {
            specification
        } else {
            specification.driver_blocks_on()
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![
            Metric::new("capacity", Unit::Hertz, [self.capacity]),
            Metric::new("offered", Unit::Hertz, [self.offered()]),
        ]
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let messages = self.size().messages;
        let schedule = Schedule { start: 0, rate: Some(self.offered()), messages, time: u64::MAX };
        drive::<R>(bench, schedule, self.mailbox, self.stall_ms).await
    }
}

/// When each message is due.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    start: u64,
    /// Messages a second; `None`: all are due at once.
    rate: Option<u64>,
    /// No message comes after so many,
    messages: u64,
    /// nor after so many nanoseconds.
    time: u64,
}

impl Schedule {
    #[inline]
    fn due(&self, message: u64) -> u64 {
        let nanoseconds = |rate| u128::from(message) * 1_000_000_000 / u128::from(rate);
        self.start + self.rate.map_or(0, |rate| nanoseconds(rate) as u64)
    }

    #[inline]
    fn goes_on(&self, message: u64, now: u64) -> bool {
        message < self.messages && now.saturating_sub(self.start) < self.time
    }
}

async fn drive<R: Runtime>(
    bench: &'static Bench,
    mut schedule: Schedule,
    bound: usize,
    stall_ms: u64,
) -> Iteration {
    let mark = bench.mark();
    let mut driver = Driver::<R>::new(bench, 2);
    let (probe, probe_mailbox) = mailbox::<R, _>(bound);
    let (bulk, bulk_mailbox) = mailbox::<R, _>(bound);

    schedule.start = clock::now() + LEAD_NS;
    let probing = Probe {
        account: Account::new(bench),
        schedule,
        stall_at: (stall_ms > 0).then_some(schedule.messages / PROBE_EVERY / 2),
        stall: Duration::from_millis(stall_ms),
        driver: driver.address(),
    };
    spawn(&bench.census, probe_mailbox, probing);
    let account = Account::new(bench);
    spawn(&bench.census, bulk_mailbox, Bulk { account, driver: driver.address() });
    let pacer =
        Pacer { account: Account::new(bench), schedule, probe: probe.clone(), bulk: bulk.clone() };
    if R::ONE_THREAD {
        pacer.pace_among_actors().await;
    } else {
        let thread = thread::Builder::new().name("pacer".to_owned());
        thread.spawn(move || pacer.pace()).expect("the system has room for one more thread");
    }
    driver.done(2).await;
    let end = clock::now();

    stop_all(&[probe, bulk]).await;
    drop(driver);
    bench.close(mark, Region { start: schedule.start, end }).await.ordered()
}

/// Sends on schedule.
struct Pacer<R: Runtime> {
    account: Account,
    schedule: Schedule,
    probe: Address<R, Message>,
    bulk: Address<R, Message>,
}

impl<R: Runtime> Pacer<R> {
    fn receiver(&self, message: u64) -> &Address<R, Message> {
        if message % PROBE_EVERY == PROBE_EVERY - 1 {
            &self.probe
        } else {
            &self.bulk
        }
    }

    /// The message to send now. `ready` is when the one before had been sent.
    fn next(&self, message: u64, ready: u64, now: u64) -> Message {
        let due = self.schedule.due(message);
        self.account.bench().other(PACING).record(now - due.max(ready));
        Message::work(0, message, now)
    }

    /// On a thread of its own, which never sleeps.
    fn pace(mut self) {
        let mut message = 0;
        let mut ready = clock::now();
        while self.schedule.goes_on(message, ready) {
            let mut now = ready;
            while now < self.schedule.due(message) {
                std::hint::spin_loop();
                now = clock::now();
            }
            let next = self.next(message, ready, now);
            let outcome = send_spinning(self.receiver(message), next);
            self.account.sent(outcome);
            ready = clock::now();
            message += 1;
        }
        let Self { account, probe, bulk, .. } = self;
        drop(account); // settled before the driver can learn that all is over
        for actor in [&probe, &bulk] {
            let _ = send_spinning(actor, Message::control(Kind::Ask, 0)); // the driver waits for it
        }
    }

    /// As a task among the actors, which run while it waits.
    async fn pace_among_actors(mut self) {
        let mut message = 0;
        let mut ready = clock::now();
        while self.schedule.goes_on(message, ready) {
            let mut now = ready;
            while now < self.schedule.due(message) {
                yield_now().await;
                now = clock::now();
            }
            let next = self.next(message, ready, now);
            let outcome = self.receiver(message).send(next).await;
            self.account.sent(outcome);
            ready = clock::now();
            message += 1;
        }
        let Self { account, probe, bulk, .. } = self;
        drop(account);
        for actor in [&probe, &bulk] {
            let _ = actor.send(Message::control(Kind::Ask, 0)).await; // the driver waits for it
        }
    }
}

/// Between two attempts to send: some 100 ns, in which the receiver is left alone.
const SPINS: u32 = 8;
/// Attempts before the processor is offered to others: some 0.1 ms.
const ATTEMPTS: u64 = 1000;

fn send_spinning<R: Runtime>(
    actor: &Address<R, Message>,
    mut message: Message,
) -> Result<(), Refused<Message>> {
    let mut attempts = 0u64;
    loop {
        match actor.try_send(message) {
            Err(Refused::Full(back)) => message = back,
            outcome => return outcome,
        }
        (0..SPINS).for_each(|_| std::hint::spin_loop());
        attempts += 1;
        if attempts % ATTEMPTS == 0 {
            thread::yield_now(); // to a worker that has no processor of its own
        }
    }
}

struct Probe<R: Runtime> {
    account: Account,
    schedule: Schedule,
    /// Which of its messages finds it blocking its thread.
    stall_at: Option<u64>,
    stall: Duration,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Probe<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind == Kind::Ask {
            report(&self.driver, 0).await;
            return CONTINUE;
        }
        if self.stall_at == Some(self.account.handled()) {
            thread::sleep(self.stall);
        }
        let (bench, now) = (self.account.bench(), clock::now());
        bench.latencies().record(now - self.schedule.due(message.value));
        bench.other(NAIVE).record(now - message.stamp);
        self.account.handle(message.value);
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

struct Bulk<R: Runtime> {
    account: Account,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Bulk<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind == Kind::Ask {
            report(&self.driver, 0).await;
        } else {
            self.account.handle(message.value);
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

//! `loaded-latency`: a probe beside bulk traffic at a share of the capacity, open loop.

use std::thread;
use std::time::Duration;

use lit_bit_core::actor::backpressure::SendError;
use litbench_adapter::bench::{Account, Bench, Region, Tally};
use litbench_adapter::{clock, yield_now, Failure, Iteration, Job, Measure, Metric, Unit};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::{tell, Driver};
use crate::message::{Handle, Message};
use crate::runtime::{Scheduler, Tokio};
use crate::spawn::{spawn, Style};

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
    setting: Setting,
    /// Messages a second, as measured during set-up.
    capacity: u64,
}

/// What capacity and latency are measured on.
#[derive(Clone, Copy, Debug)]
struct Setting {
    mailbox: usize,
    style: Style,
    stall_ms: u64,
    /// Whether the pacer shares its thread with the actors.
    one_thread: bool,
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

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let (mailbox, stall_ms) = (job.length("mailbox")?, job.option("stall_ms"));
        Ok(Self {
            load: job.positive("load")?,
            milliseconds: job.positive("milliseconds")?,
            setting: Setting { mailbox, style, stall_ms, one_thread: false },
            capacity: 0,
        })
    }

    fn calibrate(&mut self, tokio: &Tokio) {
        self.setting.one_thread = tokio.scheduler() == Scheduler::CurrentThread;
        let flood = Schedule { start: 0, rate: None, messages: u64::MAX, time: CALIBRATION_NS };
        let setting = Setting { stall_ms: 0, ..self.setting };
        let bench = Bench::new(true, false); // its books are thrown away
        let Iteration { start, end, ledger, .. } = tokio.run(drive(bench, flood, setting));
        self.capacity = (ledger.handled as f64 * 1e9 / (end - start) as f64) as u64;
    }

    fn size(&self) -> Size {
        let messages = (self.offered() * self.milliseconds / 1000).max(PROBE_EVERY);
        let driver_blocks = !self.setting.one_thread;
        Size { driver_blocks, ..Size::new(2, messages, self.setting.mailbox) }
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![
            Metric::new("capacity", Unit::Hertz, [self.capacity]),
            Metric::new("offered", Unit::Hertz, [self.offered()]),
        ]
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let messages = self.size().messages;
        let schedule = Schedule { start: 0, rate: Some(self.offered()), messages, time: u64::MAX };
        drive(bench, schedule, self.setting).await
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

async fn drive(bench: &'static Bench, mut schedule: Schedule, setting: Setting) -> Iteration {
    let mark = bench.mark();
    let mut driver = Driver::new(bench, 2);
    schedule.start = clock::now() + LEAD_NS;
    let probe = Probe {
        account: Tally::new(bench),
        schedule,
        stall_at: (setting.stall_ms > 0).then_some(schedule.messages / PROBE_EVERY / 2),
        stall: Duration::from_millis(setting.stall_ms),
        driver: driver.handle(),
    };
    let probe = Handle::new(spawn(bench, setting.style, probe, setting.mailbox));
    let bulk = Bulk { account: Tally::new(bench), driver: driver.handle() };
    let bulk = Handle::new(spawn(bench, setting.style, bulk, setting.mailbox));
    let pacer = Pacer { account: Account::new(bench), schedule, probe, bulk };
    if setting.one_thread {
        pacer.pace_among_actors().await;
    } else {
        let thread = thread::Builder::new().name("pacer".to_owned());
        thread.spawn(move || pacer.pace()).expect("the system has room for one more thread");
    }
    driver.total(2).await;
    let end = clock::now();

    drop(driver); // the pacer had the only addresses of the others
    bench.close(mark, Region { start: schedule.start, end }).await.ordered()
}

/// Sends on schedule.
struct Pacer {
    account: Account,
    schedule: Schedule,
    probe: Handle,
    bulk: Handle,
}

impl Pacer {
    fn receiver(&self, message: u64) -> &Handle {
        if message % PROBE_EVERY == PROBE_EVERY - 1 {
            &self.probe
        } else {
            &self.bulk
        }
    }

    /// The message to send now. `ready` is when the one before had been sent.
    fn next(&mut self, value: u64, ready: u64, now: u64) -> Message {
        let due = self.schedule.due(value);
        self.account.bench().other(PACING).record(now - due.max(ready));
        self.account.send();
        Message::Work { from: 0, value, stamp: now }
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
            send_spinning(self.receiver(message), next);
            ready = clock::now();
            message += 1;
        }
        let Self { account, probe, bulk, .. } = self;
        drop(account); // settled before the driver can learn that all is over
        for actor in [&probe, &bulk] {
            send_spinning(actor, Message::Ask);
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
            tell(self.receiver(message), next).await;
            ready = clock::now();
            message += 1;
        }
        let Self { account, probe, bulk, .. } = self;
        drop(account);
        for actor in [&probe, &bulk] {
            tell(actor, Message::Ask).await;
        }
    }
}

/// Between two attempts to send: some 100 ns, in which the receiver is left alone.
const SPINS: u32 = 8;
/// Attempts before the processor is offered to others: some 0.1 ms.
const ATTEMPTS: u64 = 1000;

/// Sends without sleeping. A message for an actor that is gone is missed later.
fn send_spinning(actor: &Handle, mut message: Message) {
    let mut attempts = 0u64;
    while let Err(SendError::Full(back)) = actor.try_send(message) {
        message = back;
        (0..SPINS).for_each(|_| std::hint::spin_loop());
        attempts += 1;
        if attempts % ATTEMPTS == 0 {
            thread::yield_now(); // to a worker that has no processor of its own
        }
    }
}

#[derive(Clone)]
pub struct Probe {
    account: Tally,
    schedule: Schedule,
    /// Which of its messages finds it blocking its thread.
    stall_at: Option<u64>,
    stall: Duration,
    driver: Handle,
}

impl Behaviour for Probe {
    #[inline]
    fn receive(&mut self, message: &Message) -> Next {
        let Message::Work { value, stamp, .. } = message else {
            return Next::Say(Message::Done { value: 0 });
        };
        if self.stall_at == Some(self.account.handled()) {
            thread::sleep(self.stall);
        }
        let (bench, now) = (self.account.bench(), clock::now());
        bench.latencies().record(now - self.schedule.due(*value));
        bench.other(NAIVE).record(now - stamp);
        self.account.handle(*value);
        Next::Rest
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

#[derive(Clone)]
pub struct Bulk {
    account: Tally,
    driver: Handle,
}

impl Behaviour for Bulk {
    #[inline]
    fn receive(&mut self, message: &Message) -> Next {
        let Message::Work { value, .. } = message else {
            return Next::Say(Message::Done { value: 0 });
        };
        self.account.handle(*value);
        Next::Rest
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(probe: Probe, bulk: Bulk);

//! A complete adapter: actors that are threads of the operating system, with `std::sync::mpsc` mailboxes.
//!
//! ```text
//! cargo build --release --example threads
//! litbench adapter verify target/release/examples/threads
//! ```

use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::Arc;
use std::thread;

use litbench_adapter::{
    clock, CountingAllocator, Description, Failure, Fold, Histogram, Iteration, Job, Ledger,
    Measure, Recorder, Run, Specification, Target,
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn main() {
    litbench_adapter::main(Threads)
}

struct Threads;

impl Target for Threads {
    fn describe(&self) -> Description {
        Description::new("threads", env!("CARGO_PKG_VERSION"))
            .runtime("std", "")
            .threads(2, 2) // one an actor
            .workload("ping-pong", 1, &[Measure::Throughput, Measure::Latency])
    }

    fn prepare(&self, job: &Job) -> Result<Box<dyn Run>, Failure> {
        let (rounds, mailbox) = (job.parameter("rounds")?, job.parameter("mailbox")?);
        let timing = (job.measure == Measure::Latency).then(|| Arc::new(Recorder::new()));
        Ok(Box::new(PingPong { rounds, mailbox: mailbox as usize, timing }))
    }
}

struct PingPong {
    rounds: u64,
    mailbox: usize,
    timing: Option<Arc<Recorder>>,
}

impl Run for PingPong {
    fn specification(&self) -> Specification {
        Specification::new(2, 2 * self.rounds)
            .in_flight(1)
            .mailbox(self.mailbox as u64)
            .threads(2)
            .driver_blocks_on() // it is neither ping nor pong
    }

    fn iterate(&mut self) -> Result<Iteration, Failure> {
        let (to_ping, ping_mailbox) = sync_channel(self.mailbox);
        let (to_pong, pong_mailbox) = sync_channel(self.mailbox);
        let (start_ping, started) = sync_channel(1);
        let (rounds, timing) = (self.rounds, self.timing.clone());
        let ping = thread::spawn(move || {
            let _ = started.recv();
            ping(rounds, timing.as_deref(), &to_pong, &ping_mailbox)
        });
        let pong = thread::spawn(move || pong(&to_ping, &pong_mailbox));

        let start = clock::now();
        let _ = start_ping.send(());
        let by_ping = ping.join().map_err(|_| Failure::new("panic", "ping panicked"))?;
        let end = clock::now();

        let by_pong = pong.join().map_err(|_| Failure::new("panic", "pong panicked"))?;
        Ok(Iteration::new(start, end, add(by_ping.ledger, by_pong.ledger))
            .check("order", by_ping.fold.order().wrapping_add(by_pong.fold.order()))
            .check("sum", by_ping.fold.sum().wrapping_add(by_pong.fold.sum())))
    }

    fn histograms(&mut self) -> Vec<(&'static str, Histogram)> {
        self.timing.iter().map(|recorder| ("round-trip", recorder.histogram())).collect()
    }
}

/// What an actor did, counted by itself alone and added up when it has stopped.
#[derive(Default)]
struct Account {
    ledger: Ledger,
    fold: Fold,
}

impl Account {
    fn sent(&mut self, delivered: bool) {
        self.ledger.sent += 1;
        self.ledger.errored += u64::from(!delivered);
    }

    fn handled(&mut self, value: u64) {
        self.ledger.handled += 1;
        self.fold.push(value);
    }
}

fn ping(
    rounds: u64,
    timing: Option<&Recorder>,
    pong: &SyncSender<u64>,
    mailbox: &Receiver<u64>,
) -> Account {
    let mut account = Account::default();
    for value in 0..rounds {
        let sent = timing.map(|_| clock::now());
        account.sent(pong.send(value).is_ok());
        let Ok(back) = mailbox.recv() else { break };
        if let (Some(recorder), Some(sent)) = (timing, sent) {
            recorder.record(clock::now() - sent);
        }
        account.handled(back);
    }
    account
}

fn pong(ping: &SyncSender<u64>, mailbox: &Receiver<u64>) -> Account {
    let mut account = Account::default();
    while let Ok(value) = mailbox.recv() {
        account.handled(value);
        account.sent(ping.send(value).is_ok());
    }
    account
}

fn add(one: Ledger, other: Ledger) -> Ledger {
    Ledger {
        sent: one.sent + other.sent,
        handled: one.handled + other.handled,
        dropped: 0,
        errored: one.errored + other.errored,
        pending: 0,
    }
}

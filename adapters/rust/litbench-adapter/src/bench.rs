//! What a run's actors report to: the book of all messages, the recorders of latencies, the census.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use crate::census::{yield_now, Census};
use crate::{
    clock, Allocations, Counters, Fold, Iteration, Ledger, MemoryReadings, Metric, Reading,
    Recorder, Unit,
};

/// One run's books. It lives as long as the process, so that actors can refer to it for nothing.
#[derive(Debug)]
pub struct Bench {
    /// The actors.
    pub census: Census,
    /// Messages, by fate, and their checksums.
    book: Counters<LINES>,
    latencies: Recorder,
    others: [Recorder; 2],
    notes: Mutex<BTreeMap<&'static str, (Unit, Vec<f64>)>>,
    timing: bool,
    counting: bool,
}

/// The lines of the book, in the order in which amounts are added to it.
const LINES: usize = 6;
const SENT: usize = 0;
const HANDLED: usize = 1;
const ERRORED: usize = 2;
const PENDING: usize = 3;
const ORDER: usize = 4;
const SUM: usize = 5;

/// The book at the start of an iteration.
#[derive(Clone, Copy, Debug)]
pub struct Mark([u64; LINES]);

impl Bench {
    /// `timing`: take the time of each message. `counting`: read memory; the allocator counts then.
    #[must_use]
    pub fn new(timing: bool, counting: bool) -> &'static Self {
        Box::leak(Box::new(Self {
            census: Census::new(),
            book: Counters::new(),
            latencies: Recorder::new(),
            others: Default::default(),
            notes: Mutex::default(),
            timing,
            counting: counting && Allocations::begin(),
        }))
    }

    /// The time, if messages are timed; otherwise 0, without touching the clock.
    #[inline]
    #[must_use]
    pub fn stamp(&self) -> u64 {
        if self.timing {
            clock::now()
        } else {
            0
        }
    }

    /// Records the time since a stamp, if messages are timed.
    #[inline]
    pub fn record_since(&self, stamp: u64) {
        if self.timing {
            self.latencies.record(clock::now() - stamp);
        }
    }

    /// All latencies so far.
    #[must_use]
    pub fn latencies(&self) -> &Recorder {
        &self.latencies
    }

    /// The recorder of one of the workload's other histograms, which do not depend on the measure.
    #[must_use]
    pub fn other(&self, number: usize) -> &Recorder {
        &self.others[number]
    }

    /// Notes an iteration's value of a metric.
    pub fn note(&self, name: &'static str, unit: Unit, value: f64) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.entry(name).or_insert((unit, Vec::new())).1.push(value);
    }

    /// All that was noted.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let metric = |(name, (unit, values)): (&&str, &(Unit, Vec<f64>))| {
            Metric::fractions(name, *unit, values.iter().copied())
        };
        notes.iter().map(metric).collect()
    }

    /// Where the book stands before an iteration.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(self.book.totals())
    }

    /// The iteration's ledger and its checks `order` and `sum`, once all actors have stopped.
    pub async fn close(&self, mark: Mark, region: Region) -> Closed {
        self.census.settled().await;
        let now = self.book.totals();
        let since = |line: usize| now[line].wrapping_sub(mark.0[line]);
        let ledger = Ledger {
            sent: since(SENT),
            handled: since(HANDLED),
            dropped: 0,
            errored: since(ERRORED),
            pending: since(PENDING),
        };
        Closed { region, ledger, order: since(ORDER), sum: since(SUM) }
    }

    /// Memory when nothing moves (what tasks free as they end has been freed), if it is wanted.
    pub async fn reading_if(&self, wanted: bool) -> Option<Reading> {
        if wanted {
            Some(self.quiet_reading().await)
        } else {
            None
        }
    }

    async fn quiet_reading(&self) -> Reading {
        const LONGEST: usize = 50;
        let mut last = Reading::take(self.counting);
        for _ in 0..LONGEST {
            for _ in 0..10 {
                yield_now().await; // on this worker
            }
            std::thread::sleep(std::time::Duration::from_micros(500)); // on the others
            let reading = Reading::take(self.counting);
            if reading == last {
                break;
            }
            last = reading;
        }
        last
    }
}

/// The clock at the start and the end of the timed region.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// At its start.
    pub start: u64,
    /// At its end.
    pub end: u64,
}

/// What the book says of an iteration that is over.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    region: Region,
    ledger: Ledger,
    order: u64,
    sum: u64,
}

impl Closed {
    /// An iteration with both checksums.
    #[must_use]
    pub fn ordered(self) -> Iteration {
        self.summed().check("order", self.order)
    }

    /// An iteration with the check `sum` alone.
    #[must_use]
    pub fn summed(self) -> Iteration {
        self.bare().check("sum", self.sum)
    }

    /// An iteration whose check `sum` is that of the values as they are, without the + 1 of each.
    #[must_use]
    pub fn summed_as_they_are(self) -> Iteration {
        self.bare().check("sum", self.sum.wrapping_sub(self.ledger.handled))
    }

    /// An iteration without these checksums.
    #[must_use]
    pub fn bare(self) -> Iteration {
        Iteration::new(self.region.start, self.region.end, self.ledger)
    }
}

/// An iteration with its memory readings (before, loaded, after), where they were wanted.
#[must_use]
pub fn with_memory(iteration: Iteration, readings: [Option<Reading>; 3]) -> Iteration {
    match readings {
        [Some(before), Some(loaded), Some(after)] => {
            iteration.memory(MemoryReadings { before, loaded, after })
        }
        _ => iteration,
    }
}

/// What one actor has sent and handled, until it is entered into the book.
#[derive(Clone, Debug)]
pub struct Tally {
    bench: &'static Bench,
    sent: u64,
    handled: u64,
    errored: u64,
    fold: Fold,
}

impl Tally {
    /// Nothing sent or handled yet.
    #[must_use]
    pub fn new(bench: &'static Bench) -> Self {
        Self { bench, sent: 0, handled: 0, errored: 0, fold: Fold::new() }
    }

    /// The run's books.
    #[must_use]
    pub fn bench(&self) -> &'static Bench {
        self.bench
    }

    /// How many messages were handled.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.handled
    }

    /// Counts a send by its outcome.
    #[inline]
    pub fn sent<E>(&mut self, outcome: Result<(), E>) {
        self.sent += 1;
        if outcome.is_err() {
            self.errored += 1;
        }
    }

    /// Counts a send whose outcome is not known yet. If the message is lost, `handled` lacks it.
    #[inline]
    pub fn send(&mut self) {
        self.sent += 1;
    }

    /// Counts a message as handled and folds its value, for an actor that hears from one sender.
    #[inline]
    pub fn handle(&mut self, value: u64) {
        self.handled += 1;
        self.fold.push(value);
    }

    /// Counts a message as handled without folding its value.
    #[inline]
    pub fn count(&mut self) {
        self.handled += 1;
    }

    /// Folds a value.
    #[inline]
    pub fn fold(&mut self, value: u64) {
        self.fold.push(value);
    }

    /// Counts a message whose handler fails.
    pub fn fail(&mut self) {
        self.errored += 1;
    }

    /// Counts a message as handled and folds its value with others of the same sender.
    #[inline]
    pub fn handle_from(&mut self, value: u64, fold: &mut Fold) {
        self.handled += 1;
        fold.push(value);
    }

    /// Adds the folds of an actor that hears from several senders.
    pub fn settle(&self, folds: &[Fold]) {
        for fold in folds {
            self.bench.book.add([0, 0, 0, 0, fold.order(), fold.sum()]);
        }
    }

    /// Adds to the check `sum` alone.
    pub fn settle_sum(&self, sum: u64) {
        self.bench.book.add_to(SUM, sum);
    }

    /// Counts a message that will never be handled, if it is one that the ledger counts.
    pub fn unread(&self, counted: bool) {
        self.bench.book.add_to(PENDING, u64::from(counted));
    }

    /// Enters it into the book, which is done once: the actor has stopped.
    pub fn enter(&self) {
        let Self { bench, sent, handled, errored, fold } = self;
        bench.book.add([*sent, *handled, *errored, 0, fold.order(), fold.sum()]);
    }
}

/// A tally that is entered into the book when its actor is dropped.
#[derive(Debug)]
pub struct Account(Tally);

impl Account {
    /// Nothing sent or handled yet.
    #[must_use]
    pub fn new(bench: &'static Bench) -> Self {
        Self(Tally::new(bench))
    }
}

impl Deref for Account {
    type Target = Tally;

    #[inline]
    fn deref(&self) -> &Tally {
        &self.0
    }
}

impl DerefMut for Account {
    #[inline]
    fn deref_mut(&mut self) -> &mut Tally {
        &mut self.0
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.0.enter();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_entered_once_when_it_is_dropped() {
        let bench = Bench::new(false, false);
        let mark = bench.mark();
        let mut account = Account::new(bench);
        account.send();
        account.sent(Err(()));
        account.handle(4);
        drop(account);
        assert_eq!(mark.0, [0; LINES]);
        assert_eq!(bench.mark().0, [2, 1, 1, 0, 5, 5]);
    }

    #[test]
    fn memory_is_told_only_where_all_three_readings_were_taken() {
        let iteration = Iteration::new(0, 1, Ledger::all_handled(1));
        let reading = Reading::take(false);
        let [none, some] = [None, Some(reading)];
        assert!(with_memory(iteration.clone(), [some, none, some]).memory.is_none());
        assert!(with_memory(iteration, [some, some, some]).memory.is_some());
    }
}

//! A run's books: messages by fate, checksums, latencies, and how many actors there are.

use litbench_adapter::{clock, Allocations, Counters, Fold, Iteration, Ledger, Reading, Recorder};

use crate::driver::yield_now;

/// One run's books. It lives as long as the process, so that actors can refer to it for nothing.
pub struct Book {
    lines: Counters<LINES>,
    latencies: Recorder,
    timing: bool,
    counting: bool,
}

/// The lines, in the order in which amounts are added to them.
const LINES: usize = 8;
const SENT: usize = 0;
const HANDLED: usize = 1;
const ERRORED: usize = 2;
const ORDER: usize = 3;
const SUM: usize = 4;
const REFUSED: usize = 5;
const OPENED: usize = 6;
const CLOSED: usize = 7;

/// The lines at the start of an iteration.
#[derive(Clone, Copy)]
pub struct Mark([u64; LINES]);

impl Book {
    /// `timing`: take the time of each message. `counting`: read memory; the allocator counts then.
    #[must_use]
    pub fn new(timing: bool, counting: bool) -> &'static Self {
        Box::leak(Box::new(Self {
            lines: Counters::new(),
            latencies: Recorder::new(),
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

    /// Counts a send that a full mailbox refused.
    pub fn refused(&self, times: u64) {
        self.lines.add_to(REFUSED, times);
    }

    /// How many sends a full mailbox has refused so far.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.lines.total(REFUSED)
    }

    /// Where the book stands before an iteration.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(self.lines.totals())
    }

    /// Waits until every account is settled: the actors have stopped.
    pub async fn settled(&self) {
        // In this order, as none is closed before it is opened.
        while self.lines.total(CLOSED) != self.lines.total(OPENED) {
            yield_now().await;
        }
    }

    /// What happened since the mark, once all actors have stopped.
    pub async fn close(&self, mark: Mark, region: Region) -> Closed {
        self.settled().await;
        let now = self.lines.totals();
        let since = |line: usize| now[line].wrapping_sub(mark.0[line]);
        // An actor stops when its mailbox is closed and empty, so nothing can be pending; a message that
        // got lost (its actor was gone) is missing in `handled`, and litbench finds that.
        let (sent, handled, errored) = (since(SENT), since(HANDLED), since(ERRORED));
        let ledger = Ledger { sent, handled, dropped: 0, errored, pending: 0 };
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
#[derive(Clone, Copy)]
pub struct Region {
    /// At its start.
    pub start: u64,
    /// At its end.
    pub end: u64,
}

/// What the book says of an iteration that is over.
#[derive(Clone, Copy)]
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

    /// An iteration without checks.
    #[must_use]
    pub fn bare(self) -> Iteration {
        Iteration::new(self.region.start, self.region.end, self.ledger)
    }
}

/// What one actor has sent and handled, until it stops and settles.
#[derive(Clone)]
pub struct Account {
    book: &'static Book,
    sent: u64,
    handled: u64,
    errored: u64,
    fold: Fold,
}

impl Account {
    /// Nothing sent or handled yet.
    #[must_use]
    pub fn new(book: &'static Book) -> Self {
        book.lines.add_to(OPENED, 1);
        Self { book, sent: 0, handled: 0, errored: 0, fold: Fold::new() }
    }

    /// The run's books.
    #[must_use]
    pub fn book(&self) -> &'static Book {
        self.book
    }

    /// How many messages were handled.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.handled
    }

    /// Counts a send that is tried.
    #[inline]
    pub fn send(&mut self) {
        self.sent += 1;
    }

    /// Counts messages whose handler failed.
    pub fn errored(&mut self, messages: u64) {
        self.errored += messages;
    }

    /// Counts a message as handled and folds its value, for an actor that hears from one sender.
    #[inline]
    pub fn handle(&mut self, value: u64) {
        self.handled += 1;
        self.fold.push(value);
    }

    /// Counts a message as handled and folds its value with others of the same sender.
    #[inline]
    pub fn handle_from(&mut self, value: u64, fold: &mut Fold) {
        self.handled += 1;
        fold.push(value);
    }

    /// Enters everything into the book: the actor has stopped.
    pub fn settle(&self, more: &[Fold]) {
        for fold in more {
            self.book.lines.add([0, 0, 0, fold.order(), fold.sum(), 0, 0, 0]);
        }
        let Self { book, sent, handled, errored, fold } = self;
        book.lines.add([*sent, *handled, *errored, fold.order(), fold.sum(), 0, 0, 1]);
    }
}

//! What all workloads share: messages, mailboxes, the fold, the tally, starting and finishing.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use critical_section::Mutex;
use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::signal::Signal;
use litbench_probe as probe;
use probe::Iteration;

/// Bound of every mailbox.
pub const BOUND: usize = 16;
/// Most actors of one workload (mass spawn has its own limit).
pub const ACTORS: usize = 128;

/// One message: who sent it, a value, and when (0 unless latency is measured).
#[derive(Clone, Copy, Default)]
pub struct Message {
    /// Index of the sender.
    pub sender: u32,
    /// The sequence number.
    pub value: u32,
    /// Time of sending.
    pub stamp: u32,
}

/// A bounded mailbox of the usual size.
pub type Mailbox = Channel<CriticalSectionRawMutex, Message, BOUND>;

/// One mailbox an actor.
pub static MAILBOXES: [Mailbox; ACTORS] = [const { Mailbox::new() }; ACTORS];
/// The driver's own.
pub static TO_DRIVER: Mailbox = Mailbox::new();
/// Tells actor i to start.
pub static GO: [Signal<CriticalSectionRawMutex, ()>; ACTORS] = [const { Signal::new() }; ACTORS];
/// Tells the driver that the timed region is over.
pub static DONE: Signal<CriticalSectionRawMutex, ()> = Signal::new();
/// Whether messages are stamped and timed.
pub static LATENCY: AtomicBool = AtomicBool::new(false);

static LIVE: AtomicU32 = AtomicU32::new(0);
static TALLY: Mutex<Cell<Iteration>> = Mutex::new(Cell::new(EMPTY));

const EMPTY: Iteration = Iteration {
    start: 0,
    end: 0,
    sent: 0,
    handled: 0,
    dropped: 0,
    errored: 0,
    pending: 0,
    order: 0,
    sum: 0,
    extra: 0,
};

/// What a receiver keeps for one sender: `h = h * 31 + (v + 1)`, and the sum.
#[derive(Clone, Copy, Default)]
pub struct Fold {
    h: u64,
    sum: u64,
    /// Messages folded.
    pub count: u32,
}

impl Fold {
    /// Folds one value.
    #[inline(always)]
    pub fn take(&mut self, value: u32) {
        let v = u64::from(value) + 1;
        self.h = self.h.wrapping_mul(31).wrapping_add(v);
        self.sum = self.sum.wrapping_add(v);
        self.count += 1;
    }

    /// Adds this to the iteration's tally.
    pub fn hand_in(&self) {
        tally(|t| {
            t.handled += self.count;
            t.order = t.order.wrapping_add(self.h);
            t.sum = t.sum.wrapping_add(self.sum);
        });
    }
}

/// Changes the iteration's tally.
pub fn tally(change: impl FnOnce(&mut Iteration)) {
    critical_section::with(|cs| {
        let cell = TALLY.borrow(cs);
        let mut iteration = cell.get();
        change(&mut iteration);
        cell.set(iteration);
    });
}

/// Takes the tally and clears it.
pub fn take_tally() -> Iteration {
    critical_section::with(|cs| TALLY.borrow(cs).replace(EMPTY))
}

/// Puts a message into a mailbox, waiting while it is full.
#[inline(always)]
pub async fn send(mailbox: usize, sender: usize, value: u32) {
    let message = Message { sender: sender as u32, value, stamp: stamp() };
    MAILBOXES[mailbox].send(message).await;
    if cfg!(feature = "trace") {
        let depth = MAILBOXES[mailbox].len();
        probe::event(probe::Kind::Post, mailbox as u8, depth as u16);
    }
}

/// Takes the next message from a mailbox, and its time from the send on where that is wanted.
#[inline(always)]
pub async fn receive(mailbox: usize) -> Message {
    let message = MAILBOXES[mailbox].receive().await;
    if cfg!(feature = "trace") {
        let depth = MAILBOXES[mailbox].len();
        probe::event(probe::Kind::Take, mailbox as u8, depth as u16);
    }
    message
}

/// The time, when messages are timed.
#[inline(always)]
pub fn stamp() -> u32 {
    if LATENCY.load(Relaxed) {
        probe::now()
    } else {
        0
    }
}

/// Counts a latency in the first histogram, when messages are timed.
#[inline(always)]
pub fn observe(stamp: u32) {
    if LATENCY.load(Relaxed) {
        probe::record(0, probe::elapsed(stamp, probe::now()));
    }
}

/// Counts an actor as live until it is dropped.
pub struct Alive(());

impl Alive {
    /// One more.
    pub fn new() -> Self {
        LIVE.fetch_add(1, Relaxed);
        Self(())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Relaxed);
    }
}

/// Lets the actors come to rest after their spawn.
pub async fn settle() {
    yield_now().await;
    yield_now().await;
}

/// Waits until every actor has ended, so that its storage is free again.
pub async fn all_ended() {
    while LIVE.load(Relaxed) != 0 {
        yield_now().await;
    }
    yield_now().await;
}

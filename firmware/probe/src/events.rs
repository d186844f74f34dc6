//! The ring of the last events, and what one event costs.

use core::sync::atomic::Ordering::Relaxed;

use crate::block::{add, LITBENCH_PROBE};
use crate::clock::{elapsed, now, raw};
use crate::size::EVENTS;

/// What happened.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Kind {
    /// An interrupt handler was entered; the id is the interrupt's.
    InterruptEnter = 1,
    /// An interrupt handler is about to return.
    InterruptExit = 2,
    /// A message was put into mailbox id; the argument is how many it holds now.
    Post = 3,
    /// Task id begins to handle something.
    HandlerStart = 4,
    /// Task id is done with it.
    HandlerEnd = 5,
    /// There is nothing to do.
    IdleEnter = 6,
    /// There is something to do again.
    IdleExit = 7,
    /// A moment worth a mark.
    Mark = 8,
    /// A message was taken from mailbox id; the argument is how many it holds now.
    Take = 9,
}

/// Notes an event. At most 20 instructions; callable from interrupts.
#[inline(always)]
pub fn event(kind: Kind, id: u8, argument: u16) {
    let time = raw();
    let index = add(&LITBENCH_PROBE.events_made, 1) as usize % EVENTS;
    let slot = &LITBENCH_PROBE.events[index];
    slot.time.store(time, Relaxed);
    let what = (kind as u32) << 24 | u32::from(id) << 16 | u32::from(argument);
    slot.what.store(what, Relaxed);
}

const ROUNDS: u32 = 16;

/// Measures what a reading of the clock and an event cost, in the clock's unit; the loop's own
/// instructions count as the event's.
pub(crate) fn calibrate() {
    let clock = &LITBENCH_PROBE.clock;
    let (a, b) = (now(), now());
    clock.read_cost.store(elapsed(a, b), Relaxed);
    let start = now();
    for index in 0..ROUNDS {
        event(Kind::Mark, core::hint::black_box(index) as u8, 0);
    }
    let total = elapsed(start, now()).saturating_sub(elapsed(a, b));
    clock.event_cost.store(total.div_ceil(ROUNDS), Relaxed);
    LITBENCH_PROBE.events_made.store(0, Relaxed);
}

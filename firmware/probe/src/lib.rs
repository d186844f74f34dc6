//! What a firmware leaves in memory for litbench to read: one symbol, [`LITBENCH_PROBE`].
//!
//! A host reads the block after the run (emulator) or at a breakpoint (debug probe), so measuring
//! needs no output channel, no heap and no formatting. The layout is a header, a table of sections
//! and the sections themselves, all little-endian 32-bit words; `docs/firmware-probe.md` has it.
//!
//! Sizes are chosen when the crate is built, by environment variables (see [`size`]).

#![cfg_attr(not(test), no_std)]
#![deny(missing_docs)]

#[cfg(feature = "alloc")]
mod alloc;
mod block;
mod clock;
mod events;
mod histogram;
mod job;
pub mod size;
mod stack;
mod tables;

#[cfg(feature = "alloc")]
pub use alloc::Counting;
pub use block::{Probe, LITBENCH_PROBE};
pub use clock::{elapsed, now, raw, Counter, Unit};
pub use events::{event, Kind};
pub use histogram::{name as name_histogram, record};
pub use job::{job, Job};
pub use stack::{paint, watermark};
pub use tables::{
    add_metric, heap_usage, mailbox, mailbox_full, mailbox_handled, mailbox_sent, run, save_iteration, task,
    task_ran, Iteration, Run,
};

use core::sync::atomic::Ordering::Relaxed;

/// How far the firmware got; kept in the header.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum State {
    /// `start` has run.
    Running = 1,
    /// `finish` was called.
    Finished = 2,
    /// `fail` was called: a panic, a fault, or a job that this firmware cannot do.
    Failed = 3,
}

/// Begins: chooses a clock by trying and measures its cost. Call once, before anything else.
///
/// `hertz` is the core's frequency (0: unknown), `fallback` a counter of the board's own.
pub fn start(hertz: u32, fallback: Option<Counter>) {
    block::write_header();
    clock::choose(hertz, fallback);
    clock::apply_scale(job());
    events::calibrate();
    LITBENCH_PROBE.state.store(State::Running as u32, Relaxed);
}

/// The measured part is over and all is well. The caller then stops the machine.
pub fn finish() {
    stack::measure();
    LITBENCH_PROBE.state.store(State::Finished as u32, Relaxed);
}

/// The run failed; `code` says why (see [`failure`]).
pub fn fail(code: u32) {
    stack::measure();
    LITBENCH_PROBE.code.store(code, Relaxed);
    LITBENCH_PROBE.state.store(State::Failed as u32, Relaxed);
}

/// Codes for [`fail`].
pub mod failure {
    /// A panic.
    pub const PANIC: u32 = 1;
    /// A hardware fault or an unexpected trap.
    pub const FAULT: u32 = 2;
    /// A workload that this firmware does not have.
    pub const UNKNOWN_WORKLOAD: u32 = 3;
    /// A parameter is beyond what this firmware's memory was laid out for.
    pub const LIMIT: u32 = 4;
    /// The allocator gave up.
    pub const OUT_OF_MEMORY: u32 = 5;
}

/// Called when a firmware is done; a debugger may put its breakpoint here.
#[no_mangle]
#[inline(never)]
pub extern "C" fn litbench_exit() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

//! What the handlers do, set by the workload that runs.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use litbench_probe as probe;

use crate::board;

/// Set by a timer interrupt to the time at which its handler began; kept until a task takes it.
pub static TICK: Signal<CriticalSectionRawMutex, u32> = Signal::new();
/// Timer interrupts so far.
pub static TICKS: AtomicU32 = AtomicU32::new(0);
/// The probe's task that stands for the timer handler's busy work.
pub const HANDLER: usize = 1;
/// Rounds of busy work in the timer's handler.
pub static HANDLER_ROUNDS: AtomicU32 = AtomicU32::new(0);
/// When not zero: the timer interrupts after which the timer stops by itself.
pub static LAST_TICK: AtomicU32 = AtomicU32::new(0);

/// The timer's interrupt.
pub fn on_timer() {
    let start = probe::now();
    if cfg!(feature = "trace") {
        probe::event(probe::Kind::InterruptEnter, board::TIMER_INTERRUPT, 0);
    }
    let ticks = TICKS.load(Relaxed) + 1;
    TICKS.store(ticks, Relaxed);
    if ticks == LAST_TICK.load(Relaxed) {
        board::stop_timer();
    }
    let rounds = HANDLER_ROUNDS.load(Relaxed);
    if rounds != 0 {
        timed_spin(HANDLER, rounds);
    }
    // The oldest tick that no task has seen stays: a later one must not make the wait look short.
    if !TICK.signaled() {
        TICK.signal(start);
    }
    if cfg!(feature = "trace") {
        probe::event(probe::Kind::InterruptExit, board::TIMER_INTERRUPT, 0);
    }
}

/// The software interrupt: polls the executor of interrupt mode.
pub fn on_software() {
    if cfg!(feature = "trace") {
        probe::event(probe::Kind::InterruptEnter, board::SOFTWARE_INTERRUPT, 0);
    }
    crate::executor::poll_interrupt_executor();
    if cfg!(feature = "trace") {
        probe::event(probe::Kind::InterruptExit, board::SOFTWARE_INTERRUPT, 0);
    }
}

/// What the two readings of the clock and the call cost `timed_spin`.
static SPIN_COST: AtomicU32 = AtomicU32::new(0);

/// Finds out what timing costs; no interrupt may come meanwhile.
pub fn calibrate_spin() {
    SPIN_COST.store(timed(1) - 2, Relaxed);
}

/// Busy work timed as a run of the probe's task: two instructions a round, without what timing costs.
pub fn timed_spin(task: usize, rounds: u32) -> u32 {
    let time = timed(rounds) - SPIN_COST.load(Relaxed);
    probe::task_ran(task, time);
    time
}

#[inline(never)]
fn timed(rounds: u32) -> u32 {
    let start = probe::now();
    spin(rounds);
    probe::elapsed(start, probe::now())
}

/// Busy work of a known length: two instructions a round and a few around them.
#[inline(never)]
#[no_mangle]
pub extern "C" fn spin(rounds: u32) {
    if rounds == 0 {
        return;
    }
    #[cfg(target_arch = "arm")]
    // SAFETY: counts a register down.
    unsafe {
        core::arch::asm!("2:", "subs {0}, {0}, #1", "bne 2b", inout(reg) rounds => _, options(nomem, nostack));
    }
    #[cfg(target_arch = "riscv32")]
    // SAFETY: counts a register down.
    unsafe {
        core::arch::asm!("2:", "addi {0}, {0}, -1", "bnez {0}, 2b", inout(reg) rounds => _, options(nomem, nostack));
    }
}

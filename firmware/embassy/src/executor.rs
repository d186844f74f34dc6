//! Embassy's executor in its two modes: thread mode, waiting when idle, and interrupt mode.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed, Ordering::SeqCst};

use embassy_executor::raw::Executor;
use embassy_executor::{SendSpawner, Spawner};
use litbench_probe as probe;
use static_cell::StaticCell;

use crate::board;

const THREAD: usize = 0;
const INTERRUPT: usize = 1;

static THREAD_EXECUTOR: StaticCell<Executor> = StaticCell::new();
static INTERRUPT_EXECUTOR: StaticCell<Executor> = StaticCell::new();
static INTERRUPT_EXECUTOR_PLACE: core::sync::atomic::AtomicPtr<Executor> =
    core::sync::atomic::AtomicPtr::new(core::ptr::null_mut());
static WORK: AtomicBool = AtomicBool::new(false);

/// How often the core had nothing to do and was woken.
pub static WAKE_UPS: AtomicU32 = AtomicU32::new(0);
/// Time spent with nothing to do, in the clock's unit.
pub static IDLE_TIME: AtomicU32 = AtomicU32::new(0);

#[export_name = "__pender"]
fn pender(context: *mut ()) {
    if context as usize == INTERRUPT {
        board::pend_software_interrupt();
    } else {
        WORK.store(true, SeqCst);
        board::signal();
    }
}

/// Runs the executor of thread mode for ever.
pub fn run(init: impl FnOnce(Spawner)) -> ! {
    let executor = THREAD_EXECUTOR.init(Executor::new(THREAD as *mut ()));
    let executor: &'static Executor = executor;
    init(executor.spawner());
    loop {
        // SAFETY: initialised above, and polled here only.
        unsafe { executor.poll() };
        if !WORK.swap(false, SeqCst) {
            idle();
        }
    }
}

fn idle() {
    let start = probe::now();
    if cfg!(feature = "trace") {
        probe::event(probe::Kind::IdleEnter, 0, 0);
    }
    while !WORK.load(SeqCst) {
        wait();
    }
    WORK.store(false, SeqCst);
    let time = IDLE_TIME.load(Relaxed).wrapping_add(probe::elapsed(start, probe::now()));
    IDLE_TIME.store(time, Relaxed);
    WAKE_UPS.store(WAKE_UPS.load(Relaxed) + 1, Relaxed);
    if cfg!(feature = "trace") {
        probe::event(probe::Kind::IdleExit, 0, 0);
    }
}

#[cfg(target_arch = "arm")]
fn wait() {
    board::wait();
}

/// With interrupts off, so that none slips in between the look and the wait.
#[cfg(target_arch = "riscv32")]
fn wait() {
    critical_section::with(|_| {
        if !WORK.load(SeqCst) {
            board::wait();
        }
    });
}

/// The executor of interrupt mode, made on first use.
pub fn interrupt_spawner() -> SendSpawner {
    let place = INTERRUPT_EXECUTOR_PLACE.load(SeqCst);
    // SAFETY: either null or set below, for good.
    let executor = unsafe { place.as_ref() }.unwrap_or_else(|| {
        let executor = INTERRUPT_EXECUTOR.init(Executor::new(INTERRUPT as *mut ()));
        INTERRUPT_EXECUTOR_PLACE.store(executor, SeqCst);
        board::enable_software_interrupt();
        executor
    });
    executor.spawner().make_send()
}

/// Called by the software interrupt.
pub fn poll_interrupt_executor() {
    // SAFETY: null or initialised; only the software interrupt polls it.
    if let Some(executor) = unsafe { INTERRUPT_EXECUTOR_PLACE.load(SeqCst).as_ref() } {
        unsafe { executor.poll() };
    }
}

//! Time: from interrupt to task, alone and under load; tasks beside a hog; waiting by polling or by sleeping.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use embassy_executor::Spawner;
use embassy_futures::yield_now;
use litbench_probe as probe;
use probe::Iteration;

use super::{spawn, Job};
use crate::actors::{all_ended, receive, send, take_tally, tally, Alive, Fold, DONE};
use crate::interrupts::{spin, HANDLER_ROUNDS, LAST_TICK, TICK, TICKS};
use crate::{board, executor};

/// Turns a period in instructions (of the emulator) into the timer's ticks.
pub fn ticks_of(instructions: u32) -> u32 {
    let (ticks, per) = board::TICKS_PER_INSTRUCTION;
    (instructions / per) * ticks
}

static STOP: AtomicBool = AtomicBool::new(false);
static SAMPLES: AtomicU32 = AtomicU32::new(0);
/// Ticks that shared a wake-up with the one before.
pub static COALESCED: AtomicU32 = AtomicU32::new(0);

/// Timer interrupts that wake a task. Parameters: samples, period, executor (0 thread, 1 interrupt), load
/// (tasks that exchange messages meanwhile).
pub async fn interrupt_latency(spawner: Spawner, job: &Job) -> Iteration {
    let [samples, period, mode, load, ..] = job.p;
    begin(samples, 0);
    for index in 0..load.min(8) as usize {
        spawn(spawner, left(2 * index, Alive::new()));
        spawn(spawner, right(2 * index, Alive::new()));
    }
    spawn_waiter(spawner, mode, samples);
    run_timer(period).await
}

/// The task that takes the ticks, on the executor of thread mode (0) or of interrupt mode (1).
fn spawn_waiter(spawner: Spawner, mode: u32, samples: u32) {
    if mode != 1 {
        spawn(spawner, waiter(samples, Alive::new()));
        return;
    }
    match waiter_in_interrupt(samples, Alive::new()) {
        Ok(token) => executor::interrupt_spawner().spawn(token),
        Err(_) => crate::give_up(probe::failure::LIMIT),
    }
}

/// Clears what the interrupts leave.
pub fn begin(samples: u32, handler_rounds: u32) {
    STOP.store(false, Relaxed);
    TICKS.store(0, Relaxed);
    SAMPLES.store(0, Relaxed);
    LAST_TICK.store(samples, Relaxed);
    HANDLER_ROUNDS.store(handler_rounds, Relaxed);
    TICK.reset();
}

/// Ticks are the messages; one that came before the task had seen the one before shares its wake-up.
fn count_ticks(ticks: u32, seen: u32) {
    COALESCED.store(COALESCED.load(Relaxed) + ticks - seen, Relaxed);
    tally(|t| {
        t.sent += ticks;
        t.handled += ticks;
        t.extra = u64::from(ticks);
    });
}

/// Runs the timer until the last sample was taken; the ledger counts interrupts as messages.
pub async fn run_timer(period: u32) -> Iteration {
    let start = probe::now();
    board::start_timer(ticks_of(period));
    DONE.wait().await;
    let end = probe::now();
    board::stop_timer();
    STOP.store(true, Relaxed);
    all_ended().await;
    let seen = SAMPLES.load(Relaxed);
    let ticks = TICKS.load(Relaxed);
    count_ticks(ticks, seen);
    Iteration { start, end, ..take_tally() }
}

async fn wait_for_ticks(samples: u32) {
    let mut seen = 0;
    loop {
        let tick = TICK.wait().await;
        probe::record(0, probe::elapsed(tick, probe::now()));
        seen += 1;
        SAMPLES.store(seen, Relaxed);
        if TICKS.load(Relaxed) == samples && !TICK.signaled() {
            break;
        }
    }
    DONE.signal(());
}

#[embassy_executor::task]
async fn waiter(samples: u32, _alive: Alive) {
    wait_for_ticks(samples).await;
}

#[embassy_executor::task]
async fn waiter_in_interrupt(samples: u32, _alive: Alive) {
    wait_for_ticks(samples).await;
}

#[embassy_executor::task(pool_size = 8)]
async fn left(mailbox: usize, _alive: Alive) {
    let mut fold = Fold::default();
    let mut value = 0;
    while !STOP.load(Relaxed) {
        send(mailbox + 1, mailbox, value).await;
        fold.take(receive(mailbox).await.value);
        value += 1;
    }
    send(mailbox + 1, mailbox, u32::MAX).await;
}

#[embassy_executor::task(pool_size = 8)]
async fn right(mailbox: usize, _alive: Alive) {
    loop {
        let message = receive(mailbox + 1).await;
        if message.value == u32::MAX {
            break;
        }
        send(mailbox, mailbox + 1, message.value).await;
    }
}

/// A periodic task beside one that computes. Parameters: samples, period, hog (0 none, 1 never yields, 2 yields),
/// rounds of the hog's work in one go (two instructions each), slices, executor of the periodic task (as above).
pub async fn task_time(spawner: Spawner, job: &Job) -> Iteration {
    let [samples, period, hog, rounds, slices, mode, ..] = job.p;
    begin(samples, 0);
    probe::task(0, "hog");
    spawn_waiter(spawner, mode, samples);
    if hog != 0 {
        spawn(spawner, hog_task(hog == 2, rounds, slices, Alive::new()));
    }
    run_timer(period).await
}

#[embassy_executor::task]
async fn hog_task(yields: bool, rounds: u32, slices: u32, _alive: Alive) {
    let mut start = probe::now();
    for _ in 0..slices {
        spin(rounds);
        if yields {
            report_run(start);
            yield_now().await;
            start = probe::now();
        }
    }
    if !yields {
        report_run(start);
    }
}

fn report_run(start: u32) {
    let time = probe::elapsed(start, probe::now());
    probe::task_ran(0, time);
    probe::record(1, time);
}

/// Waiting for ticks. Parameters: samples, period, mode (0 sleeps, 1 polls).
pub async fn idle(job: &Job) -> Iteration {
    let [samples, period, mode, ..] = job.p;
    begin(samples, 0);
    let start = probe::now();
    board::start_timer(ticks_of(period));
    let mut seen = 0;
    loop {
        let tick = if mode == 1 { poll_tick().await } else { TICK.wait().await };
        probe::record(0, probe::elapsed(tick, probe::now()));
        seen += 1;
        if TICKS.load(Relaxed) == samples && !TICK.signaled() {
            break;
        }
    }
    let end = probe::now();
    let ticks = TICKS.load(Relaxed);
    count_ticks(ticks, seen);
    Iteration { start, end, ..take_tally() }
}

/// Asks again and again, giving the other tasks their turn.
async fn poll_tick() -> u32 {
    loop {
        if let Some(tick) = TICK.try_take() {
            return tick;
        }
        yield_now().await;
    }
}

/// Notes how many ticks a task has seen.
pub fn saw(ticks: u32) {
    SAMPLES.store(ticks, Relaxed);
}

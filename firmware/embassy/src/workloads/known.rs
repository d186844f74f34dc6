//! Known answers: what litbench must find again exactly.

use embassy_executor::Spawner;
use litbench_probe as probe;
use probe::Iteration;

use super::timing::{begin, run_timer};
use super::{spawn, Job};
use crate::actors::{Alive, Message, BOUND, DONE, MAILBOXES};
use crate::interrupts::{calibrate_spin, timed_spin, HANDLER, TICK, TICKS};

const BLOCKER: usize = 0;

/// Parameters: ticks, period (instructions between interrupts), rounds in the handler, rounds for which a task
/// blocks the executor, messages sent to a held mailbox, heap blocks, bytes of each block.
///
/// The mailbox refuses all messages beyond its bound; the heap pattern (feature `alloc`) holds all blocks at once.
pub async fn run(spawner: Spawner, job: &Job) -> Iteration {
    let [ticks, period, handler, block, messages, blocks, bytes, _] = job.p;
    overflow(messages);
    heap_pattern(blocks, bytes);
    calibrate_spin();
    begin(ticks, handler);
    probe::task(BLOCKER, "blocker");
    probe::task(HANDLER, "handler");
    spawn(spawner, watcher(ticks, Alive::new()));
    spawn(spawner, blocker(block, Alive::new()));
    run_timer(period).await
}

/// Fills a mailbox that nobody empties, then empties it.
fn overflow(messages: u32) {
    probe::mailbox(0, "held", BOUND as u32);
    for value in 0..messages {
        match MAILBOXES[0].try_send(Message { sender: 0, value, stamp: 0 }) {
            Ok(()) => probe::mailbox_sent(0, MAILBOXES[0].len() as u32),
            Err(_) => probe::mailbox_full(0),
        }
    }
    while MAILBOXES[0].try_receive().is_ok() {
        probe::mailbox_handled(0);
    }
}

/// Holds all blocks at once: a peak of `blocks * bytes`. At most 64 blocks.
#[cfg(feature = "alloc")]
fn heap_pattern(blocks: u32, bytes: u32) {
    let mut held = [const { None::<alloc::boxed::Box<[u8]>> }; 64];
    for place in held.iter_mut().take(blocks as usize) {
        *place = Some(alloc::vec![0; bytes as usize].into_boxed_slice());
    }
    core::hint::black_box(&held);
}

#[cfg(not(feature = "alloc"))]
fn heap_pattern(_blocks: u32, _bytes: u32) {}

#[embassy_executor::task]
async fn watcher(ticks: u32, _alive: Alive) {
    let mut last = None;
    let mut seen = 0;
    loop {
        let tick = TICK.wait().await;
        seen += 1;
        if let Some(before) = last {
            probe::record(0, probe::elapsed(before, tick));
        }
        last = Some(tick);
        if TICKS.load(core::sync::atomic::Ordering::Relaxed) == ticks && !TICK.signaled() {
            break;
        }
    }
    super::timing::saw(seen);
    DONE.signal(());
}

#[embassy_executor::task]
async fn blocker(rounds: u32, _alive: Alive) {
    probe::record(1, timed_spin(BLOCKER, rounds));
}

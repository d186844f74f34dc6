//! What a run was, its iterations, mailboxes, tasks, heap and free metrics.

use core::sync::atomic::Ordering::Relaxed;

use crate::block::{add, add64, raise, store_all, store_name, LITBENCH_PROBE};

/// What this run really does.
#[derive(Clone, Copy, Default)]
pub struct Run {
    /// The job's number for the workload.
    pub workload: u32,
    /// Actors of the workload, without the driver.
    pub actors: u32,
    /// Messages an iteration.
    pub messages: u32,
    /// Bytes of one message.
    pub message_bytes: u32,
    /// Most messages under way at once by design (0: what the mailboxes hold).
    pub in_flight: u32,
    /// Bound of a mailbox.
    pub mailbox: u32,
    /// How the core waits: 0 it never does, 1 WFE, 2 WFI.
    pub idle: u32,
    /// Name of the third checksum, where the workload has one.
    pub extra: &'static str,
}

/// One iteration's times, ledger and checksums.
#[derive(Clone, Copy, Default)]
pub struct Iteration {
    /// [`crate::now`] before the timed region.
    pub start: u32,
    /// [`crate::now`] after it.
    pub end: u32,
    /// Sends that were tried.
    pub sent: u32,
    /// Messages handled.
    pub handled: u32,
    /// Messages that a full mailbox refused.
    pub dropped: u32,
    /// Sends that failed.
    pub errored: u32,
    /// Messages left in mailboxes.
    pub pending: u32,
    /// The order-sensitive checksum.
    pub order: u64,
    /// The order-insensitive one.
    pub sum: u64,
    /// The workload's own.
    pub extra: u64,
}

/// Declares what the run does.
pub fn run(run: &Run) {
    let words = &LITBENCH_PROBE.run;
    words.workload.store(run.workload, Relaxed);
    words.actors.store(run.actors, Relaxed);
    words.messages.store(run.messages, Relaxed);
    words.message_bytes.store(run.message_bytes, Relaxed);
    words.in_flight.store(run.in_flight, Relaxed);
    words.mailbox.store(run.mailbox, Relaxed);
    words.idle.store(run.idle, Relaxed);
    store_name(&words.extra, run.extra);
}

/// Keeps an iteration; those beyond the block's room are only counted.
pub fn save_iteration(iteration: &Iteration) {
    let index = add(&LITBENCH_PROBE.run.iterations, 1) as usize;
    let Some(slot) = LITBENCH_PROBE.iterations.get(index) else { return };
    let i = iteration;
    let wide = |value: u64| [value as u32, (value >> 32) as u32];
    let (order, sum, extra) = (wide(i.order), wide(i.sum), wide(i.extra));
    store_all(&slot.words[..7], &[i.start, i.end, i.sent, i.handled, i.dropped, i.errored, i.pending]);
    store_all(&slot.words[8..10], &order);
    store_all(&slot.words[10..12], &sum);
    store_all(&slot.words[12..14], &extra);
}

/// Declares mailbox `index`.
pub fn mailbox(index: usize, name: &str, capacity: u32) {
    if let Some(mailbox) = LITBENCH_PROBE.mailboxes.get(index) {
        store_name(&mailbox.name, name);
        mailbox.capacity.store(capacity, Relaxed);
    }
}

/// A message went into mailbox `index`, which now holds `depth`.
#[inline(always)]
pub fn mailbox_sent(index: usize, depth: u32) {
    if let Some(mailbox) = LITBENCH_PROBE.mailboxes.get(index) {
        add(&mailbox.sent, 1);
        raise(&mailbox.deepest, depth);
    }
}

/// A message from mailbox `index` was handled.
#[inline(always)]
pub fn mailbox_handled(index: usize) {
    if let Some(mailbox) = LITBENCH_PROBE.mailboxes.get(index) {
        add(&mailbox.handled, 1);
    }
}

/// Mailbox `index` was full and refused a message.
#[inline(always)]
pub fn mailbox_full(index: usize) {
    if let Some(mailbox) = LITBENCH_PROBE.mailboxes.get(index) {
        add(&mailbox.full, 1);
    }
}

/// Declares task `index`.
pub fn task(index: usize, name: &str) {
    if let Some(task) = LITBENCH_PROBE.tasks.get(index) {
        store_name(&task.name, name);
    }
}

/// Task `index` ran for `duration` in one go.
#[inline(always)]
pub fn task_ran(index: usize, duration: u32) {
    if let Some(task) = LITBENCH_PROBE.tasks.get(index) {
        add(&task.runs, 1);
        add64(&task.total, duration);
        raise(&task.longest, duration);
    }
}

/// What the heap holds: `(current requested bytes, peak of that)`.
pub fn heap_usage() -> (u32, u32) {
    let heap = &LITBENCH_PROBE.heap;
    (heap.current.load(Relaxed), heap.peak_requested.load(Relaxed))
}

/// Adds a free metric. `unit`: 0 count, 1 bytes, 2 the clock's unit. A full table drops it.
pub fn add_metric(name: &str, unit: u32, value: u32) {
    let free = |metric: &&crate::block::Metric| metric.name[0].load(Relaxed) == 0;
    if let Some(metric) = LITBENCH_PROBE.metrics.iter().find(free) {
        metric.unit.store(unit, Relaxed);
        metric.value.store(value, Relaxed);
        store_name(&metric.name, name);
    }
}

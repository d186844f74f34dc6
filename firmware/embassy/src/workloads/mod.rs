//! The workloads, one file a family; `adapters/PROTOCOL.md` and `docs/firmware-workloads.md` have them in words.

mod faults;
mod flows;
#[cfg(feature = "alloc")]
mod heap_flood;
mod known;
mod population;
mod timing;

use core::sync::atomic::Ordering::Relaxed;

use embassy_executor::{SpawnToken, Spawner};
use litbench_probe as probe;
use probe::{failure, Iteration, Run};

use crate::actors::{self, ACTORS, BOUND};
use crate::{board, executor};

/// The job's numbers of the workloads.
pub mod id {
    pub const PING_PONG: u32 = 1;
    pub const COUNTING: u32 = 2;
    pub const FAN_IN: u32 = 3;
    pub const FAN_OUT: u32 = 4;
    pub const THREAD_RING: u32 = 5;
    pub const MASS_SPAWN: u32 = 6;
    pub const MAILBOX_FILL: u32 = 7;
    pub const ISOLATED_LATENCY: u32 = 8;
    pub const MAILBOX_FULL: u32 = 16;
    pub const SUPERVISION: u32 = 17;
    pub const INTERRUPT_LATENCY: u32 = 18;
    pub const TASK_TIME: u32 = 19;
    pub const HEAP_FLOOD: u32 = 20;
    pub const IDLE: u32 = 21;
    pub const KNOWN: u32 = 22;
    pub const SPAWN_LIMIT: u32 = 23;
}

/// The job in plain words; without one from the host, a short ping-pong.
#[derive(Clone, Copy)]
pub struct Job {
    pub workload: u32,
    pub iterations: u32,
    pub p: [u32; 8],
}

impl Job {
    pub fn current() -> Self {
        let Some(job) = probe::job() else {
            return Self { workload: id::PING_PONG, iterations: 3, p: [1000, 16, 0, 0, 0, 0, 0, 0] };
        };
        actors::LATENCY.store(job.latency(), Relaxed);
        Self { workload: job.workload, iterations: job.iterations, p: job.parameters }
    }
}

/// Declares what the run will do. An error is a code for `probe::fail`.
pub fn declare(job: &Job) -> Result<(), u32> {
    let base = Run {
        workload: job.workload,
        message_bytes: core::mem::size_of::<actors::Message>() as u32,
        mailbox: BOUND as u32,
        idle: board::IDLE,
        ..Run::default()
    };
    let [a, b, ..] = job.p;
    let run = match job.workload {
        id::PING_PONG | id::ISOLATED_LATENCY => Run { actors: 2, messages: 2 * a, in_flight: 1, ..base },
        id::COUNTING => Run { actors: 2, messages: a, extra: "total", ..base },
        id::FAN_IN | id::FAN_OUT => Run { actors: a + 1, messages: a * b, ..base },
        id::THREAD_RING => Run { actors: a, messages: b, in_flight: 1, extra: "holder", ..base },
        id::MASS_SPAWN => Run { actors: a, messages: 2 * a, extra: "live", mailbox: 1, ..base },
        id::MAILBOX_FILL => Run { actors: 1, messages: a, mailbox: population::FILL as u32, ..base },
        _ => special(job, base)?,
    };
    let limit = if job.workload == id::MASS_SPAWN { population::MASS } else { ACTORS };
    if run.actors as usize > limit {
        return Err(failure::LIMIT);
    }
    probe::run(&run);
    name_histograms(job.workload);
    Ok(())
}

/// Workloads that only embedded targets have.
fn special(job: &Job, base: Run) -> Result<Run, u32> {
    let [a, b, ..] = job.p;
    Ok(match job.workload {
        id::MAILBOX_FULL => Run { actors: 2, messages: a, ..base },
        id::SUPERVISION => Run { actors: 2, messages: a * b, extra: "restarts", ..base },
        id::INTERRUPT_LATENCY => Run { actors: 1 + 2 * job.p[3], messages: a, extra: "ticks", ..base },
        id::TASK_TIME => Run { actors: 2, messages: a, extra: "ticks", ..base },
        #[cfg(feature = "alloc")]
        id::HEAP_FLOOD => Run { actors: 2, messages: a, message_bytes: 4 + b, ..base },
        #[cfg(not(feature = "alloc"))]
        id::HEAP_FLOOD => Run { actors: 2, messages: a, ..base },
        id::IDLE => Run { actors: 1, messages: a, extra: "ticks", ..base },
        id::KNOWN => Run { actors: 2, messages: job.p[4], extra: "ticks", ..base },
        id::SPAWN_LIMIT => Run { actors: 0, messages: 0, mailbox: 1, extra: "live", ..base },
        _ => return Err(failure::UNKNOWN_WORKLOAD),
    })
}

fn name_histograms(workload: u32) {
    let names: &[&str] = match workload {
        id::PING_PONG | id::ISOLATED_LATENCY => &["round-trip"],
        id::INTERRUPT_LATENCY | id::IDLE => &["irq-to-task"],
        id::TASK_TIME => &["irq-to-task", "task-time"],
        id::KNOWN => &["tick-to-tick", "task-time"],
        id::SUPERVISION => &["restart"],
        _ => &["message"],
    };
    for (index, name) in names.iter().enumerate() {
        probe::name_histogram(index, name);
    }
}

/// Makes one iteration.
pub async fn iterate(spawner: Spawner, job: &Job) -> Iteration {
    match job.workload {
        id::PING_PONG | id::ISOLATED_LATENCY => flows::ping_pong(spawner, job).await,
        id::COUNTING => flows::counting(spawner, job).await,
        id::FAN_IN => flows::fan_in(spawner, job).await,
        id::FAN_OUT => flows::fan_out(spawner, job).await,
        id::THREAD_RING => flows::thread_ring(spawner, job).await,
        id::MASS_SPAWN => population::mass_spawn(spawner, job.p[0]).await,
        id::SPAWN_LIMIT => population::spawn_limit(spawner).await,
        id::MAILBOX_FILL => population::mailbox_fill(spawner, job.p[0]).await,
        id::MAILBOX_FULL => faults::mailbox_full(job).await,
        id::SUPERVISION => faults::supervision(spawner, job).await,
        id::INTERRUPT_LATENCY => timing::interrupt_latency(spawner, job).await,
        id::TASK_TIME => timing::task_time(spawner, job).await,
        id::IDLE => timing::idle(job).await,
        id::KNOWN => known::run(spawner, job).await,
        #[cfg(feature = "alloc")]
        id::HEAP_FLOOD => heap_flood::run(spawner, job).await,
        #[cfg(not(feature = "alloc"))]
        id::HEAP_FLOOD => flows::counting(spawner, job).await,
        _ => crate::give_up(failure::UNKNOWN_WORKLOAD),
    }
}

/// Metrics of the whole run.
pub fn conclude(job: &Job) {
    probe::add_metric("wake-ups", 0, executor::WAKE_UPS.load(Relaxed));
    probe::add_metric("idle-time", 2, executor::IDLE_TIME.load(Relaxed));
    if timing::COALESCED.load(Relaxed) != 0 {
        probe::add_metric("ticks-coalesced", 0, timing::COALESCED.load(Relaxed));
    }
    if matches!(job.workload, id::MASS_SPAWN | id::SPAWN_LIMIT) {
        probe::add_metric("actor-bytes", 1, population::ACTOR_BYTES as u32);
    }
    if job.workload == id::MAILBOX_FILL {
        probe::add_metric("mailbox-bytes", 1, population::FILL_BYTES as u32);
        probe::add_metric("queued-bytes-each", 1, population::SLOT_BYTES as u32);
    }
}

/// Spawns, or ends the run: the pools are laid out for the declared limits.
pub fn spawn<S, E>(spawner: Spawner, token: Result<SpawnToken<S>, E>) {
    match token {
        Ok(token) => spawner.spawn(token),
        Err(_) => crate::give_up(failure::LIMIT),
    }
}

//! litbench's workloads on Embassy, bare metal. The host writes a job into memory; the firmware does it,
//! leaves everything in the probe's block and stops.

#![no_std]
#![no_main]

#[cfg(feature = "alloc")]
extern crate alloc;

mod actors;
mod board;
mod executor;
#[cfg(feature = "alloc")]
mod heap;
mod interrupts;
#[cfg(feature = "trace")]
mod trace;
mod workloads;

use embassy_executor::Spawner;
use litbench_probe as probe;
use probe::failure;

fn main() -> ! {
    probe::start(board::HERTZ, board::counter());
    #[cfg(feature = "alloc")]
    heap::init();
    // SAFETY: the machine is set up; from here on interrupts may come.
    unsafe { critical_section_enable() };
    executor::run(|spawner| match driver(spawner) {
        Ok(token) => spawner.spawn(token),
        Err(_) => give_up(failure::LIMIT),
    })
}

/// Interrupts on, on cores that start with them off.
unsafe fn critical_section_enable() {
    #[cfg(target_arch = "riscv32")]
    riscv::interrupt::enable();
    #[cfg(target_arch = "arm")]
    cortex_m::interrupt::enable();
}

#[embassy_executor::task]
async fn driver(spawner: Spawner) {
    let job = workloads::Job::current();
    if let Err(code) = workloads::declare(&job) {
        give_up(code);
    }
    for _ in 0..job.iterations {
        let iteration = workloads::iterate(spawner, &job).await;
        probe::save_iteration(&iteration);
    }
    workloads::conclude(&job);
    #[cfg(feature = "alloc")]
    heap::conclude();
    probe::finish();
    board::stop();
}

/// Ends a run that cannot go on.
pub fn give_up(code: u32) -> ! {
    probe::fail(code);
    board::stop()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    give_up(failure::PANIC)
}

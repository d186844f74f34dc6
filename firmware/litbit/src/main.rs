//! One lit-bit actor with a mailbox of 8: litbench's `counting`. A producer floods the actor, which counts and folds.
//!
//! lit-bit's actor is a future; here a loop polls it whenever the mailbox is full, as its documentation suggests for
//! targets without an executor.

#![no_std]
#![no_main]

use core::cell::Cell;
use core::future::{Future, Ready, ready};
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::task::{Context, Waker};

use cortex_m::interrupt::Mutex;
use cortex_m_rt::entry;
use heapless::spsc::Queue;
use lit_bit_core::actor::{Actor, actor_task, create_mailbox};
use static_cell::StaticCell;

/// lit-bit's core links `alloc` even where nothing is allocated: this refuses whatever is asked for.
struct NoHeap;

// SAFETY: no block is ever given out.
unsafe impl core::alloc::GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: core::alloc::Layout) -> *mut u8 {
        core::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: core::alloc::Layout) {}
}

#[global_allocator]
static NO_HEAP: NoHeap = NoHeap;

/// The size that lit-bit's targets name.
const MAILBOX: usize = 8;

static QUEUE: StaticCell<Queue<u32, MAILBOX>> = StaticCell::new();
static HANDLED: AtomicU32 = AtomicU32::new(0);
/// `h` and the sum of litbench's fold.
static FOLD: Mutex<Cell<(u64, u64)>> = Mutex::new(Cell::new((0, 0)));

struct Counter {
    h: u64,
    sum: u64,
}

impl Actor for Counter {
    type Message = u32;
    type Future<'a> = Ready<()>;

    fn handle(&mut self, value: u32) -> Ready<()> {
        if value == 0 {
            (self.h, self.sum) = (0, 0);
        }
        let v = u64::from(value) + 1;
        self.h = self.h.wrapping_mul(31).wrapping_add(v);
        self.sum = self.sum.wrapping_add(v);
        cortex_m::interrupt::free(|cs| FOLD.borrow(cs).set((self.h, self.sum)));
        HANDLED.store(HANDLED.load(Relaxed) + 1, Relaxed);
        ready(())
    }
}

type Outbox = lit_bit_core::actor::Outbox<u32, MAILBOX>;

/// Sends `0..messages` and lets the actor run until it has handled them.
fn flood<F: Future>(mailbox: &mut Outbox, mut actor: Pin<&mut F>, messages: u32) {
    let mut context = Context::from_waker(Waker::noop());
    let mut poll = || {
        let _ = actor.as_mut().poll(&mut context);
    };
    HANDLED.store(0, Relaxed);
    for value in 0..messages {
        while mailbox.enqueue(value).is_err() {
            poll();
        }
    }
    while HANDLED.load(Relaxed) < messages {
        poll();
    }
}

#[entry]
fn main() -> ! {
    let (mut mailbox, inbox) = create_mailbox(&QUEUE);
    let actor = pin!(actor_task(Counter { h: 0, sum: 0 }, inbox));
    work(&mut mailbox, actor);
    stop()
}

#[cfg(not(feature = "probe"))]
fn work<F: Future>(mailbox: &mut Outbox, actor: Pin<&mut F>) {
    flood(mailbox, actor, 100);
}

#[cfg(feature = "probe")]
fn work<F: Future>(mailbox: &mut Outbox, mut actor: Pin<&mut F>) {
    use litbench_probe::{self as probe, Iteration, Run};
    const COUNTING: u32 = 2;
    probe::start(25_000_000, counter());
    let job = probe::job();
    let (workload, iterations, messages) =
        job.map_or((COUNTING, 3, 1000), |j| (j.workload, j.iterations, j.parameters[0]));
    if workload != COUNTING {
        probe::fail(probe::failure::UNKNOWN_WORKLOAD);
        return;
    }
    probe::run(&Run {
        workload,
        actors: 2,
        messages,
        message_bytes: 4,
        mailbox: MAILBOX as u32 - 1,
        extra: "total",
        ..Run::default()
    });
    for _ in 0..iterations {
        let start = probe::now();
        flood(mailbox, actor.as_mut(), messages);
        let end = probe::now();
        let (order, sum) = cortex_m::interrupt::free(|cs| FOLD.borrow(cs).get());
        let handled = HANDLED.load(Relaxed);
        probe::save_iteration(&Iteration {
            start,
            end,
            sent: messages,
            handled,
            order,
            sum,
            extra: u64::from(handled),
            ..Iteration::default()
        });
    }
    probe::finish();
}

/// CMSDK timer 0 of mps2-an385.
#[cfg(feature = "probe")]
fn counter() -> Option<litbench_probe::Counter> {
    const TIMER: *mut u32 = 0x4000_0000 as *mut u32;
    // SAFETY: the timer is used here only.
    unsafe {
        TIMER.add(2).write_volatile(!0);
        TIMER.add(1).write_volatile(!0);
        TIMER.write_volatile(1);
        let address = TIMER.add(1) as usize;
        Some(litbench_probe::Counter { address, invert: !0, mask: !0, hertz: 25_000_000 })
    }
}

fn stop() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    #[cfg(feature = "probe")]
    litbench_probe::fail(litbench_probe::failure::PANIC);
    stop()
}

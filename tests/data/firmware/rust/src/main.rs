//! Trait objects, generics, tail calls, formatting, panics and (by feature) a heap, without `std`.
#![no_std]
#![no_main]

use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering};

#[cfg(feature = "heap")]
extern crate alloc;

static SINK: AtomicU32 = AtomicU32::new(0);

fn sink(value: u32) {
    let old = SINK.load(Ordering::Relaxed);
    SINK.store(old ^ value, Ordering::Relaxed);
}

trait Actor {
    fn handle(&self, message: u32) -> u32;
}

struct Counter(u32);
struct Buffer<const N: usize>([u32; N]);

impl Actor for Counter {
    #[inline(never)]
    fn handle(&self, message: u32) -> u32 {
        self.0.wrapping_add(message)
    }
}

impl<const N: usize> Actor for Buffer<N> {
    #[inline(never)]
    fn handle(&self, message: u32) -> u32 {
        let mut local = [0u32; N];
        for (index, slot) in local.iter_mut().enumerate() {
            unsafe { core::ptr::write_volatile(slot, self.0[index].wrapping_mul(message)) };
        }
        unsafe { core::ptr::read_volatile(&local[message as usize % N]) }
    }
}

#[inline(never)]
fn deliver(actors: &[&dyn Actor], message: u32) -> u32 {
    actors.iter().map(|actor| actor.handle(message)).fold(0, u32::wrapping_add)
}

#[inline(never)]
fn generic<T: Copy + Into<u64>>(values: &[T]) -> u64 {
    let mut total = 0u64;
    for value in values {
        total = total.wrapping_mul(31).wrapping_add((*value).into());
    }
    total / 7
}

struct Line([u8; 64], usize);

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for byte in text.bytes() {
            *self.0.get_mut(self.1).ok_or(core::fmt::Error)? = byte;
            self.1 += 1;
        }
        Ok(())
    }
}

#[inline(never)]
fn formatted(value: u32) -> u32 {
    let mut line = Line([0; 64], 0);
    let _ = write!(line, "value {} {:08x}", value, value);
    line.0[line.1 - 1] as u32
}

#[cfg(feature = "heap")]
#[inline(never)]
fn boxed(value: u32) -> u32 {
    let list: alloc::vec::Vec<u32> = (0..value % 7 + 2).collect();
    list.iter().sum()
}

#[no_mangle]
extern "C" fn run() {
    let small = Counter(3);
    let large = Buffer::<24>([5; 24]);
    let huge = Buffer::<60>([7; 60]);
    sink(deliver(&[&small, &large, &huge], SINK.load(Ordering::Relaxed) + 11));
    sink(generic(&[1u32, 2, 3]) as u32);
    sink(generic(&[1u8, 2, 3]) as u32);
    sink(formatted(SINK.load(Ordering::Relaxed)));
    #[cfg(feature = "heap")]
    sink(boxed(5));
}

#[no_mangle]
extern "C" fn done() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[cfg(feature = "heap")]
mod heap {
    use core::alloc::{GlobalAlloc, Layout};
    use core::cell::UnsafeCell;

    struct Bump(UnsafeCell<[u8; 1024]>, UnsafeCell<usize>);
    unsafe impl Sync for Bump {}
    unsafe impl GlobalAlloc for Bump {
        #[inline(never)]
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let start = (*self.1.get() + layout.align() - 1) & !(layout.align() - 1);
            *self.1.get() = start + layout.size();
            self.0.get().cast::<u8>().add(start)
        }
        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }

    #[global_allocator]
    static HEAP: Bump = Bump(UnsafeCell::new([0; 1024]), UnsafeCell::new(0));
}

#[cfg(target_arch = "arm")]
mod start {
    #[repr(C)]
    pub union Vector {
        handler: unsafe extern "C" fn(),
        reserved: usize,
    }
    unsafe impl Sync for Vector {}

    extern "C" {
        static _stack_start: u8;
    }

    #[repr(C)]
    pub struct Table(*const u8, [Vector; 15]);
    unsafe impl Sync for Table {}

    const EMPTY: Vector = Vector { reserved: 0 };
    const IDLE: Vector = Vector { handler: DefaultHandler };

    #[link_section = ".vector_table"]
    #[no_mangle]
    pub static VECTORS: Table = Table(
        core::ptr::addr_of!(_stack_start),
        [
            Vector { handler: Reset },
            IDLE, IDLE, IDLE, IDLE, IDLE, EMPTY, EMPTY, EMPTY, EMPTY, IDLE, IDLE, EMPTY, IDLE,
            Vector { handler: SysTick },
        ],
    );

    #[no_mangle]
    unsafe extern "C" fn Reset() {
        super::run();
        super::done();
    }

    #[no_mangle]
    unsafe extern "C" fn DefaultHandler() {
        super::done();
    }

    #[no_mangle]
    unsafe extern "C" fn SysTick() {
        super::sink(super::formatted(7));
    }
}

#[cfg(target_arch = "riscv32")]
core::arch::global_asm!(
    ".section .text.start, \"ax\"",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    "la sp, _stack_start",
    "call run",
    "call done",
    ".size _start, . - _start",
);

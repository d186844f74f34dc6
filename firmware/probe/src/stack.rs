//! Stacks: painted before use, measured after.

use core::sync::atomic::Ordering::Relaxed;

use crate::block::{store_name, LITBENCH_PROBE};

/// The word that an untouched stack holds.
pub const PAINT: u32 = 0x5AC4_57AC;

/// Paints the stack from `low` up to a little below the current stack pointer and remembers it.
///
/// # Safety
/// `low..high` is this core's stack and nothing else; called from code that runs on it.
#[inline(never)]
pub unsafe fn paint(index: usize, name: &str, low: usize, high: usize) {
    let here = 0u32;
    let top = ((&raw const here as usize) - 64) & !3;
    let mut place = low;
    while place < top {
        (place as *mut u32).write_volatile(PAINT);
        place += 4;
    }
    if let Some(stack) = LITBENCH_PROBE.stacks.get(index) {
        store_name(&stack.name, name);
        stack.low.store(low as u32, Relaxed);
        stack.high.store(high as u32, Relaxed);
    }
}

/// Bytes of stack `index` that were ever written, as far as the paint shows.
pub fn watermark(index: usize) -> u32 {
    let Some(stack) = LITBENCH_PROBE.stacks.get(index) else { return 0 };
    let (low, high) = (stack.low.load(Relaxed), stack.high.load(Relaxed));
    let mut place = low;
    // SAFETY: within the stack given to `paint`.
    while place < high && unsafe { (place as usize as *const u32).read_volatile() } == PAINT {
        place += 4;
    }
    stack.untouched.store(place, Relaxed);
    high - place
}

pub(crate) fn measure() {
    for index in 0..LITBENCH_PROBE.stacks.len() {
        if LITBENCH_PROBE.stacks[index].high.load(Relaxed) != 0 {
            watermark(index);
        }
    }
}

//! A counting wrapper around whatever allocator the firmware has.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::Ordering::Relaxed;

use crate::block::{add, raise, LITBENCH_PROBE};

/// Counts what goes through the allocator `A`.
///
/// `used` tells how many bytes of its arena `A` has given out, so that the allocator's own rounding
/// and headers are seen: the difference to what was requested.
pub struct Counting<A> {
    inner: A,
    used: fn(&A) -> usize,
}

impl<A> Counting<A> {
    /// Wraps an allocator.
    pub const fn new(inner: A, used: fn(&A) -> usize) -> Self {
        Self { inner, used }
    }

    /// The allocator inside.
    pub fn inner(&self) -> &A {
        &self.inner
    }
}

impl<A: GlobalAlloc> Counting<A> {
    /// Declares the arena's size.
    pub fn declare(&self, capacity: usize) {
        LITBENCH_PROBE.heap.capacity.store(capacity as u32, Relaxed);
    }

    /// Finds the largest block that could be had now, by trying; not part of any measured region.
    pub fn measure_largest_free(&self) {
        let heap = &LITBENCH_PROBE.heap;
        let (mut good, mut bad) = (0, heap.capacity.load(Relaxed) as usize + 1);
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            // SAFETY: the layout has a size above zero, and the block is given back at once.
            unsafe {
                let layout = Layout::from_size_align_unchecked(middle, 4);
                let block = self.inner.alloc(layout);
                if block.is_null() {
                    bad = middle;
                } else {
                    self.inner.dealloc(block, layout);
                    good = middle;
                }
            }
        }
        heap.largest_free.store(good as u32, Relaxed);
    }
}

// SAFETY: everything is passed on to `A`.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = self.inner.alloc(layout);
        let heap = &LITBENCH_PROBE.heap;
        if block.is_null() {
            add(&heap.failures, 1);
            return block;
        }
        add(&heap.allocations, 1);
        let current = add(&heap.current, layout.size() as u32) + layout.size() as u32;
        raise(&heap.peak_requested, current);
        raise(&heap.peak_allocated, (self.used)(&self.inner) as u32);
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.inner.dealloc(block, layout);
        let heap = &LITBENCH_PROBE.heap;
        add(&heap.frees, 1);
        add(&heap.current, (layout.size() as u32).wrapping_neg());
    }
}

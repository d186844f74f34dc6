//! The heap of feature `alloc`: linked-list first fit, behind the counting wrapper.

use embedded_alloc::LlffHeap;
use litbench_probe::Counting;

const BYTES: usize = 48 * 1024;

static mut ARENA: [u8; BYTES] = [0; BYTES];

#[global_allocator]
static HEAP: Counting<LlffHeap> = Counting::new(LlffHeap::empty(), LlffHeap::used);

/// Gives the allocator its arena.
pub fn init() {
    // SAFETY: called once; the arena is used by nothing else.
    unsafe { HEAP.inner().init(&raw mut ARENA as usize, BYTES) };
    HEAP.declare(BYTES);
}

/// What is left, for the record.
pub fn conclude() {
    HEAP.measure_largest_free();
}

//! What measuring costs: ns a latency sample with and without the clock, and ns an allocation.

use std::hint::black_box;

use compare::interleave;
use litbench_adapter::{clock, Allocations, CountingAllocator, Recorder};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

const TIMES: u64 = 200_000;
const ROUNDS: usize = 101;

fn nanoseconds(mut work: impl FnMut(u64)) -> f64 {
    let start = clock::now();
    for number in 0..TIMES {
        work(number);
    }
    (clock::now() - start) as f64 / TIMES as f64
}

/// One sample as workloads take it: read the clock, subtract, count. Against an empty loop.
fn sample() -> bool {
    let recorder = Recorder::new();
    let begin = clock::now();
    interleave(
        ROUNDS,
        || nanoseconds(|_| recorder.record(clock::now() - black_box(begin))),
        || nanoseconds(|number| _ = black_box(number)),
    )
    .print_excess("latency sample", 30.0)
}

/// The same without the clock; latencies spread as they do in a busy mailbox.
fn bucket() -> bool {
    let recorder = Recorder::new();
    let spread = |number: u64| black_box(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 47);
    interleave(
        ROUNDS,
        || nanoseconds(|number| recorder.record(spread(number))),
        || nanoseconds(|number| _ = spread(number)),
    )
    .print_excess("  of which counting", 6.0)
}

/// An allocation and its release, counted against not.
fn allocation(bytes: usize, limit: f64) -> bool {
    let allocate = || nanoseconds(|_| drop(black_box(Vec::<u8>::with_capacity(black_box(bytes)))));
    interleave(
        ROUNDS,
        || {
            assert!(Allocations::begin());
            let time = allocate();
            Allocations::stop();
            time
        },
        allocate,
    )
    .print_excess(&format!("allocate and free {bytes} bytes"), limit)
}

fn main() {
    println!("{:<34} {:>9} {:>9}   (ns, the fastest of {ROUNDS})", "", "with", "without");
    compare::conclude(&[
        sample(),
        bucket(),
        allocation(16, 3.0),
        allocation(1024, 3.0),
        allocation(8192, 3.0),
        allocation(100_000, 30.0), // handed over at once, both times
    ]);
}

//! The counting allocator, installed. One test, as the counts are the whole process'.

use std::hint::black_box;
use std::sync::mpsc;
use std::thread;

use litbench_adapter::{Allocations, CountingAllocator};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

const HANDOVER: u64 = 16 * 1024;

fn since(before: Allocations) -> (u64, u64, i64) {
    let now = Allocations::now();
    (now.count - before.count, now.bytes - before.bytes, now.live as i64 - before.live as i64)
}

fn allocate(bytes: usize) -> Vec<u8> {
    black_box(Vec::with_capacity(bytes))
}

#[test]
fn counts() {
    off_until_asked();
    assert!(Allocations::begin(), "it is installed");
    let _base = allocate(1 << 20); // so that live stays above 0 whatever the harness frees
    counts_exactly();
    sees_growth();
    adds_up_over_threads();
    gives_slots_to_later_threads();
    finds_the_peak();
    Allocations::stop();
    stops();
}

fn off_until_asked() {
    let before = Allocations::now();
    drop(allocate(100));
    assert_eq!(since(before), (0, 0, 0));
}

fn counts_exactly() {
    let before = Allocations::now();
    let (first, second) = (allocate(100), allocate(5000));
    assert_eq!(since(before), (2, 5100, 5100));
    drop(first);
    assert_eq!(since(before), (2, 5100, 5000));
    drop(second);
    let zeroed = black_box(vec![0u8; 300]);
    assert_eq!(since(before), (3, 5400, 300));
    drop(zeroed);
    assert_eq!(since(before), (3, 5400, 0));
}

fn sees_growth() {
    let before = Allocations::now();
    let mut grown = allocate(100);
    grown.extend_from_slice(&[1; 100]);
    grown.reserve_exact(900);
    assert_eq!(since(before), (2, 1100, 1000));
    grown.shrink_to_fit();
    assert_eq!(since(before), (3, 1200, 100));
}

fn adds_up_over_threads() {
    const EACH: u64 = 10_000;
    let (sender, receiver) = mpsc::channel::<Vec<u8>>();
    let before = Allocations::now();
    // Freed on another thread than allocated.
    let freer = thread::spawn(move || receiver.into_iter().map(drop).count() as u64);
    let makers: Vec<_> = (0..4)
        .map(|_| {
            let sender = sender.clone();
            thread::spawn(move || (0..EACH).for_each(|_| sender.send(allocate(1000)).unwrap()))
        })
        .collect();
    makers.into_iter().for_each(|maker| maker.join().unwrap());
    drop(sender);
    assert_eq!(freer.join().unwrap(), 4 * EACH);
    let (count, bytes, live) = since(before);
    // The channel and the threads allocate too.
    assert!(count >= 4 * EACH && bytes >= 4 * EACH * 1000, "{count} {bytes}");
    assert!(live.unsigned_abs() < 100_000, "{live} bytes of {bytes} are still live");
}

/// More threads, one after another, than there would be if each kept its slot: counts stay right.
fn gives_slots_to_later_threads() {
    let before = Allocations::now();
    for _ in 0..200 {
        thread::spawn(|| drop(allocate(777))).join().unwrap();
    }
    let (count, bytes, live) = since(before);
    assert!(count >= 200 && bytes >= 200 * 777, "{count} {bytes}");
    assert!(live.unsigned_abs() < 20_000, "{live}");
}

fn finds_the_peak() {
    const HIGH: u64 = 10 << 20;
    Allocations::forget_peak();
    let base = Allocations::now().live;
    assert_eq!(Allocations::now().peak, base);
    let pieces: Vec<_> = (0..HIGH / 1024).map(|_| allocate(1024)).collect();
    let spine = (pieces.capacity() * size_of::<Vec<u8>>()) as u64;
    drop(pieces);
    let peak = Allocations::now().peak - base;
    // The vector of pieces is collected in one go, or grows and for a moment is there twice.
    assert!(peak + HANDOVER >= HIGH + spine, "{peak}");
    assert!(peak <= HIGH + 2 * spine + HANDOVER, "{peak}");
    Allocations::forget_peak();
    assert!(Allocations::now().peak <= base + HANDOVER);
}

fn stops() {
    let before = Allocations::now();
    let kept = allocate(100);
    assert_eq!(since(before), (0, 0, 0));
    drop(kept);
}

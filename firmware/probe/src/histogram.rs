//! Latency histograms in fixed memory: exact below 2^(bits+1), then `bits` bits below the leading one.

use core::sync::atomic::Ordering::Relaxed;

use crate::block::{add64, raise, store_name, LITBENCH_PROBE};
use crate::size::{HISTOGRAMS, HISTOGRAM_BITS};

/// Counts `value` in histogram `index`. One writer a histogram; an index out of range is ignored.
#[inline]
pub fn record(index: usize, value: u32) {
    if index >= HISTOGRAMS {
        return;
    }
    let head = &LITBENCH_PROBE.histograms[index];
    let count = head.count.load(Relaxed);
    if count == 0 || value < head.least.load(Relaxed) {
        head.least.store(value, Relaxed);
    }
    raise(&head.most, value);
    head.count.store(count.wrapping_add(1), Relaxed);
    add64(&head.sum, value);
    let bucket = &LITBENCH_PROBE.buckets[index][bucket_of(value)];
    bucket.store(bucket.load(Relaxed).wrapping_add(1), Relaxed);
}

/// Names a histogram; only named ones are reported.
pub fn name(index: usize, name: &str) {
    if let Some(head) = LITBENCH_PROBE.histograms.get(index) {
        store_name(&head.name, name);
        head.bits.store(HISTOGRAM_BITS as u32, Relaxed);
    }
}

fn bucket_of(value: u32) -> usize {
    let length = 32 - value.leading_zeros() as usize;
    let shift = length.saturating_sub(HISTOGRAM_BITS + 1);
    (shift << HISTOGRAM_BITS) + (value >> shift) as usize
}

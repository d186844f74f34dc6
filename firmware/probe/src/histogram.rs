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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::BUCKETS;

    #[test]
    fn small_values_are_exact_and_no_value_falls_outside() {
        for value in 0..2 << HISTOGRAM_BITS {
            assert_eq!(bucket_of(value), value as usize);
        }
        assert_eq!(bucket_of(u32::MAX), BUCKETS - 1);
    }

    #[test]
    fn buckets_never_go_down() {
        let mut last = 0;
        for shift in 2..32 {
            for value in [(1u32 << shift) - 1, 1 << shift, (1 << shift) + 1] {
                assert!(bucket_of(value) >= last);
                last = bucket_of(value);
            }
        }
    }

    #[test]
    fn a_recorded_value_is_counted_once() {
        name(0, "latency");
        record(0, 7);
        record(0, 900);
        record(HISTOGRAMS, 1);
        let head = &LITBENCH_PROBE.histograms[0];
        assert_eq!(head.count.load(Relaxed), 2);
        assert_eq!((head.least.load(Relaxed), head.most.load(Relaxed)), (7, 900));
        assert_eq!(head.sum[0].load(Relaxed), 907);
    }
}

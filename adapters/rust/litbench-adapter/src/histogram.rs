//! Latency histograms with three significant digits.

use std::sync::atomic::{AtomicU64, Ordering};

use thread_local::ThreadLocal;

use crate::counters::bump;

/// Values keep this many of their highest bits.
const BITS: u32 = 11;
const HALF: usize = 1 << (BITS - 1);
/// Enough for every 64-bit value: 440 kB, of which only touched pages take memory.
const BUCKETS: usize = (64 - BITS as usize + 2) * HALF;

/// Counts by value, for any 64-bit value, merging without loss.
///
/// Values below 2048 are exact; a larger one keeps its 11 highest bits.
///
/// ```
/// let mut histogram = litbench_adapter::Histogram::new();
/// histogram.record(7);
/// histogram.record(5001);
/// assert_eq!(histogram.sparse(), [(7, 1), (5000, 1)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: Box<[u64]>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// An empty histogram.
    #[must_use]
    pub fn new() -> Self {
        Self { counts: vec![0; BUCKETS].into_boxed_slice() }
    }

    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.counts[bucket(value)] += 1;
    }

    /// Adds all of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// (lowest value of the bucket, count), by value, without the empty ones.
    #[must_use]
    pub fn sparse(&self) -> Vec<(u64, u64)> {
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, &count)| count > 0)
            .map(|(index, &count)| (lowest(index), count))
            .collect()
    }
}

/// A histogram that many threads record to at once, each in buckets of its own.
///
/// Recording costs a few nanoseconds beside the reading of the clock.
#[derive(Debug, Default)]
pub struct Recorder {
    threads: ThreadLocal<Box<[AtomicU64]>>,
}

impl Recorder {
    /// An empty recorder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one value.
    #[inline]
    pub fn record(&self, value: u64) {
        let counts = self.threads.get_or(|| (0..BUCKETS).map(|_| AtomicU64::new(0)).collect());
        bump(&counts[bucket(value)], 1);
    }

    /// What all threads have recorded; exact once they have been waited for.
    #[must_use]
    pub fn histogram(&self) -> Histogram {
        let mut merged = Histogram::new();
        for counts in &self.threads_iter() {
            for (sum, count) in merged.counts.iter_mut().zip(counts.iter()) {
                *sum += count.load(Ordering::Acquire);
            }
        }
        merged
    }

    fn threads_iter(&self) -> Vec<&[AtomicU64]> {
        self.threads.iter().map(|counts| &**counts).collect()
    }
}

/// The bucket of a value; buckets are numbered without gaps, in the order of their values.
#[inline]
fn bucket(value: u64) -> usize {
    let shift = (u64::BITS - BITS).saturating_sub(value.leading_zeros());
    shift as usize * HALF + (value >> shift) as usize
}

/// The lowest value in a bucket.
fn lowest(bucket: usize) -> u64 {
    let shift = (bucket / HALF).saturating_sub(1);
    ((bucket - shift * HALF) as u64) << shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The scheme in the words of PROTOCOL.md.
    fn as_specified(value: u64) -> u64 {
        if value < 2048 {
            return value;
        }
        let shift = (64 - value.leading_zeros()) - 11;
        value >> shift << shift
    }

    #[test]
    fn edges_of_buckets() {
        for value in
            [0, 1, 2047, 2048, 2049, 2050, 4095, 4096, 4099, 88_065, u64::MAX - 1, u64::MAX]
        {
            assert_eq!(lowest(bucket(value)), as_specified(value), "{value}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn buckets_are_numbered_without_gaps() {
        for index in 0..BUCKETS {
            assert_eq!(bucket(lowest(index)), index);
        }
    }

    #[test]
    fn threads_merge_without_loss() {
        let recorder = Recorder::new();
        std::thread::scope(|scope| {
            for thread in 0..4u64 {
                let recorder = &recorder;
                scope.spawn(move || {
                    (0..1_000).for_each(|value| recorder.record(value * (thread + 1)))
                });
            }
        });
        let histogram = recorder.histogram();
        assert_eq!(histogram.count(), 4_000);
        assert_eq!(histogram.sparse()[0], (0, 4));
    }

    proptest! {
        #[test]
        fn follows_the_protocol(value: u64, shift in 0u32..64) {
            let value = value >> shift;
            prop_assert_eq!(lowest(bucket(value)), as_specified(value));
        }

        #[test]
        fn keeps_three_digits(value in 1u64.., shift in 0u32..63) {
            let value = (value >> shift).max(1);
            let kept = lowest(bucket(value));
            prop_assert!(kept <= value && (value - kept) as f64 / (value as f64) < 1.0 / 1024.0);
        }

        #[test]
        fn merging_is_recording_everything(left: Vec<u64>, right: Vec<u64>) {
            let of = |values: &[u64]| {
                let mut histogram = Histogram::new();
                values.iter().for_each(|&value| histogram.record(value));
                histogram
            };
            let mut merged = of(&left);
            merged.merge(&of(&right));
            prop_assert_eq!(merged.count(), (left.len() + right.len()) as u64);
            prop_assert_eq!(merged, of(&[left, right].concat()));
        }
    }
}

//! Sums that many threads add to without meeting.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

use thread_local::ThreadLocal;

/// `N` sums, modulo 2^64, to which any thread adds at the cost of a few plain loads and stores.
///
/// Each thread has cells of its own, on cache lines of its own, and only it writes them. A sum that is
/// read while threads add is some earlier state of each thread's part; once what was counted has been
/// waited for, it is exact.
#[derive(Debug, Default)]
pub struct Counters<const N: usize> {
    threads: ThreadLocal<Cells<N>>,
}

/// Two cache lines, since processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct Cells<const N: usize>([AtomicU64; N]);

impl<const N: usize> Counters<N> {
    /// All sums at 0.
    #[must_use]
    pub fn new() -> Self {
        Self { threads: ThreadLocal::new() }
    }

    /// Adds to every sum.
    #[inline]
    pub fn add(&self, amounts: [u64; N]) {
        let cells = self.threads.get_or(|| Cells(array::from_fn(|_| AtomicU64::new(0))));
        for (cell, amount) in cells.0.iter().zip(amounts) {
            bump(cell, amount);
        }
    }

    /// Adds to one sum.
    #[inline]
    pub fn add_to(&self, index: usize, amount: u64) {
        let cells = self.threads.get_or(|| Cells(array::from_fn(|_| AtomicU64::new(0))));
        bump(&cells.0[index], amount);
    }

    /// All sums over all threads.
    #[must_use]
    pub fn totals(&self) -> [u64; N] {
        array::from_fn(|index| self.total(index))
    }

    /// One sum over all threads. What was added before an addition that it includes, is included in
    /// sums read later.
    #[must_use]
    pub fn total(&self, index: usize) -> u64 {
        self.threads
            .iter()
            .fold(0, |sum: u64, cells| sum.wrapping_add(cells.0[index].load(Ordering::Acquire)))
    }
}

/// Adds to a cell that only this thread writes: no atomic read-modify-write is needed.
#[inline]
pub(crate) fn bump(cell: &AtomicU64, amount: u64) {
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Release);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_over_threads() {
        let counters = Counters::<2>::new();
        std::thread::scope(|scope| {
            for thread in 1..=4 {
                let counters = &counters;
                scope.spawn(move || (0..10_000).for_each(|_| counters.add([1, thread])));
            }
        });
        counters.add_to(1, 5);
        assert_eq!(counters.totals(), [40_000, 100_005]);
    }

    #[test]
    fn wraps_around() {
        let counters = Counters::<1>::new();
        counters.add([u64::MAX]);
        counters.add([3]);
        assert_eq!(counters.totals(), [2]);
    }
}

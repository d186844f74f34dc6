//! The checksum that makes a handler's work visible.

/// What one receiver saw from one sender: changes when a value is lost, repeated, reordered or altered.
///
/// For each value `v`: `order = order * 31 + (v + 1)` and `sum = sum + (v + 1)`, modulo 2^64, from 0.
///
/// ```
/// let mut fold = litbench_adapter::Fold::new();
/// fold.push(0);
/// fold.push(1);
/// assert_eq!((fold.order(), fold.sum()), (33, 3));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    order: u64,
    sum: u64,
}

impl Fold {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { order: 0, sum: 0 }
    }

    /// Folds the next value in.
    #[inline]
    pub fn push(&mut self, value: u64) {
        let term = value.wrapping_add(1);
        self.order = self.order.wrapping_mul(31).wrapping_add(term);
        self.sum = self.sum.wrapping_add(term);
    }

    /// The `order` checksum, called `h` in the protocol.
    #[must_use]
    pub const fn order(&self) -> u64 {
        self.order
    }

    /// The `sum` checksum.
    #[must_use]
    pub const fn sum(&self) -> u64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Fold {
        let mut fold = Fold::new();
        values.iter().for_each(|&value| fold.push(value));
        fold
    }

    #[test]
    fn wraps_around() {
        let fold = of(&[u64::MAX, u64::MAX - 1, 5]);
        assert_eq!(fold.sum(), 5); // 0 + (2^64 - 1) + 6
        assert_eq!(fold.order(), u64::MAX.wrapping_mul(31).wrapping_add(6));
    }

    proptest! {
        #[test]
        fn sees_a_swap(values in prop::collection::vec(0u64..1_000_000, 2..50), at in 0usize..48) {
            let at = at % (values.len() - 1);
            let mut swapped = values.clone();
            swapped.swap(at, at + 1);
            prop_assert_eq!(of(&values).sum(), of(&swapped).sum());
            prop_assert_eq!(of(&values).order() == of(&swapped).order(), values == swapped);
        }

        #[test]
        fn sees_a_loss(values in prop::collection::vec(0u64..1_000_000, 1..50), at in 0usize..50) {
            let mut lossy = values.clone();
            lossy.remove(at % values.len());
            prop_assert_ne!(of(&values), of(&lossy));
        }
    }
}

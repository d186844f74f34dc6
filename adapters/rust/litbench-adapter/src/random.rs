//! What workloads draw at random, and what they compute: the same in every adapter.

/// Marsaglia's xorshift64 (13, 7, 17), started by an actor's number.
#[derive(Clone, Copy, Debug)]
pub struct Xorshift(u64);

impl Xorshift {
    /// For actor number `number`.
    pub fn of(number: u64) -> Self {
        Self((number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// One step, and its result.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// So many steps of Knuth's MMIX linear congruential generator.
#[inline]
pub fn work(value: u64, steps: u64) -> u64 {
    (0..steps).fold(value, |v, _| {
        v.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_the_protocol_defines() {
        // Computed from the words of PROTOCOL.md in Python's integers.
        let mut random = Xorshift::of(0);
        assert_eq!([random.draw(), random.draw()], DRAWN);
        assert_eq!(work(7, 0), 7);
        assert_eq!(work(7, 37), WORKED);
    }

    const DRAWN: [u64; 2] = [15_860_402_102_123_842_989, 7_273_575_876_580_499_574];
    const WORKED: u64 = 8_138_011_340_906_584_446;
}

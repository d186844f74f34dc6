//! The monotonic clock that everything is timed with, and what it costs to read.

use crate::protocol::ClockDescription;

/// Nanoseconds on `CLOCK_MONOTONIC`: only differences mean anything.
#[inline]
#[must_use]
pub fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec to write to; CLOCK_MONOTONIC exists on every Unix.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    // Both are never negative, so the casts lose nothing.
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Measures, in about 2 ms, the median cost of a reading and the smallest step the clock makes.
#[must_use]
pub fn calibrate() -> ClockDescription {
    ClockDescription { name: "CLOCK_MONOTONIC", unit: "ns", cost: cost(), resolution: resolution() }
}

fn cost() -> f64 {
    const BATCHES: usize = 31;
    const READINGS: u32 = 1_000;
    let mut costs: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let start = now();
            for _ in 1..READINGS {
                std::hint::black_box(now());
            }
            (now() - start) as f64 / f64::from(READINGS)
        })
        .collect();
    costs.sort_by(f64::total_cmp);
    costs[BATCHES / 2]
}

fn resolution() -> f64 {
    let mut before = now();
    let mut least = u64::MAX;
    for _ in 0..10_000 {
        let after = now();
        if after > before {
            least = least.min(after - before);
        }
        before = after;
    }
    // Steps are seen no finer than two readings are apart, so ask the system for what lies below.
    least.min(reported_resolution()) as f64
}

fn reported_resolution() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec to write to.
    let failed = unsafe { libc::clock_getres(libc::CLOCK_MONOTONIC, &mut time) } != 0;
    if failed || time.tv_nsec < 1 {
        return u64::MAX;
    }
    time.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_runs_backwards() {
        let readings: Vec<u64> = (0..10_000).map(|_| now()).collect();
        assert!(readings.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn follows_the_standard_clock() {
        let (start, instant) = (now(), std::time::Instant::now());
        std::thread::sleep(std::time::Duration::from_millis(20));
        let truth = instant.elapsed().as_nanos() as u64;
        let elapsed = now() - start;
        assert!(elapsed >= truth, "{elapsed} is less than the {truth} measured inside it");
        assert!(elapsed >= 20_000_000);
    }

    #[test]
    fn calibration_is_plausible() {
        let clock = calibrate();
        assert!(clock.cost > 1.0, "a reading cannot be free: {}", clock.cost);
        assert!(clock.resolution >= 1.0 && clock.resolution < 1e9);
    }
}

//! Readings of memory around the life of actors and messages.

use std::fs::File;
use std::io::Read;

use crate::allocator::Allocations;

/// Memory at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Live bytes in the allocator, where a counting one is installed and on.
    pub live: Option<u64>,
    /// The resident set in bytes, where the system tells.
    pub resident: Option<u64>,
}

impl Reading {
    /// Reads now. `counting` says whether the allocator counts ([`Allocations::begin`]).
    #[must_use]
    pub fn take(counting: bool) -> Self {
        Self { live: counting.then(|| Allocations::now().live), resident: resident() }
    }
}

/// The three readings of a memory run's iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryReadings {
    /// Before the actors or messages exist.
    pub before: Reading,
    /// While they do.
    pub loaded: Reading,
    /// After they are gone.
    pub after: Reading,
}

/// This process' resident set in bytes; `None` where the system does not tell.
///
/// From `/proc/self/smaps_rollup`, which is exact where `statm` is behind by up to 64 pages a processor;
/// it takes about 0.1 ms for each 10 MB.
#[must_use]
pub fn resident() -> Option<u64> {
    let mut text = [0u8; 4096]; // on the stack: a reading must not change what it reads
    let mut file = File::open("/proc/self/smaps_rollup").ok()?;
    let mut length = 0;
    while length < text.len() {
        match file.read(&mut text[length..]).ok()? {
            0 => break,
            more => length += more,
        }
    }
    rss_of(std::str::from_utf8(&text[..length]).ok()?)
}

/// Gives free memory back to the system, where the C library can, so that the next iteration of a memory
/// run does not find it resident already.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: always allowed.
    unsafe {
        libc::malloc_trim(0);
    }
}

fn rss_of(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernel_s_format() {
        let text = "55d0-7ffc ---p 00000000 00:00 0    [rollup]\nRss:                1234 kB\nPss:  5 kB\n";
        assert_eq!(rss_of(text), Some(1234 * 1024));
        assert_eq!(rss_of("Pss: 1 kB\n"), None);
        assert_eq!(rss_of("Rss: many kB\n"), None);
        assert_eq!(rss_of("Rss: 18446744073709551615 kB\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn sees_memory_come_and_go() {
        const BYTES: usize = 64 << 20;
        let before = resident().unwrap();
        let memory = std::hint::black_box(vec![1u8; BYTES]);
        let loaded = resident().unwrap();
        drop(memory);
        let after = resident().unwrap();
        assert!(loaded >= before + BYTES as u64 * 9 / 10, "{before} -> {loaded}");
        assert!(after < loaded - BYTES as u64 / 2, "{loaded} -> {after}");
    }
}

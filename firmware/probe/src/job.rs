//! The job: what the host wants done, put into memory before the firmware starts.
//!
//! Its place is the linker symbol `LITBENCH_JOB`, in RAM that no section covers. A firmware that takes
//! no jobs leaves the symbol undefined: the crate then provides nothing there (weak), and `job()` is None.

/// What the host wants done.
#[repr(C)]
pub struct Job {
    magic: [u8; 8],
    version: u32,
    /// Which workload; the firmware knows the numbers.
    pub workload: u32,
    /// How often.
    pub iterations: u32,
    /// Bit 0: also time each message. Bit 1: stop the machine when done (emulators).
    pub flags: u32,
    /// `now = count * [0] >> [1]` in instructions, when the cycle counter is the clock; 0 leaves it.
    pub cycle_scale: [u32; 2],
    /// The same for the board's counter.
    pub counter_scale: [u32; 2],
    /// The workload's parameters, in the catalogue's order.
    pub parameters: [u32; 8],
    checksum: u32,
}

const WORDS: usize = core::mem::size_of::<Job>() / 4;

#[cfg(target_os = "none")]
core::arch::global_asm!(".weak LITBENCH_JOB");

#[cfg(target_os = "none")]
fn place() -> *const u32 {
    extern "C" {
        static LITBENCH_JOB: [u32; WORDS];
    }
    (&raw const LITBENCH_JOB).cast()
}

#[cfg(not(target_os = "none"))]
fn place() -> *const u32 {
    core::ptr::null()
}

/// The job, when there is one and it is whole.
pub fn job() -> Option<&'static Job> {
    let place = core::hint::black_box(place());
    if place.is_null() {
        return None;
    }
    // SAFETY: the linker script reserves the words; the host writes them before the core runs.
    let (job, words) = unsafe { (&*place.cast::<Job>(), core::slice::from_raw_parts(place, WORDS)) };
    let sum = words[..WORDS - 1].iter().fold(0u32, |sum, word| sum.rotate_left(1) ^ word);
    (job.magic == *b"LITBJOB1" && job.version == 1 && job.checksum == sum).then_some(job)
}

impl Job {
    /// Whether each message is to be timed.
    pub fn latency(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether to stop the machine when done.
    pub fn stops(&self) -> bool {
        self.flags & 2 != 0
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_no_job_where_nobody_wrote_one() {
        assert!(super::job().is_none());
    }
}

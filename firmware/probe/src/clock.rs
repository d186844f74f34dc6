//! The time base, chosen by trying: what does not advance is not used.
//!
//! Arm: DWT CYCCNT, then the board's own counter, then SysTick. RISC-V: `mcycle`, then the board's.

use core::sync::atomic::Ordering::Relaxed;

use crate::block::LITBENCH_PROBE;
use crate::job::Job;

/// What one step of the clock is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Unit {
    /// Processor cycles.
    Cycles = 1,
    /// Executed instructions (an emulator that counts them, told by the job).
    Instructions = 2,
    /// Ticks of a timer at `hertz`.
    Ticks = 3,
}

/// A free-running counter in memory: `(read(address) ^ invert) & mask` counts up at `hertz`.
#[derive(Clone, Copy)]
pub struct Counter {
    /// Where the counter's register is.
    pub address: usize,
    /// All ones for a counter that counts down.
    pub invert: u32,
    /// Its width, as a mask of low bits.
    pub mask: u32,
    /// Its frequency.
    pub hertz: u32,
}

/// How the clock is read; kept in the block for the reader.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Source {
    None = 0,
    CycleCounter = 1,
    Board = 2,
    #[cfg(target_arch = "arm")]
    SysTick = 3,
}

#[cfg(target_arch = "arm")]
mod core_counter {
    use super::Counter;

    const DEMCR: *mut u32 = 0xE000_EDFC as *mut u32;
    const DWT_CTRL: *mut u32 = 0xE000_1000 as *mut u32;
    const DWT_CYCCNT: usize = 0xE000_1004;
    const SYST: *mut u32 = 0xE000_E010 as *mut u32;

    pub fn cycles(hertz: u32) -> Counter {
        // SAFETY: architectural registers of Armv7-M; where the unit is missing they read as zero.
        unsafe {
            DEMCR.write_volatile(DEMCR.read_volatile() | 1 << 24);
            DWT_CTRL.write_volatile(DWT_CTRL.read_volatile() | 1);
        }
        Counter { address: DWT_CYCCNT, invert: 0, mask: !0, hertz }
    }

    pub fn systick(hertz: u32) -> Counter {
        // SAFETY: architectural registers. The first value after enabling is not to be used.
        unsafe {
            SYST.add(1).write_volatile(0x00FF_FFFF);
            SYST.add(2).write_volatile(0);
            SYST.write_volatile(0b101);
            SYST.add(2).read_volatile();
        }
        Counter { address: 0xE000_E018, invert: 0x00FF_FFFF, mask: 0x00FF_FFFF, hertz }
    }
}

/// Chooses the first counter that advances.
pub(crate) fn choose(hertz: u32, board: Option<Counter>) {
    let of_board = || board.is_some_and(|counter| try_counter(Source::Board, Unit::Ticks, counter));
    #[cfg(target_arch = "arm")]
    let found = try_counter(Source::CycleCounter, Unit::Cycles, core_counter::cycles(hertz))
        || of_board()
        || try_counter(Source::SysTick, Unit::Cycles, core_counter::systick(hertz));
    #[cfg(target_arch = "riscv32")]
    let found = {
        let mcycle = Counter { address: 0, invert: 0, mask: !0, hertz };
        try_counter(Source::CycleCounter, Unit::Cycles, mcycle) || of_board()
    };
    #[cfg(not(any(target_arch = "arm", target_arch = "riscv32")))]
    let found = {
        let _ = hertz;
        of_board()
    };
    if !found {
        give_up();
    }
}

/// No counter advances: what is read from now on is a word that does not change.
fn give_up() {
    let clock = &LITBENCH_PROBE.clock;
    clock.kind.store(Source::None as u32, Relaxed);
    clock.address.store(&raw const clock.kind as usize as u32, Relaxed);
}

fn try_counter(source: Source, unit: Unit, counter: Counter) -> bool {
    let clock = &LITBENCH_PROBE.clock;
    clock.kind.store(source as u32, Relaxed);
    clock.unit.store(unit as u32, Relaxed);
    clock.hertz.store(counter.hertz, Relaxed);
    clock.mask.store(counter.mask, Relaxed);
    clock.invert.store(counter.invert, Relaxed);
    clock.address.store(counter.address as u32, Relaxed);
    clock.multiply.store(1, Relaxed);
    clock.shift.store(0, Relaxed);
    let first = raw();
    (0..200).any(|_| raw() != first)
}

/// Takes the host's word for what a tick is: on an emulator that counts instructions it knows.
pub(crate) fn apply_scale(job: Option<&Job>) {
    let Some(job) = job else { return };
    let clock = &LITBENCH_PROBE.clock;
    let scale = match clock.kind.load(Relaxed) {
        kind if kind == Source::CycleCounter as u32 => job.cycle_scale,
        kind if kind == Source::Board as u32 => job.counter_scale,
        _ => return,
    };
    if scale[0] != 0 {
        clock.multiply.store(scale[0], Relaxed);
        clock.shift.store(scale[1], Relaxed);
        clock.unit.store(Unit::Instructions as u32, Relaxed);
    }
}

/// The counter as it stands in its register.
#[inline(always)]
pub fn raw() -> u32 {
    let address = LITBENCH_PROBE.clock.address.load(Relaxed);
    #[cfg(target_arch = "riscv32")]
    if address == 0 {
        let value: u32;
        // SAFETY: reads a counter.
        unsafe { core::arch::asm!("csrr {}, mcycle", out(reg) value, options(nostack)) };
        return value;
    }
    // SAFETY: the address is that of a counter's register, found to advance in `choose`; or of a word
    // of the block, where there is none. Before `start` it is 0, where Cortex-M has its vector table.
    unsafe { (address as *const u32).read_volatile() }
}

/// The time in the clock's unit, counting up. It wraps; see [`elapsed`].
#[inline(always)]
pub fn now() -> u32 {
    let clock = &LITBENCH_PROBE.clock;
    let count = raw() ^ clock.invert.load(Relaxed);
    let scaled = u64::from(count) * u64::from(clock.multiply.load(Relaxed));
    (scaled >> (clock.shift.load(Relaxed) & 63)) as u32
}

/// From one reading of [`now`] to a later one, over at most one wrap of an unscaled counter.
#[inline(always)]
pub fn elapsed(start: u32, end: u32) -> u32 {
    end.wrapping_sub(start) & LITBENCH_PROBE.clock.mask.load(Relaxed)
}

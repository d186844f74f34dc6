//! What differs between the boards: start-up, timers, interrupts, waiting and stopping.

#[cfg(target_arch = "arm")]
mod mps2_an385;
#[cfg(target_arch = "riscv32")]
mod virt_rv32;

#[cfg(target_arch = "arm")]
pub use mps2_an385::*;
#[cfg(target_arch = "riscv32")]
pub use virt_rv32::*;

/// Start-up's memory work: copies `.data`, clears `.bss`.
///
/// # Safety
/// Called once, before anything in those sections is used.
unsafe fn init_memory() {
    extern "C" {
        static mut _data_start: u32;
        static mut _data_end: u32;
        static _data_load: u32;
        static mut _bss_start: u32;
        static mut _bss_end: u32;
    }
    let mut from = &raw const _data_load;
    let mut to = &raw mut _data_start;
    while to < &raw mut _data_end {
        to.write_volatile(from.read_volatile());
        (from, to) = (from.add(1), to.add(1));
    }
    let mut to = &raw mut _bss_start;
    while to < &raw mut _bss_end {
        to.write_volatile(0);
        to = to.add(1);
    }
}

/// Paints the main stack.
fn paint_stack() {
    extern "C" {
        static _stack_low: u32;
        static _stack_top: u32;
    }
    // SAFETY: the linker script keeps this range for the main stack.
    unsafe {
        let (low, top) = (&raw const _stack_low as usize, &raw const _stack_top as usize);
        litbench_probe::paint(0, "main", low, top);
    }
}

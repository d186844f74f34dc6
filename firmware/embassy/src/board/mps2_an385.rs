//! mps2-an385: Cortex-M3 at 25 MHz, CMSDK timers.

use core::arch::asm;

use litbench_probe::{failure, Counter};

/// The core's and the timers' frequency.
pub const HERTZ: u32 = 25_000_000;
/// How this board waits, for the probe's run section: WFE.
pub const IDLE: u32 = 1;
/// Interrupt numbers, as they appear in events.
pub const TIMER_INTERRUPT: u8 = 9;
/// The same for the software interrupt.
pub const SOFTWARE_INTERRUPT: u8 = 31;

const TIMER0: *mut u32 = 0x4000_0000 as *mut u32;
const TIMER1: *mut u32 = 0x4000_1000 as *mut u32;
const NVIC_ENABLE: *mut u32 = 0xE000_E100 as *mut u32;
const NVIC_DISABLE: *mut u32 = 0xE000_E180 as *mut u32;
const NVIC_PEND: *mut u32 = 0xE000_E200 as *mut u32;
const NVIC_PRIORITY: *mut u8 = 0xE000_E400 as *mut u8;
const AIRCR: *mut u32 = 0xE000_ED0C as *mut u32;

/// Registers of a CMSDK timer, in words.
const CONTROL: usize = 0;
const VALUE: usize = 1;
const RELOAD: usize = 2;
const CLEAR: usize = 3;

type Vector = unsafe extern "C" fn();

#[repr(C)]
struct Vectors {
    stack: *const u32,
    reset: unsafe extern "C" fn() -> !,
    system: [Vector; 14],
    interrupts: [Vector; 32],
}
// SAFETY: constants.
unsafe impl Sync for Vectors {}

extern "C" {
    static _stack_top: u32;
}

#[link_section = ".vector_table"]
#[used]
static VECTORS: Vectors = Vectors {
    stack: &raw const _stack_top,
    reset,
    system: [fault; 14],
    interrupts: {
        let mut table: [Vector; 32] = [fault; 32];
        table[TIMER_INTERRUPT as usize] = timer_handler;
        table[SOFTWARE_INTERRUPT as usize] = software_handler;
        table
    },
};

#[no_mangle]
unsafe extern "C" fn reset() -> ! {
    super::init_memory();
    super::paint_stack();
    crate::main()
}

unsafe extern "C" fn fault() {
    litbench_probe::fail(failure::FAULT);
    stop();
}

unsafe extern "C" fn timer_handler() {
    TIMER1.add(CLEAR).write_volatile(1);
    crate::interrupts::on_timer();
}

unsafe extern "C" fn software_handler() {
    crate::interrupts::on_software();
}

/// A free-running 32-bit counter: timer 0, counting down.
pub fn counter() -> Option<Counter> {
    // SAFETY: timer 0 is used here only.
    unsafe {
        TIMER0.add(RELOAD).write_volatile(!0);
        TIMER0.add(VALUE).write_volatile(!0);
        TIMER0.add(CONTROL).write_volatile(1);
        Some(Counter { address: TIMER0.add(VALUE) as usize, invert: !0, mask: !0, hertz: HERTZ })
    }
}

/// Ticks of the interrupt timer in one instruction of the emulator's, as a fraction.
pub const TICKS_PER_INSTRUCTION: (u32, u32) = (8, 5);

/// Starts the periodic timer interrupt; `period` in ticks of 40 ns.
pub fn start_timer(period: u32) {
    // SAFETY: timer 1 is used here only.
    unsafe {
        NVIC_PRIORITY.add(TIMER_INTERRUPT as usize).write_volatile(0x20);
        NVIC_ENABLE.write_volatile(1 << TIMER_INTERRUPT);
        TIMER1.add(RELOAD).write_volatile(period - 1);
        TIMER1.add(VALUE).write_volatile(period - 1);
        TIMER1.add(CONTROL).write_volatile(0b1001);
    }
}

/// Stops it.
pub fn stop_timer() {
    // SAFETY: as above.
    unsafe {
        TIMER1.add(CONTROL).write_volatile(0);
        TIMER1.add(CLEAR).write_volatile(1);
        NVIC_DISABLE.write_volatile(1 << TIMER_INTERRUPT);
    }
}

/// Makes the software interrupt usable, at a lower priority than the timer.
pub fn enable_software_interrupt() {
    // SAFETY: the handler is in the vector table.
    unsafe {
        NVIC_PRIORITY.add(SOFTWARE_INTERRUPT as usize).write_volatile(0x40);
        NVIC_ENABLE.write_volatile(1 << SOFTWARE_INTERRUPT);
    }
}

/// Raises the software interrupt.
pub fn pend_software_interrupt() {
    // SAFETY: setting a pending bit; the barriers make it taken before the next instruction.
    unsafe {
        NVIC_PEND.write_volatile(1 << SOFTWARE_INTERRUPT);
        asm!("dsb", "isb", options(nostack));
    }
}

/// Waits until `signal` or an interrupt. WFE, since WFI with QEMU's `sleep=off` miscounts time.
#[inline(always)]
pub fn wait() {
    // SAFETY: waits for an event.
    unsafe { asm!("wfe", options(nostack)) }
}

/// Wakes `wait`.
#[inline(always)]
pub fn signal() {
    // SAFETY: sets the event register.
    unsafe { asm!("sev", options(nomem, nostack)) }
}

/// Stops the machine where the job asks for it (a reset, which the emulator turns into its end).
pub fn stop() -> ! {
    cortex_m::interrupt::disable();
    if litbench_probe::job().is_some_and(|job| job.stops()) {
        // SAFETY: system reset request.
        unsafe {
            AIRCR.write_volatile(0x05FA_0004);
            asm!("dsb", options(nostack));
        }
    }
    litbench_probe::litbench_exit()
}

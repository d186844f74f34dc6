//! QEMU's virt machine: RV32IMAC, CLINT timer at 10 MHz.

use core::arch::{asm, global_asm};

use litbench_probe::{failure, Counter};

/// Unknown: the emulator counts instructions.
pub const HERTZ: u32 = 0;
/// How this board waits, for the probe's run section: WFI.
pub const IDLE: u32 = 2;
/// Interrupt numbers (`mcause`), as they appear in events.
pub const TIMER_INTERRUPT: u8 = 7;
/// The same for the software interrupt.
pub const SOFTWARE_INTERRUPT: u8 = 3;

const SOFTWARE: *mut u32 = 0x0200_0000 as *mut u32;
const TIME_COMPARE: *mut u32 = 0x0200_4000 as *mut u32;
const TIME: *mut u32 = 0x0200_BFF8 as *mut u32;
const TEST: *mut u32 = 0x0010_0000 as *mut u32;

global_asm!(
    r#"
    .section .text.start, "ax"
    .global _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, _stack_top
    la t0, trap_entry
    csrw mtvec, t0
    j reset

    .section .text.trap_entry, "ax"
    .align 2
    .global trap_entry
    .type trap_entry, @function
trap_entry:
    addi sp, sp, -64
    sw ra, 0(sp)
    sw t0, 4(sp)
    sw t1, 8(sp)
    sw t2, 12(sp)
    sw t3, 16(sp)
    sw t4, 20(sp)
    sw t5, 24(sp)
    sw t6, 28(sp)
    sw a0, 32(sp)
    sw a1, 36(sp)
    sw a2, 40(sp)
    sw a3, 44(sp)
    sw a4, 48(sp)
    sw a5, 52(sp)
    sw a6, 56(sp)
    sw a7, 60(sp)
    csrr a0, mcause
    call trap_handler
    lw ra, 0(sp)
    lw t0, 4(sp)
    lw t1, 8(sp)
    lw t2, 12(sp)
    lw t3, 16(sp)
    lw t4, 20(sp)
    lw t5, 24(sp)
    lw t6, 28(sp)
    lw a0, 32(sp)
    lw a1, 36(sp)
    lw a2, 40(sp)
    lw a3, 44(sp)
    lw a4, 48(sp)
    lw a5, 52(sp)
    lw a6, 56(sp)
    lw a7, 60(sp)
    addi sp, sp, 64
    mret
    .size trap_entry, . - trap_entry
"#
);

static mut PERIOD: u32 = 0;
static mut DEADLINE: u64 = 0;

/// Sets the timer's next interrupt to `DEADLINE`.
///
/// QEMU's timer fires 100 * mtimecmp plus the place of the last store to mtimecmp within its tick of 100
/// instructions. So the store is held back to always the same place: mcycle counts the emulator's instructions. What
/// is executed after the reading: 9 instructions and as many as are wanted, 2 to 101. Deadlines are then exactly
/// periodic.
unsafe fn set_deadline() {
    TIME_COMPARE.write_volatile(!0);
    TIME_COMPARE.add(1).write_volatile((DEADLINE >> 32) as u32);
    asm!(
        "csrr {wanted}, mcycle",
        "li {odd}, 100",
        "remu {wanted}, {wanted}, {odd}",
        "li {odd}, 101",
        "sub {wanted}, {odd}, {wanted}",
        "andi {odd}, {wanted}, 1",
        "srli {wanted}, {wanted}, 1",
        "beqz {odd}, 2f",
        "nop",
        "2:",
        "addi {wanted}, {wanted}, -1",
        "bnez {wanted}, 2b",
        "sw {low}, 0({place})",
        wanted = out(reg) _,
        odd = out(reg) _,
        low = in(reg) DEADLINE as u32,
        place = in(reg) TIME_COMPARE,
        options(nostack)
    );
}

#[no_mangle]
unsafe extern "C" fn reset() -> ! {
    super::init_memory();
    super::paint_stack();
    // The software interrupt may be enabled for good: nothing raises it but this firmware.
    asm!("csrs mstatus, {}", in(reg) 8, options(nostack));
    crate::main()
}

#[no_mangle]
unsafe extern "C" fn trap_handler(cause: u32) {
    match cause {
        0x8000_0007 => {
            DEADLINE += u64::from(PERIOD);
            set_deadline();
            crate::interrupts::on_timer();
        }
        0x8000_0003 => {
            SOFTWARE.write_volatile(0);
            crate::interrupts::on_software();
        }
        _ => {
            litbench_probe::fail(failure::FAULT);
            stop()
        }
    }
}

/// No counter but `mcycle` is needed.
pub fn counter() -> Option<Counter> {
    Some(Counter { address: TIME as usize, invert: 0, mask: !0, hertz: 10_000_000 })
}

/// Ticks of the interrupt timer in one instruction of the emulator's, as a fraction.
pub const TICKS_PER_INSTRUCTION: (u32, u32) = (1, 100);

/// Starts the periodic timer interrupt; `period` in ticks of 100 ns.
pub fn start_timer(period: u32) {
    // SAFETY: the timer is used here only, and its interrupt is off.
    unsafe {
        PERIOD = period;
        let now = u64::from(TIME.add(1).read_volatile()) << 32 | u64::from(TIME.read_volatile());
        DEADLINE = now + u64::from(period);
        set_deadline();
        asm!("csrs mie, {}", in(reg) 1 << 7, options(nostack));
    }
}

/// Stops it.
pub fn stop_timer() {
    // SAFETY: as above.
    unsafe {
        asm!("csrc mie, {}", in(reg) 1 << 7, options(nostack));
        TIME_COMPARE.add(1).write_volatile(!0);
    }
}

/// Makes the software interrupt usable.
pub fn enable_software_interrupt() {
    // SAFETY: the trap handler serves it.
    unsafe { asm!("csrs mie, {}", in(reg) 1 << 3, options(nostack)) }
}

/// Raises the software interrupt.
pub fn pend_software_interrupt() {
    // SAFETY: sets this hart's software interrupt.
    unsafe { SOFTWARE.write_volatile(1) }
}

/// Waits for an interrupt. The caller holds interrupts off: a pending one wakes the core all the same.
#[inline(always)]
pub fn wait() {
    // SAFETY: waits.
    unsafe { asm!("wfi", options(nostack)) }
}

/// Nothing to do: `wait` is only entered when nothing was signalled.
#[inline(always)]
pub fn signal() {}

/// Stops the machine where the job asks for it.
pub fn stop() -> ! {
    riscv::interrupt::disable();
    if litbench_probe::job().is_some_and(|job| job.stops()) {
        // SAFETY: QEMU's test device. A reset, not an exit: the host wants to read the memory.
        unsafe { TEST.write_volatile(0x7777) }
    }
    litbench_probe::litbench_exit()
}

/* QEMU's virt machine: RV32IMAC, CLINT timer at 10 MHz. */
#include "board.h"

#define SOFTWARE (*(volatile uint32_t *)0x02000000)
#define TIME_COMPARE ((volatile uint32_t *)0x02004000)
#define TIME ((volatile uint32_t *)0x0200BFF8)
#define TEST (*(volatile uint32_t *)0x00100000)

const struct litbench_counter board_counter = {0x0200BFF8, 0, ~0u, 10000000};
const uint32_t board_hertz = 0;
const uint32_t board_idle = 2;
const uint8_t board_timer_interrupt = 7;

extern uint32_t _stack_top, _stack_low, _data_start, _data_end, _data_load, _bss_start, _bss_end;
static uint32_t timer_period;
static uint64_t deadline;

/* QEMU's timer fires 100 * mtimecmp plus the place of the last store to mtimecmp within its tick of 100 instructions.
 * So the store is held back to always the same place: mcycle counts the emulator's instructions. What is executed
 * after the reading: 9 instructions and as many as are wanted, 2 to 101. Deadlines are then exactly periodic. */
static void set_deadline(void)
{
    uint32_t wanted, odd;
    TIME_COMPARE[0] = ~0u;
    TIME_COMPARE[1] = (uint32_t)(deadline >> 32);
    __asm__ volatile("csrr %0, mcycle\n"
                     "li %1, 100\n"
                     "remu %0, %0, %1\n"
                     "li %1, 101\n"
                     "sub %0, %1, %0\n"
                     "andi %1, %0, 1\n"
                     "srli %0, %0, 1\n"
                     "beqz %1, 1f\n"
                     "nop\n"
                     "1: addi %0, %0, -1\n"
                     "bnez %0, 1b\n"
                     "sw %2, 0(%3)\n"
                     : "=&r"(wanted), "=&r"(odd)
                     : "r"((uint32_t)deadline), "r"(TIME_COMPARE)
                     : "memory");
}

__attribute__((naked, used, section(".text.start"))) void _start(void)
{
    __asm__ volatile(".option push\n"
                     ".option norelax\n"
                     "la gp, __global_pointer$\n"
                     ".option pop\n"
                     "la sp, _stack_top\n"
                     "la t0, trap_entry\n"
                     "csrw mtvec, t0\n"
                     "j reset\n");
}

__attribute__((interrupt("machine"), used, aligned(4))) void trap_entry(void)
{
    uint32_t cause;
    __asm__ volatile("csrr %0, mcause" : "=r"(cause));
    if (cause == 0x80000007u) {
        deadline += timer_period;
        set_deadline();
        on_timer();
    } else if (cause == 0x80000003u) {
        SOFTWARE = 0;
        on_software();
    } else {
        litbench_fail(LITBENCH_FAULT);
        board_stop();
    }
}

__attribute__((used, noreturn)) void reset(void)
{
    const volatile uint32_t *from = &_data_load;
    for (volatile uint32_t *to = &_data_start; to < &_data_end;)
        *to++ = *from++;
    for (volatile uint32_t *to = &_bss_start; to < &_bss_end;)
        *to++ = 0;
    litbench_paint(0, "main", (uintptr_t)&_stack_low, (uintptr_t)&_stack_top);
    main();
    board_stop();
}

/* A tick is 100 instructions of the emulator's. */
void board_start_timer(uint32_t instructions)
{
    timer_period = instructions / 100;
    deadline = ((uint64_t)TIME[1] << 32 | TIME[0]) + timer_period;
    set_deadline();
    __asm__ volatile("csrs mie, %0" ::"r"(1 << 7) : "memory");
}

void board_stop_timer(void)
{
    __asm__ volatile("csrc mie, %0" ::"r"(1 << 7) : "memory");
    TIME_COMPARE[1] = ~0u;
}

void board_enable_software_interrupt(void)
{
    __asm__ volatile("csrs mie, %0" ::"r"(1 << 3) : "memory");
}

void board_pend_software_interrupt(void)
{
    SOFTWARE = 1;
}

void board_enable_interrupts(void)
{
    __asm__ volatile("csrs mstatus, %0" ::"r"(1 << 3) : "memory");
}

/* With interrupts off, so that none slips in between the look and the wait; a pending one wakes all the same. */
void board_wait(const volatile uint32_t *flag)
{
    while (!*flag) {
        __asm__ volatile("csrc mstatus, %0" ::"r"(1 << 3) : "memory");
        if (!*flag)
            __asm__ volatile("wfi" ::: "memory");
        board_enable_interrupts();
    }
}

void board_wait_for_interrupt(void)
{
    __asm__ volatile("wfi" ::: "memory");
}

void board_stop(void)
{
    __asm__ volatile("csrc mstatus, %0" ::"r"(1 << 3) : "memory");
    const struct litbench_job *job = litbench_job();
    if (job && job->flags & LITBENCH_JOB_STOPS)
        TEST = 0x7777; /* a reset, not an exit: the host wants to read the memory */
    litbench_exit();
}

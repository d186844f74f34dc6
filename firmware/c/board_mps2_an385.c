/* mps2-an385: Cortex-M3 at 25 MHz, CMSDK timers. */
#include "board.h"

enum { TIMER_IRQ = 9, SOFTWARE_IRQ = 31 };
enum { CONTROL, VALUE, RELOAD, CLEAR };

#define TIMER0 ((volatile uint32_t *)0x40000000)
#define TIMER1 ((volatile uint32_t *)0x40001000)
#define NVIC_ENABLE (*(volatile uint32_t *)0xE000E100)
#define NVIC_DISABLE (*(volatile uint32_t *)0xE000E180)
#define NVIC_PEND (*(volatile uint32_t *)0xE000E200)
#define NVIC_PRIORITY ((volatile uint8_t *)0xE000E400)
#define AIRCR (*(volatile uint32_t *)0xE000ED0C)

const struct litbench_counter board_counter = {0x40000004, ~0u, ~0u, 25000000};
const uint32_t board_hertz = 25000000;
const uint32_t board_idle = 1;
const uint8_t board_timer_interrupt = TIMER_IRQ;

extern uint32_t _stack_top, _stack_low, _data_start, _data_end, _data_load, _bss_start, _bss_end;

static void fault(void)
{
    litbench_fail(LITBENCH_FAULT);
    board_stop();
}

static void timer(void)
{
    TIMER1[CLEAR] = 1;
    on_timer();
}

void reset(void);

typedef void (*vector)(void);
__attribute__((section(".vector_table"), used)) static const vector vectors[48] = {
    (vector)&_stack_top,
    reset,
    [2 ... 15] = fault,
    [16 ... 15 + TIMER_IRQ] = fault,
    [16 + TIMER_IRQ] = timer,
    [17 + TIMER_IRQ ... 15 + SOFTWARE_IRQ] = fault,
    [16 + SOFTWARE_IRQ] = on_software,
};

void reset(void)
{
    const volatile uint32_t *from = &_data_load;
    for (volatile uint32_t *to = &_data_start; to < &_data_end;)
        *to++ = *from++;
    for (volatile uint32_t *to = &_bss_start; to < &_bss_end;)
        *to++ = 0;
    litbench_paint(0, "main", (uintptr_t)&_stack_low, (uintptr_t)&_stack_top);
    TIMER0[RELOAD] = ~0u;
    TIMER0[VALUE] = ~0u;
    TIMER0[CONTROL] = 1;
    main();
    board_stop();
}

/* 8 ticks of 40 ns are 5 instructions of the emulator's. */
void board_start_timer(uint32_t instructions)
{
    uint32_t period = instructions / 5 * 8;
    NVIC_PRIORITY[TIMER_IRQ] = 0x20;
    NVIC_ENABLE = 1u << TIMER_IRQ;
    TIMER1[RELOAD] = period - 1;
    TIMER1[VALUE] = period - 1;
    TIMER1[CONTROL] = 9;
}

void board_stop_timer(void)
{
    TIMER1[CONTROL] = 0;
    TIMER1[CLEAR] = 1;
    NVIC_DISABLE = 1u << TIMER_IRQ;
}

void board_enable_software_interrupt(void)
{
    NVIC_PRIORITY[SOFTWARE_IRQ] = 0x40;
    NVIC_ENABLE = 1u << SOFTWARE_IRQ;
}

void board_pend_software_interrupt(void)
{
    NVIC_PEND = 1u << SOFTWARE_IRQ;
    __asm__ volatile("dsb\n isb" ::: "memory");
}

void board_enable_interrupts(void)
{
    __asm__ volatile("cpsie i" ::: "memory");
}

void board_wait(const volatile uint32_t *flag)
{
    while (!*flag)
        __asm__ volatile("wfe" ::: "memory");
}

void board_wait_for_interrupt(void)
{
    __asm__ volatile("wfi" ::: "memory");
}

void board_stop(void)
{
    __asm__ volatile("cpsid i" ::: "memory");
    const struct litbench_job *job = litbench_job();
    if (job && job->flags & LITBENCH_JOB_STOPS) {
        AIRCR = 0x05FA0004; /* a reset, which the emulator turns into the run's end */
        __asm__ volatile("dsb" ::: "memory");
    }
    litbench_exit();
}

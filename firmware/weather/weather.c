/* Firmware that misbehaves, one way a build: what the host's side is tested on. No probe, unless it is about the probe.
 *
 * WEATHER is one of the numbers below; built for Cortex-M3 (mps2-an385) and RV32 (virt).
 */
#include <stdint.h>

#define HANG 1
#define FAULT 2
#define RESET_LOOP 3
#define FLOOD 4
#define SEMIHOSTING 5
#define VERSION 6
#define LOCKUP 7
#define UNFINISHED 8
#define PLAIN 9
#define WFI_FOREVER 10

extern uint32_t _stack_top;
void reset(void);

#if defined(__arm__)
#define UART_DATA (*(volatile uint32_t *)0x40004000)
#define UART_STATE (*(volatile uint32_t *)0x40004004)
#define UART_CONTROL (*(volatile uint32_t *)0x40004008)
#define UART_DIVISOR (*(volatile uint32_t *)0x40004010)

static void start_uart(void)
{
    UART_DIVISOR = 16;
    UART_CONTROL = 1;
}
static void put(char c)
{
    while (UART_STATE & 1) {
    }
    UART_DATA = (uint32_t)c;
}
static void restart(void)
{
    *(volatile uint32_t *)0xE000ED0C = 0x05FA0004;
    for (;;) {
    }
}
static int semihost(int number, void *argument)
{
    register int r0 __asm__("r0") = number;
    register void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
static void sleep(void)
{
    __asm__ volatile("wfi");
}
void hard_fault(void)
{
    for (;;) {
    }
}
static const uint32_t *const systick = (const uint32_t *)0xE000E010;
static volatile uint32_t ticks;
void tick(void)
{
    ticks++;
}
typedef void (*vector)(void);
__attribute__((section(".vector_table"), used)) static const vector vectors[16] = {
    (vector)&_stack_top, reset, 0, [3] = WEATHER == LOCKUP ? (vector)0xFFFFFFF1 : hard_fault, [15] = tick,
};
static void start_ticks(void)
{
    volatile uint32_t *timer = (volatile uint32_t *)(uintptr_t)systick;
    timer[1] = 999;
    timer[2] = 0;
    timer[0] = 7;
}
static void end(int status)
{
    (void)status;
    restart();
}
#else
#define UART_DATA (*(volatile uint8_t *)0x10000000)
static void start_uart(void) {}
static void put(char c)
{
    UART_DATA = (uint8_t)c;
}
static void restart(void)
{
    *(volatile uint32_t *)0x00100000 = 0x7777;
    for (;;) {
    }
}
static int semihost(int number, void *argument)
{
    register int a0 __asm__("a0") = number;
    register void *a1 __asm__("a1") = argument;
    __asm__ volatile(".option push\n .option norvc\n slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n .option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
}
static void sleep(void)
{
    __asm__ volatile("wfi");
}
static volatile uint32_t ticks;
static void start_ticks(void)
{
    ticks = 10;
}
__attribute__((naked, used, section(".text.start"))) void _start(void)
{
    __asm__ volatile("la sp, _stack_top\n la t0, trap\n csrw mtvec, t0\n j reset\n");
}
__attribute__((used, aligned(4), noinline)) void trap(void)
{
    for (;;) {
    }
}
static void end(int status)
{
    *(volatile uint32_t *)0x00100000 = status ? (uint32_t)status << 16 | 0x3333 : 0x5555;
    for (;;) {
    }
}
#endif

struct block {
    char magic[8];
    uint32_t version, bytes, state, code, events, sections;
};
#if WEATHER == VERSION || WEATHER == UNFINISHED
__attribute__((used)) struct block LITBENCH_PROBE;
#endif

static void say(const char *text)
{
    while (*text)
        put(*text++);
}

/* A stack of a known depth: each level takes some. */
__attribute__((noinline)) static uint32_t deep(uint32_t levels)
{
    volatile uint32_t room[16];
    room[0] = levels;
    return levels ? deep(levels - 1) + room[0] : room[0];
}

static int misbehave(void)
{
#if WEATHER == HANG
    for (;;) {
    }
#elif WEATHER == FAULT || WEATHER == LOCKUP
    ((void (*)(void))0xFFFFFFF1)();
#elif WEATHER == RESET_LOOP
    restart();
#elif WEATHER == FLOOD
    for (;;)
        say("The quick brown fox jumps over the lazy dog.\n");
#elif WEATHER == SEMIHOSTING
    static const char name[] = "/etc/hostname";
    volatile uintptr_t open[3];
    open[0] = (uintptr_t)name, open[1] = 0, open[2] = sizeof name - 1;
    int handle = semihost(1, (void *)open);
    say(handle >= 0 ? "opened a file of the host\n" : "refused\n");
    volatile uintptr_t stop[2];
    stop[0] = 0x20026, stop[1] = 3;
    semihost(0x20, (void *)stop);
#elif WEATHER == VERSION || WEATHER == UNFINISHED
    static const char magic[8] = {'L', 'I', 'T', 'B', 'E', 'N', 'C', 'H'};
    for (int i = 0; i < 8; i++)
        LITBENCH_PROBE.magic[i] = magic[i];
    LITBENCH_PROBE.version = WEATHER == VERSION ? 99 : 1;
    LITBENCH_PROBE.bytes = sizeof LITBENCH_PROBE;
    LITBENCH_PROBE.state = 1;
    restart();
#elif WEATHER == WFI_FOREVER
    for (;;)
        sleep();
#elif WEATHER == PLAIN
    start_ticks();
    while (ticks < 10) {
    }
    say(deep(10) == 55 ? "hello\n" : "wrong\n");
    end(3);
#endif
    return 0;
}

__attribute__((used)) void reset(void)
{
    (void)semihost, (void)restart, (void)sleep, (void)say, (void)deep, (void)start_ticks, (void)end;
    start_uart();
    misbehave();
    for (;;) {
    }
}

/* litbench.h: what a firmware leaves in memory for litbench to read. C11, no library needed.
 *
 * The same block as the Rust crate litbench-probe (firmware/probe): one symbol, LITBENCH_PROBE. Include this
 * header where you measure; in exactly one file define LITBENCH_IMPLEMENTATION before it.
 *
 * Room in the block, to be defined before the header, alike in all files:
 *   LITBENCH_EVENTS 128 (a power of two)  LITBENCH_HISTOGRAMS 1  LITBENCH_HISTOGRAM_BITS 5  LITBENCH_ITERATIONS 8
 *   LITBENCH_MAILBOXES 4  LITBENCH_TASKS 4  LITBENCH_STACKS 1  LITBENCH_METRICS 8
 */
#ifndef LITBENCH_H
#define LITBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef LITBENCH_EVENTS
#define LITBENCH_EVENTS 128
#endif
#ifndef LITBENCH_HISTOGRAMS
#define LITBENCH_HISTOGRAMS 1
#endif
#ifndef LITBENCH_HISTOGRAM_BITS
#define LITBENCH_HISTOGRAM_BITS 5
#endif
#ifndef LITBENCH_ITERATIONS
#define LITBENCH_ITERATIONS 8
#endif
#ifndef LITBENCH_MAILBOXES
#define LITBENCH_MAILBOXES 4
#endif
#ifndef LITBENCH_TASKS
#define LITBENCH_TASKS 4
#endif
#ifndef LITBENCH_STACKS
#define LITBENCH_STACKS 1
#endif
#ifndef LITBENCH_METRICS
#define LITBENCH_METRICS 8
#endif

#define LITBENCH_VERSION 1u
#define LITBENCH_SECTIONS 11
#define LITBENCH_BUCKETS ((33 - LITBENCH_HISTOGRAM_BITS) << LITBENCH_HISTOGRAM_BITS)

_Static_assert((LITBENCH_EVENTS & (LITBENCH_EVENTS - 1)) == 0, "LITBENCH_EVENTS is a power of two");
_Static_assert(LITBENCH_HISTOGRAM_BITS >= 1 && LITBENCH_HISTOGRAM_BITS <= 10, "LITBENCH_HISTOGRAM_BITS is 1 to 10");

enum litbench_state { LITBENCH_RUNNING = 1, LITBENCH_FINISHED = 2, LITBENCH_FAILED = 3 };
enum litbench_failure {
    LITBENCH_PANIC = 1,
    LITBENCH_FAULT = 2,
    LITBENCH_UNKNOWN_WORKLOAD = 3,
    LITBENCH_LIMIT = 4,
    LITBENCH_OUT_OF_MEMORY = 5,
};
enum litbench_kind {
    LITBENCH_INTERRUPT_ENTER = 1,
    LITBENCH_INTERRUPT_EXIT = 2,
    LITBENCH_POST = 3,
    LITBENCH_HANDLER_START = 4,
    LITBENCH_HANDLER_END = 5,
    LITBENCH_IDLE_ENTER = 6,
    LITBENCH_IDLE_EXIT = 7,
    LITBENCH_MARK = 8,
    LITBENCH_TAKE = 9,
};
/* Unit of a metric. */
enum litbench_unit { LITBENCH_COUNT = 0, LITBENCH_BYTES = 1, LITBENCH_TIME = 2 };

struct litbench_clock {
    uint32_t kind, unit, hertz, mask, invert, address, multiply, shift, read_cost, event_cost;
};
struct litbench_run {
    uint32_t workload, actors, messages, message_bytes, in_flight, mailbox, idle, iterations;
    char extra[12];
};
struct litbench_iteration {
    uint32_t start, end, sent, handled, dropped, errored, pending, reserved;
    uint64_t order, sum, extra;
};
struct litbench_mailbox {
    char name[12];
    uint32_t capacity, sent, handled, full, deepest;
};
struct litbench_heap {
    uint32_t capacity, current, peak_requested, peak_allocated, allocations, frees, failures, largest_free;
};
struct litbench_stack {
    char name[12];
    uint32_t low, high, untouched;
};
struct litbench_histogram {
    char name[12];
    uint32_t bits, count, least, most, sum[2];
};
struct litbench_event {
    uint32_t time, what;
};
struct litbench_task {
    char name[12];
    uint32_t runs, total[2], longest;
};
struct litbench_metric {
    char name[20];
    uint32_t unit, value;
};

struct litbench_probe {
    char magic[8];
    uint32_t version, bytes;
    volatile uint32_t state, code;
    uint32_t events_made, section_count;
    uint32_t sections[LITBENCH_SECTIONS][4];
    struct litbench_clock clock;
    struct litbench_run run;
    struct litbench_iteration iterations[LITBENCH_ITERATIONS];
    struct litbench_mailbox mailboxes[LITBENCH_MAILBOXES];
    struct litbench_heap heap;
    struct litbench_stack stacks[LITBENCH_STACKS];
    struct litbench_histogram histograms[LITBENCH_HISTOGRAMS];
    uint32_t buckets[LITBENCH_HISTOGRAMS][LITBENCH_BUCKETS];
    struct litbench_event events[LITBENCH_EVENTS];
    struct litbench_task tasks[LITBENCH_TASKS];
    struct litbench_metric metrics[LITBENCH_METRICS];
};

/* What the host wants done: at the linker symbol LITBENCH_JOB, in RAM that no section covers. */
struct litbench_job {
    char magic[8];
    uint32_t version, workload, iterations, flags, cycle_scale[2], counter_scale[2], parameters[8], checksum;
};
enum { LITBENCH_JOB_LATENCY = 1, LITBENCH_JOB_STOPS = 2 };

/* A free-running counter in memory: (read(address) ^ invert) & mask counts up at hertz. */
struct litbench_counter {
    uint32_t address, invert, mask, hertz;
};

extern struct litbench_probe LITBENCH_PROBE;

void litbench_start(uint32_t hertz, const struct litbench_counter *board);
void litbench_finish(void);
void litbench_fail(uint32_t code);
void litbench_exit(void) __attribute__((noreturn));
const struct litbench_job *litbench_job(void);
void litbench_paint(unsigned index, const char *name, uintptr_t low, uintptr_t high);
uint32_t litbench_watermark(unsigned index);
void litbench_name(char *to, size_t room, const char *name);
void litbench_record(unsigned index, uint32_t value);
void litbench_name_histogram(unsigned index, const char *name);
void litbench_add_metric(const char *name, enum litbench_unit unit, uint32_t value);
void litbench_task_ran(unsigned index, uint32_t duration);
void litbench_heap_allocated(uint32_t requested, uint32_t used_by_allocator);
void litbench_heap_freed(uint32_t requested);

/* The counter as it stands in its register. */
static inline __attribute__((always_inline)) uint32_t litbench_raw(void)
{
    uint32_t address = LITBENCH_PROBE.clock.address;
#if defined(__riscv)
    if (address == 0) {
        uint32_t value;
        __asm__ volatile("csrr %0, mcycle" : "=r"(value)::"memory");
        return value;
    }
#endif
    return *(const volatile uint32_t *)(uintptr_t)address;
}

/* The time in the clock's unit, counting up; it wraps. */
static inline uint32_t litbench_now(void)
{
    const struct litbench_clock *clock = &LITBENCH_PROBE.clock;
    uint64_t scaled = (uint64_t)(litbench_raw() ^ clock->invert) * clock->multiply;
    return (uint32_t)(scaled >> (clock->shift & 63));
}

/* From one reading to a later one, over at most one wrap of an unscaled counter. */
static inline uint32_t litbench_elapsed(uint32_t start, uint32_t end)
{
    return (end - start) & LITBENCH_PROBE.clock.mask;
}

/* Notes an event; at most 20 instructions, callable from interrupts. */
static inline __attribute__((always_inline)) void litbench_event(enum litbench_kind kind, uint8_t id, uint16_t argument)
{
    uint32_t time = litbench_raw();
#if defined(__ARM_FEATURE_LDREX) || defined(__riscv_atomic)
    uint32_t index = __atomic_fetch_add(&LITBENCH_PROBE.events_made, 1u, __ATOMIC_RELAXED);
#else
    uint32_t index = LITBENCH_PROBE.events_made++;
#endif
    struct litbench_event *slot = &LITBENCH_PROBE.events[index % LITBENCH_EVENTS];
    slot->time = time;
    slot->what = (uint32_t)kind << 24 | (uint32_t)id << 16 | argument;
}

static inline void litbench_mailbox_sent(unsigned index, uint32_t depth)
{
    struct litbench_mailbox *mailbox = &LITBENCH_PROBE.mailboxes[index];
    mailbox->sent++;
    if (depth > mailbox->deepest)
        mailbox->deepest = depth;
}
static inline void litbench_mailbox_handled(unsigned index)
{
    LITBENCH_PROBE.mailboxes[index].handled++;
}
static inline void litbench_mailbox_full(unsigned index)
{
    LITBENCH_PROBE.mailboxes[index].full++;
}

#ifdef LITBENCH_IMPLEMENTATION

#define LITBENCH_PAINT 0x5AC457ACu

struct litbench_probe LITBENCH_PROBE;
extern const struct litbench_job LITBENCH_JOB __attribute__((weak));

void litbench_name(char *to, size_t room, const char *name)
{
    for (size_t i = 0; i < room && name[i]; i++)
        to[i] = name[i];
}

static void litbench_write_header(void)
{
#define LITBENCH_SECTION(kind, field, count)                                                                           \
    {kind, (uint32_t)offsetof(struct litbench_probe, field),                                                           \
     (uint32_t)(sizeof((struct litbench_probe *)0)->field / (count)), count}
    static const uint32_t table[LITBENCH_SECTIONS][4] = {
        LITBENCH_SECTION(1, clock, 1),
        LITBENCH_SECTION(2, run, 1),
        LITBENCH_SECTION(3, iterations, LITBENCH_ITERATIONS),
        LITBENCH_SECTION(4, mailboxes, LITBENCH_MAILBOXES),
        LITBENCH_SECTION(5, heap, 1),
        LITBENCH_SECTION(6, stacks, LITBENCH_STACKS),
        LITBENCH_SECTION(7, histograms, LITBENCH_HISTOGRAMS),
        LITBENCH_SECTION(8, buckets, LITBENCH_HISTOGRAMS),
        LITBENCH_SECTION(9, events, LITBENCH_EVENTS),
        LITBENCH_SECTION(10, tasks, LITBENCH_TASKS),
        LITBENCH_SECTION(11, metrics, LITBENCH_METRICS),
    };
#undef LITBENCH_SECTION
    struct litbench_probe *block = &LITBENCH_PROBE;
    for (unsigned i = 0; i < LITBENCH_SECTIONS; i++)
        for (unsigned j = 0; j < 4; j++)
            block->sections[i][j] = table[i][j];
    block->version = LITBENCH_VERSION;
    block->bytes = sizeof *block;
    block->section_count = LITBENCH_SECTIONS;
    litbench_name(block->magic, sizeof block->magic, "LITBENCH");
}

static bool litbench_try(uint32_t kind, uint32_t unit, const struct litbench_counter *counter)
{
    LITBENCH_PROBE.clock = (struct litbench_clock){.kind = kind,
                                                   .unit = unit,
                                                   .hertz = counter->hertz,
                                                   .mask = counter->mask,
                                                   .invert = counter->invert,
                                                   .address = counter->address,
                                                   .multiply = 1};
    uint32_t first = litbench_raw();
    for (unsigned i = 0; i < 200; i++)
        if (litbench_raw() != first)
            return true;
    return false;
}

static bool litbench_choose(uint32_t hertz, const struct litbench_counter *board)
{
#if defined(__arm__)
    volatile uint32_t *demcr = (volatile uint32_t *)0xE000EDFC, *dwt = (volatile uint32_t *)0xE0001000;
    *demcr |= 1u << 24;
    dwt[0] |= 1;
    if (litbench_try(1, 1, &(struct litbench_counter){0xE0001004, 0, ~0u, hertz}))
        return true;
    if (board && litbench_try(2, 3, board))
        return true;
    volatile uint32_t *systick = (volatile uint32_t *)0xE000E010;
    systick[1] = 0xFFFFFF;
    systick[2] = 0;
    systick[0] = 5;
    (void)systick[2]; /* the first value after enabling is not to be used */
    return litbench_try(3, 1, &(struct litbench_counter){0xE000E018, 0xFFFFFF, 0xFFFFFF, hertz});
#elif defined(__riscv)
    if (litbench_try(1, 1, &(struct litbench_counter){0, 0, ~0u, hertz}))
        return true;
    return board && litbench_try(2, 3, board);
#else
    (void)hertz;
    return board && litbench_try(2, 3, board);
#endif
}

static void litbench_scale(void)
{
    const struct litbench_job *job = litbench_job();
    struct litbench_clock *clock = &LITBENCH_PROBE.clock;
    if (!job || clock->kind < 1 || clock->kind > 2)
        return;
    const uint32_t *scale = clock->kind == 1 ? job->cycle_scale : job->counter_scale;
    if (scale[0]) {
        clock->multiply = scale[0];
        clock->shift = scale[1];
        clock->unit = 2;
    }
}

static void litbench_calibrate(void)
{
    enum { ROUNDS = 16 };
    struct litbench_clock *clock = &LITBENCH_PROBE.clock;
    uint32_t a = litbench_now(), b = litbench_now();
    clock->read_cost = litbench_elapsed(a, b);
    uint32_t start = litbench_now();
    for (unsigned i = 0; i < ROUNDS; i++)
        litbench_event(LITBENCH_MARK, (uint8_t)i, 0);
    uint32_t total = litbench_elapsed(start, litbench_now());
    total = total > clock->read_cost ? total - clock->read_cost : 0;
    clock->event_cost = (total + ROUNDS - 1) / ROUNDS;
    LITBENCH_PROBE.events_made = 0;
}

void litbench_start(uint32_t hertz, const struct litbench_counter *board)
{
    litbench_write_header();
    if (!litbench_choose(hertz, board)) {
        LITBENCH_PROBE.clock.kind = 0;
        LITBENCH_PROBE.clock.address = (uint32_t)(uintptr_t)&LITBENCH_PROBE.clock.kind;
    }
    litbench_scale();
    litbench_calibrate();
    LITBENCH_PROBE.state = LITBENCH_RUNNING;
}

const struct litbench_job *litbench_job(void)
{
    const struct litbench_job *job = &LITBENCH_JOB;
    __asm__("" : "+r"(job)); /* the symbol is weak: it may be null */
    if (!job)
        return 0;
    const volatile uint32_t *words = (const volatile uint32_t *)job;
    uint32_t sum = 0, count = sizeof *job / 4;
    for (uint32_t i = 0; i + 1 < count; i++)
        sum = (sum << 1 | sum >> 31) ^ words[i];
    bool magic = words[0] == 0x4254494Cu && words[1] == 0x31424F4Au; /* LITB JOB1 */
    return magic && job->version == 1 && job->checksum == sum ? job : 0;
}

__attribute__((noinline)) void litbench_paint(unsigned index, const char *name, uintptr_t low, uintptr_t high)
{
    uintptr_t top = ((uintptr_t)__builtin_frame_address(0) - 64) & ~(uintptr_t)3;
    for (uintptr_t place = low; place < top; place += 4)
        *(volatile uint32_t *)place = LITBENCH_PAINT;
    struct litbench_stack *stack = &LITBENCH_PROBE.stacks[index];
    litbench_name(stack->name, sizeof stack->name, name);
    stack->low = (uint32_t)low;
    stack->high = (uint32_t)high;
}

uint32_t litbench_watermark(unsigned index)
{
    struct litbench_stack *stack = &LITBENCH_PROBE.stacks[index];
    uint32_t place = stack->low;
    while (place < stack->high && *(const volatile uint32_t *)(uintptr_t)place == LITBENCH_PAINT)
        place += 4;
    stack->untouched = place;
    return stack->high - place;
}

static void litbench_measure_stacks(void)
{
    for (unsigned i = 0; i < LITBENCH_STACKS; i++)
        if (LITBENCH_PROBE.stacks[i].high)
            litbench_watermark(i);
}

void litbench_finish(void)
{
    litbench_measure_stacks();
    LITBENCH_PROBE.state = LITBENCH_FINISHED;
}

void litbench_fail(uint32_t code)
{
    litbench_measure_stacks();
    LITBENCH_PROBE.code = code;
    LITBENCH_PROBE.state = LITBENCH_FAILED;
}

__attribute__((noinline)) void litbench_exit(void)
{
    for (;;)
        __asm__ volatile("" ::: "memory");
}

static unsigned litbench_bucket(uint32_t value)
{
    unsigned length = value ? 32u - (unsigned)__builtin_clz(value) : 0;
    unsigned shift = length > LITBENCH_HISTOGRAM_BITS + 1 ? length - (LITBENCH_HISTOGRAM_BITS + 1) : 0;
    return (shift << LITBENCH_HISTOGRAM_BITS) + (value >> shift);
}

static void litbench_add64(uint32_t words[2], uint32_t amount)
{
    words[0] += amount;
    words[1] += words[0] < amount;
}

void litbench_record(unsigned index, uint32_t value)
{
    if (index >= LITBENCH_HISTOGRAMS)
        return;
    struct litbench_histogram *head = &LITBENCH_PROBE.histograms[index];
    if (head->count == 0 || value < head->least)
        head->least = value;
    if (value > head->most)
        head->most = value;
    head->count++;
    litbench_add64(head->sum, value);
    LITBENCH_PROBE.buckets[index][litbench_bucket(value)]++;
}

void litbench_name_histogram(unsigned index, const char *name)
{
    if (index >= LITBENCH_HISTOGRAMS)
        return;
    litbench_name(LITBENCH_PROBE.histograms[index].name, sizeof LITBENCH_PROBE.histograms[index].name, name);
    LITBENCH_PROBE.histograms[index].bits = LITBENCH_HISTOGRAM_BITS;
}

void litbench_add_metric(const char *name, enum litbench_unit unit, uint32_t value)
{
    for (unsigned i = 0; i < LITBENCH_METRICS; i++) {
        struct litbench_metric *metric = &LITBENCH_PROBE.metrics[i];
        if (metric->name[0])
            continue;
        metric->unit = unit;
        metric->value = value;
        litbench_name(metric->name, sizeof metric->name, name);
        return;
    }
}

void litbench_task_ran(unsigned index, uint32_t duration)
{
    struct litbench_task *task = &LITBENCH_PROBE.tasks[index];
    task->runs++;
    litbench_add64(task->total, duration);
    if (duration > task->longest)
        task->longest = duration;
}

void litbench_heap_allocated(uint32_t requested, uint32_t used_by_allocator)
{
    struct litbench_heap *heap = &LITBENCH_PROBE.heap;
    heap->allocations++;
    heap->current += requested;
    if (heap->current > heap->peak_requested)
        heap->peak_requested = heap->current;
    if (used_by_allocator > heap->peak_allocated)
        heap->peak_allocated = used_by_allocator;
}

void litbench_heap_freed(uint32_t requested)
{
    LITBENCH_PROBE.heap.frees++;
    LITBENCH_PROBE.heap.current -= requested;
}

#endif /* LITBENCH_IMPLEMENTATION */
#endif /* LITBENCH_H */

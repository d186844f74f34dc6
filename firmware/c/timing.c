/* Interrupts, waiting, and work that blocks the loop. */
#include "workloads.h"

uint32_t ticks_coalesced;

static volatile uint32_t ticks, tick_set, tick_time;
static uint32_t last_tick, handler_rounds, seen;
static bool in_interrupt;

/* The probe's tasks of known answers. */
enum { BLOCKER, HANDLER };
static uint32_t spin_cost;

static __attribute__((noinline)) uint32_t timed(uint32_t rounds)
{
    uint32_t start = litbench_now();
    spin(rounds);
    return litbench_elapsed(start, litbench_now());
}

/* Busy work timed as a run of the probe's task: two instructions a round, without what timing costs. */
static uint32_t timed_spin(uint32_t task, uint32_t rounds)
{
    uint32_t time = timed(rounds) - spin_cost;
    litbench_task_ran(task, time);
    return time;
}

static void take_tick(void)
{
    uint32_t time = tick_time;
    tick_set = 0;
    litbench_record(0, litbench_elapsed(time, litbench_now()));
    seen++;
}

void on_timer(void)
{
    uint32_t start = litbench_now();
    ticks++;
    if (ticks == last_tick)
        board_stop_timer();
    if (handler_rounds)
        timed_spin(HANDLER, handler_rounds);
    /* The oldest tick that nobody has seen stays: a later one must not make the wait look short. */
    if (!tick_set)
        tick_time = start;
    tick_set = 1;
    if (in_interrupt)
        board_pend_software_interrupt();
}

void on_software(void)
{
    if (tick_set)
        take_tick();
}

static void begin(uint32_t samples, uint32_t rounds)
{
    ticks = tick_set = seen = 0;
    last_tick = samples;
    handler_rounds = rounds;
    in_interrupt = false;
}

static void count_ticks(void)
{
    tally.sent += ticks;
    tally.handled += ticks;
    tally.extra = ticks;
    ticks_coalesced += ticks - seen;
}

static void sleep_for_tick(void)
{
    uint32_t start = litbench_now();
    board_wait(&tick_set);
    idle_time += litbench_elapsed(start, litbench_now());
    wake_ups++;
}

static void ping(struct actor *self)
{
    struct message message;
    if (self->waiting && !receive(self, &message))
        return;
    send(&actors[self->index + 1], self->index, self->value++);
    self->waiting = 1;
}

static void pong(struct actor *self)
{
    struct message message;
    if (receive(self, &message)) {
        fold_take(&self->fold, message.value);
        send(&actors[self->index - 1], self->index, message.value);
    }
}

/* Parameters: samples, period, mode (0: the loop sees the tick, 1: a software interrupt does), load. */
void interrupt_latency(const uint32_t p[8])
{
    uint32_t load = p[3] > 8 ? 8 : p[3];
    begin(p[0], 0);
    in_interrupt = p[2] == 1;
    if (in_interrupt)
        board_enable_software_interrupt();
    for (uint32_t i = 0; i < load; i++) {
        actor_new(2 * i, ping);
        actor_new(2 * i + 1, pong);
    }
    tally.start = litbench_now();
    board_start_timer(p[1]);
    while (ticks < p[0] || tick_set) {
        for (uint32_t i = 0; i < 2 * load; i++)
            actors[i].step(&actors[i]);
        if (tick_set && !in_interrupt)
            take_tick();
        else if (!load && !in_interrupt && ticks < p[0])
            sleep_for_tick();
    }
    tally.end = litbench_now();
    board_stop_timer();
    count_ticks();
}

static void ran(uint32_t start)
{
    uint32_t time = litbench_elapsed(start, litbench_now());
    litbench_task_ran(0, time);
    litbench_record(1, time);
}

/* Parameters: samples, period, hog (0 none, 1 never gives way, 2 after each slice), rounds of a slice, slices, mode
 * (as above). */
void task_time(const uint32_t p[8])
{
    uint32_t slices = p[2] ? p[4] : 0;
    begin(p[0], 0);
    in_interrupt = p[5] == 1;
    if (in_interrupt)
        board_enable_software_interrupt();
    litbench_name(LITBENCH_PROBE.tasks[0].name, 12, "hog");
    tally.start = litbench_now();
    board_start_timer(p[1]);
    while (ticks < p[0] || tick_set) {
        if (tick_set && !in_interrupt)
            take_tick();
        else if (!slices && !in_interrupt && ticks < p[0])
            sleep_for_tick();
        if (slices) {
            uint32_t start = litbench_now(), count = p[2] == 2 ? 1 : slices;
            for (uint32_t i = 0; i < count; i++)
                spin(p[3]);
            slices -= count;
            ran(start);
        }
    }
    tally.end = litbench_now();
    board_stop_timer();
    count_ticks();
}

/* Parameters: samples, period, mode (0 sleeps, 1 polls). */
void idle(const uint32_t p[8])
{
    begin(p[0], 0);
    tally.start = litbench_now();
    board_start_timer(p[1]);
    while (ticks < p[0] || tick_set) {
        if (tick_set)
            take_tick();
        else if (p[2] == 0 && ticks < p[0])
            sleep_for_tick();
    }
    tally.end = litbench_now();
    board_stop_timer();
    count_ticks();
}

/* Parameters: ticks, period, rounds in the handler, rounds of the block, messages to a held mailbox, heap blocks,
 * bytes of each. */
void known_answers(const uint32_t p[8])
{
    struct actor *held = actor_new(0, 0);
    struct message message;
    litbench_name(LITBENCH_PROBE.mailboxes[0].name, 12, "held");
    LITBENCH_PROBE.mailboxes[0].capacity = BOUND;
    for (uint32_t value = 0; value < p[4]; value++) {
        if (send(held, 0, value))
            litbench_mailbox_sent(0, held->mailbox.count);
        else
            litbench_mailbox_full(0);
    }
    while (receive(held, &message))
        litbench_mailbox_handled(0);

    static void *blocks[64];
    for (uint32_t i = 0; i < p[5]; i++)
        blocks[i] = heap_take(p[6]);
    for (uint32_t i = 0; i < p[5]; i++)
        heap_give(blocks[i]);

    spin_cost = timed(1) - 2;
    begin(p[0], p[2]);
    litbench_name(LITBENCH_PROBE.tasks[BLOCKER].name, 12, "blocker");
    litbench_name(LITBENCH_PROBE.tasks[HANDLER].name, 12, "handler");
    tally.start = litbench_now();
    board_start_timer(p[1]);
    litbench_record(1, timed_spin(BLOCKER, p[3]));
    uint32_t before = 0;
    while (ticks < p[0] || tick_set) {
        if (tick_set) {
            uint32_t time = tick_time;
            tick_set = 0;
            if (seen++)
                litbench_record(0, litbench_elapsed(before, time));
            before = time;
        } else if (ticks < p[0]) {
            sleep_for_tick();
        }
    }
    tally.end = litbench_now();
    board_stop_timer();
    count_ticks();
}

/* How far apart do ticks seem when the core sleeps with WFI? Parameters: ticks, period. */
void idle_check(const uint32_t p[8])
{
    begin(p[0], 0);
    tally.start = litbench_now();
    board_start_timer(p[1]);
    uint32_t before = 0;
    while (ticks < p[0]) {
        uint32_t now = ticks;
        while (ticks == now)
            board_wait_for_interrupt();
        if (seen++)
            litbench_record(0, litbench_elapsed(before, tick_time));
        before = tick_time;
        tick_set = 0;
    }
    tally.end = litbench_now();
    board_stop_timer();
    count_ticks();
}

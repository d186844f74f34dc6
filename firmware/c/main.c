/* litbench's workloads as a super-loop with ring buffers: the baseline beside an executor. */
#include "workloads.h"

struct entry {
    uint32_t number;
    workload run;
    const char *histogram, *second, *extra;
};

static const struct entry table[] = {
    {1, ping_pong, "round-trip", 0, ""},
    {2, counting, "message", 0, "total"},
    {3, fan_in, "message", 0, ""},
    {4, fan_out, "message", 0, ""},
    {5, thread_ring, "message", 0, "holder"},
    {6, mass_spawn, "message", 0, "live"},
    {7, mailbox_fill, "message", 0, ""},
    {8, ping_pong, "round-trip", 0, ""},
    {16, mailbox_full, "message", 0, ""},
    {17, restart, "restart", 0, "restarts"},
    {18, interrupt_latency, "irq-to-task", 0, "ticks"},
    {19, task_time, "irq-to-task", "task-time", "ticks"},
    {20, heap_flood, "message", 0, ""},
    {21, idle, "irq-to-task", 0, "ticks"},
    {22, known_answers, "tick-to-tick", "task-time", "ticks"},
    {24, idle_check, "tick-to-tick", 0, "ticks"},
};

static const struct entry *find(uint32_t number)
{
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].number == number)
            return &table[i];
    give_up(LITBENCH_UNKNOWN_WORKLOAD);
}

/* Actors and messages of a workload, as its definition has them. */
static void declare(const struct entry *entry, const uint32_t p[8])
{
    struct litbench_run *run = &LITBENCH_PROBE.run;
    *run = (struct litbench_run){.workload = entry->number,
                                 .actors = 2,
                                 .messages = p[0],
                                 .message_bytes = sizeof(struct message),
                                 .mailbox = BOUND,
                                 .idle = board_idle};
    switch (entry->number) {
    case 1:
    case 8:
        run->messages = 2 * p[0];
        run->in_flight = 1;
        break;
    case 3:
    case 4:
        run->actors = p[0] + 1;
        run->messages = p[0] * p[1];
        break;
    case 5:
        run->actors = p[0];
        run->messages = p[1];
        run->in_flight = 1;
        break;
    case 6:
        run->actors = p[0];
        run->messages = 2 * p[0];
        run->mailbox = 1;
        break;
    case 7:
        run->actors = 1;
        run->mailbox = FILL;
        break;
    case 17:
        run->messages = p[0] * p[1];
        break;
    case 18:
        run->actors = 1 + 2 * p[3];
        break;
    case 20:
        run->message_bytes = 4 + p[1];
        break;
    case 21:
        run->actors = 1;
        break;
    case 22:
        run->messages = p[4];
        break;
    }
    if (run->actors > (entry->number == 6 ? (uint32_t)MASS : (uint32_t)ACTORS))
        give_up(LITBENCH_LIMIT);
    litbench_name(run->extra, sizeof run->extra, entry->extra);
    litbench_name_histogram(0, entry->histogram);
    if (entry->second)
        litbench_name_histogram(1, entry->second);
}

static void save(void)
{
    uint32_t index = LITBENCH_PROBE.run.iterations++;
    if (index < LITBENCH_ITERATIONS)
        LITBENCH_PROBE.iterations[index] = tally;
}

int main(void)
{
    static const struct litbench_job standard = {.workload = 1, .iterations = 3, .parameters = {1000, 16}};
    litbench_start(board_hertz, &board_counter);
    heap_init();
    board_enable_interrupts();
    const struct litbench_job *job = litbench_job();
    if (!job)
        job = &standard;
    latency = job->flags & LITBENCH_JOB_LATENCY;
    const struct entry *entry = find(job->workload);
    declare(entry, job->parameters);
    for (uint32_t i = 0; i < job->iterations; i++) {
        tally = (struct litbench_iteration){0};
        entry->run(job->parameters);
        save();
    }
    litbench_add_metric("wake-ups", LITBENCH_COUNT, wake_ups);
    litbench_add_metric("idle-time", LITBENCH_TIME, idle_time);
    if (ticks_coalesced)
        litbench_add_metric("ticks-coalesced", LITBENCH_COUNT, ticks_coalesced);
    if (entry->run == mailbox_fill) {
        litbench_add_metric("mailbox-bytes", LITBENCH_BYTES, FILL * sizeof(struct message));
        litbench_add_metric("queued-bytes-each", LITBENCH_BYTES, sizeof(struct message));
    }
    heap_conclude();
    litbench_finish();
    board_stop();
}

#pragma once
#include "actors.h"

typedef void (*workload)(const uint32_t parameters[8]);

void ping_pong(const uint32_t p[8]);
void counting(const uint32_t p[8]);
void fan_in(const uint32_t p[8]);
void fan_out(const uint32_t p[8]);
void thread_ring(const uint32_t p[8]);
void mass_spawn(const uint32_t p[8]);
void mailbox_fill(const uint32_t p[8]);
void mailbox_full(const uint32_t p[8]);
void restart(const uint32_t p[8]);
void interrupt_latency(const uint32_t p[8]);
void task_time(const uint32_t p[8]);
void heap_flood(const uint32_t p[8]);
void idle(const uint32_t p[8]);
void known_answers(const uint32_t p[8]);
void idle_check(const uint32_t p[8]);

extern uint32_t ticks_coalesced;

/* First fit over a fixed arena, counted by the probe. */
void heap_init(void);
void *heap_take(uint32_t bytes);
void heap_give(void *block);
void heap_conclude(void);

/* Actors of a super-loop: a ring buffer each, and a step that handles at most one message. */
#pragma once
#include "board.h"

enum { BOUND = 16, ACTORS = 129, MASS = 1024, FILL = 4096 };

struct message {
    uint32_t sender, value, stamp;
};
struct mailbox {
    uint32_t head, count;
    struct message slots[BOUND];
};
struct fold {
    uint64_t h, sum;
    uint32_t count;
};

struct actor;
/* Does what can be done now; the super-loop calls it again and again. */
typedef void (*step)(struct actor *self);
struct actor {
    step step;
    uint32_t index, value, last, waiting, started;
    struct fold fold;
    struct mailbox mailbox;
};

extern struct actor actors[ACTORS];
extern struct litbench_iteration tally;
extern bool latency, done;
extern uint32_t wake_ups, idle_time;

struct actor *actor_new(uint32_t index, step step);
bool send(struct actor *to, uint32_t sender, uint32_t value);
bool receive(struct actor *self, struct message *message);
void fold_take(struct fold *fold, uint32_t value);
void fold_hand_in(struct fold *fold);
void observe(uint32_t stamp);
void super_loop(uint32_t count);
void give_up(uint32_t code) __attribute__((noreturn));
/* Busy work: two instructions a round. */
void spin(uint32_t rounds);

/* A message's time of sending, when messages are timed. */
static inline uint32_t stamp(void)
{
    return latency ? litbench_now() : 0;
}

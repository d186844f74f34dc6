#include "actors.h"

struct actor actors[ACTORS];
struct litbench_iteration tally;
bool latency, done;
uint32_t wake_ups, idle_time;

struct actor *actor_new(uint32_t index, step step)
{
    struct actor *actor = &actors[index];
    actor->step = step;
    actor->index = index;
    actor->value = actor->last = actor->waiting = actor->started = 0;
    actor->fold = (struct fold){0};
    actor->mailbox.head = actor->mailbox.count = 0;
    return actor;
}

bool send(struct actor *to, uint32_t sender, uint32_t value)
{
    struct mailbox *box = &to->mailbox;
    if (box->count == BOUND)
        return false;
    box->slots[(box->head + box->count) % BOUND] = (struct message){sender, value, stamp()};
    box->count++;
    return true;
}

bool receive(struct actor *self, struct message *message)
{
    struct mailbox *box = &self->mailbox;
    if (box->count == 0)
        return false;
    *message = box->slots[box->head];
    box->head = (box->head + 1) % BOUND;
    box->count--;
    return true;
}

void fold_take(struct fold *fold, uint32_t value)
{
    uint64_t v = (uint64_t)value + 1;
    fold->h = fold->h * 31 + v;
    fold->sum += v;
    fold->count++;
}

void fold_hand_in(struct fold *fold)
{
    tally.handled += fold->count;
    tally.order += fold->h;
    tally.sum += fold->sum;
    *fold = (struct fold){0};
}

void observe(uint32_t stamp)
{
    if (latency)
        litbench_record(0, litbench_elapsed(stamp, litbench_now()));
}

void super_loop(uint32_t count)
{
    while (!done)
        for (uint32_t i = 0; i < count; i++)
            actors[i].step(&actors[i]);
}

void give_up(uint32_t code)
{
    litbench_fail(code);
    board_stop();
}

__attribute__((noinline)) void spin(uint32_t rounds)
{
    if (!rounds)
        return;
#if defined(__arm__)
    __asm__ volatile("1: subs %0, %0, #1\n bne 1b" : "+r"(rounds)::"cc");
#else
    __asm__ volatile("1: addi %0, %0, -1\n bnez %0, 1b" : "+r"(rounds));
#endif
}

/* The compiler may call these for structures and arrays. */
void *memset(void *to, int value, size_t size)
{
    for (volatile uint8_t *p = to; size--;)
        *p++ = (uint8_t)value;
    return to;
}
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    const uint8_t *source = from;
    for (volatile uint8_t *p = to; size--;)
        *p++ = *source++;
    return to;
}

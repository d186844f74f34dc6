/* Traffic patterns that hosts have too. */
#include "workloads.h"

#define STOP 0xFFFFFFFFu

static uint32_t limit, width, left, turn;

static void measure(uint32_t count)
{
    done = false;
    tally.start = litbench_now();
    super_loop(count);
    tally.end = litbench_now();
    for (uint32_t i = 0; i < count; i++)
        fold_hand_in(&actors[i].fold);
}

static void ping(struct actor *self)
{
    struct message message;
    if (self->waiting) {
        if (!receive(self, &message))
            return;
        fold_take(&self->fold, message.value);
        observe(self->last);
        self->waiting = 0;
        done = ++self->value == limit;
    }
    if (!done) {
        self->last = stamp();
        send(&actors[1], 0, self->value);
        tally.sent++;
        self->waiting = 1;
    }
}

static void pong(struct actor *self)
{
    struct message message;
    if (!receive(self, &message))
        return;
    fold_take(&self->fold, message.value);
    send(&actors[0], 1, message.value);
    tally.sent++;
}

void ping_pong(const uint32_t p[8])
{
    limit = p[0];
    actor_new(0, ping);
    actor_new(1, pong);
    measure(2);
}

static void produce(struct actor *self)
{
    struct message message;
    if (self->value < limit) {
        if (send(&actors[1], 0, self->value)) {
            self->value++;
            tally.sent++;
        }
    } else if (!self->waiting) {
        self->waiting = send(&actors[1], 0, STOP);
    } else if (receive(self, &message)) {
        tally.extra = message.value;
        done = true;
    }
}

static void count(struct actor *self)
{
    struct message message;
    if (!receive(self, &message))
        return;
    if (message.value == STOP) {
        send(&actors[0], 1, self->fold.count);
        return;
    }
    fold_take(&self->fold, message.value);
    observe(message.stamp);
}

void counting(const uint32_t p[8])
{
    limit = p[0];
    actor_new(0, produce);
    actor_new(1, count);
    measure(2);
}

static struct fold folds[ACTORS];

static void flood(struct actor *self)
{
    if (self->value < limit && send(&actors[width], self->index, self->value)) {
        self->value++;
        tally.sent++;
    }
}

static void gather(struct actor *self)
{
    struct message message;
    if (!receive(self, &message))
        return;
    fold_take(&folds[message.sender], message.value);
    observe(message.stamp);
    done = --left == 0;
}

void fan_in(const uint32_t p[8])
{
    width = p[0];
    limit = p[1];
    left = width * limit;
    for (uint32_t i = 0; i < width; i++)
        actor_new(i, flood);
    actor_new(width, gather);
    measure(width + 1);
    for (uint32_t i = 0; i < width; i++)
        fold_hand_in(&folds[i]);
}

static void broadcast(struct actor *self)
{
    if (self->value == limit || !send(&actors[1 + turn], 0, self->value))
        return;
    tally.sent++;
    if (++turn == width) {
        turn = 0;
        self->value++;
    }
}

static void listen(struct actor *self)
{
    struct message message;
    if (!receive(self, &message))
        return;
    fold_take(&self->fold, message.value);
    observe(message.stamp);
    done = --left == 0;
}

void fan_out(const uint32_t p[8])
{
    width = p[0];
    limit = p[1];
    left = width * limit;
    turn = 0;
    actor_new(0, broadcast);
    for (uint32_t i = 1; i <= width; i++)
        actor_new(i, listen);
    measure(width + 1);
}

static void pass(struct actor *self)
{
    struct message message;
    if (!receive(self, &message))
        return;
    fold_take(&self->fold, message.value);
    observe(message.stamp);
    if (message.value + 1 == limit) {
        tally.extra = self->index;
        done = true;
        return;
    }
    uint32_t next = self->index + 1 == width ? 0 : self->index + 1;
    send(&actors[next], self->index, message.value + 1);
    tally.sent++;
}

void thread_ring(const uint32_t p[8])
{
    width = p[0];
    limit = p[1];
    for (uint32_t i = 0; i < width; i++)
        actor_new(i, pass);
    send(&actors[0], 0, 0);
    tally.sent++;
    measure(width);
}

/* Many small actors: state and a mailbox of one message. */
static struct small {
    struct message message;
    bool full, live;
} small[MASS];

void mass_spawn(const uint32_t p[8])
{
    struct fold heard = {0};
    tally.start = litbench_now();
    for (uint32_t i = 0; i < p[0]; i++) {
        small[i] = (struct small){.message = {0, i, 0}, .full = true, .live = true};
        tally.sent++;
    }
    for (uint32_t i = 0; i < p[0]; i++) {
        if (!small[i].full)
            continue;
        small[i].full = false;
        tally.handled++;
        tally.sum += (uint64_t)small[i].message.value + 1;
        tally.sent++; /* the answer, which the driver handles at once */
        fold_take(&heard, small[i].message.value);
    }
    tally.end = litbench_now();
    tally.extra = heard.count;
    fold_hand_in(&heard);
}

static struct message big[FILL];

void mailbox_fill(const uint32_t p[8])
{
    struct fold fold = {0};
    if (p[0] > FILL)
        give_up(LITBENCH_LIMIT);
    tally.start = litbench_now();
    for (uint32_t i = 0; i < p[0]; i++) {
        big[i] = (struct message){0, i, stamp()};
        tally.sent++;
    }
    for (uint32_t i = 0; i < p[0]; i++)
        fold_take(&fold, big[i].value);
    tally.end = litbench_now();
    fold_hand_in(&fold);
}

/* What goes wrong on purpose, and payloads on a heap. */
#include "workloads.h"

void mailbox_full(const uint32_t p[8])
{
    uint32_t messages = p[0], burst = p[1], value = 0;
    struct actor *held = actor_new(0, 0);
    struct message message;
    litbench_name(LITBENCH_PROBE.mailboxes[0].name, 12, "held");
    LITBENCH_PROBE.mailboxes[0].capacity = BOUND;
    tally.start = litbench_now();
    while (value < messages) {
        for (uint32_t i = 0; i < burst && value < messages; i++, value++) {
            tally.sent++;
            if (send(held, 0, value)) {
                litbench_mailbox_sent(0, held->mailbox.count);
            } else {
                litbench_mailbox_full(0);
                tally.dropped++;
            }
        }
        while (receive(held, &message)) {
            litbench_mailbox_handled(0);
            fold_take(&held->fold, message.value);
        }
    }
    tally.end = litbench_now();
    fold_hand_in(&held->fold);
}

static uint32_t crashed;

static void work(struct actor *self)
{
    struct message message;
    if (!receive(self, &message))
        return;
    if (!self->started) {
        self->started = 1;
        litbench_record(0, litbench_elapsed(crashed, litbench_now()));
    }
    fold_take(&self->fold, message.value);
    done = --self->value == 0;
}

/* A crash ends the actor with its state; the supervisor makes a new one in its place. */
void restart(const uint32_t p[8])
{
    tally.start = litbench_now();
    for (uint32_t crash = 0; crash < p[0]; crash++) {
        crashed = litbench_now();
        struct actor *worker = actor_new(0, work);
        worker->value = p[1];
        tally.extra++;
        done = false;
        for (uint32_t value = 0; value < p[1];) {
            if (send(worker, 0, value)) {
                tally.sent++;
                value++;
            } else {
                worker->step(worker);
            }
        }
        while (!done)
            worker->step(worker);
        fold_hand_in(&worker->fold);
    }
    tally.end = litbench_now();
}

void heap_flood(const uint32_t p[8])
{
    struct fold fold = {0};
    struct letter {
        uint32_t value;
        uint8_t *payload;
    } box[BOUND];
    uint32_t head = 0, held = 0, value = 0;
    tally.start = litbench_now();
    while (fold.count < p[0]) {
        while (held < BOUND && value < p[0]) {
            uint8_t *payload = heap_take(p[1]);
            if (!payload)
                give_up(LITBENCH_OUT_OF_MEMORY);
            for (uint32_t i = 0; i < p[1]; i++)
                payload[i] = (uint8_t)value;
            box[(head + held++) % BOUND] = (struct letter){value++, payload};
            tally.sent++;
        }
        struct letter letter = box[head];
        head = (head + 1) % BOUND;
        held--;
        bool right = true;
        for (uint32_t i = 0; i < p[1]; i++)
            right = right && letter.payload[i] == (uint8_t)letter.value;
        heap_give(letter.payload);
        fold_take(&fold, right ? letter.value : 0xFFFFFFFEu);
    }
    tally.end = litbench_now();
    fold_hand_in(&fold);
}

// Two threads count in one cache line, each its own counter; "clean" puts the counters apart.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct counters { volatile long first, second; };
static struct counters together __attribute__((aligned(64)));
static struct { volatile long value; char padding[120]; } apart[2] __attribute__((aligned(128)));
static long milliseconds = 500;

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void *count(void *counter) {
    volatile long *own = counter;
    long end = now() + milliseconds * 1000000L;
    while (now() < end)
        for (int i = 0; i < 10000; i++) ++*own;
    return NULL;
}

int main(int number, char **words) {
    pthread_t threads[2];
    if (number > 1) milliseconds = atol(words[1]);
    int clean = number > 2 && strcmp(words[2], "clean") == 0;
    volatile long *first = clean ? &apart[0].value : &together.first;
    volatile long *second = clean ? &apart[1].value : &together.second;
    pthread_create(&threads[0], NULL, count, (void *)first);
    pthread_create(&threads[1], NULL, count, (void *)second);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    return 0;
}

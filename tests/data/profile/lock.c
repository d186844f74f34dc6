// Four threads share a mutex; one holds it 40 % of the time. "clean" gives each its own.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t shared = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t own[4] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                 PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static int clean;
static long milliseconds = 1000;

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void pause_for(long ns) {
    struct timespec t = {0, ns};
    nanosleep(&t, NULL);
}

// Sleeping stands for work, so that the truth does not depend on the number of processors.
static void *greedy(void *number) {
    pthread_mutex_t *mutex = clean ? &own[(long)number] : &shared;
    long end = now() + milliseconds * 1000000L;
    while (now() < end) {
        long begin = now();
        pthread_mutex_lock(mutex);
        long taken = now();
        pause_for(4000000);
        long held = now() - taken;
        pthread_mutex_unlock(mutex);
        long rest = held * 10 / 4 - (now() - begin);
        if (rest > 0) pause_for(rest);
    }
    return NULL;
}

static void *modest(void *number) {
    pthread_mutex_t *mutex = clean ? &own[(long)number] : &shared;
    long end = now() + milliseconds * 1000000L;
    while (now() < end) {
        pthread_mutex_lock(mutex);
        pthread_mutex_unlock(mutex);
        pause_for(1000000);
    }
    return NULL;
}

int main(int count, char **words) {
    pthread_t threads[4];
    if (count > 1) milliseconds = atol(words[1]);
    clean = count > 2 && strcmp(words[2], "clean") == 0;
    for (long i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, i == 0 ? greedy : modest, (void *)i);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    return 0;
}

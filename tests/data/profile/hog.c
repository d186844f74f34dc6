// On one processor: a thread that never yields, and three that only want to work briefly.
// "clean" lets the fourth work briefly, too.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int clean;
static long milliseconds = 1000;

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void *hog(void *unused) {
    (void)unused;
    pthread_setname_np(pthread_self(), "hog");
    long end = now() + milliseconds * 1000000L;
    while (now() < end) {
        if (clean) {
            struct timespec t = {0, 1000000};
            nanosleep(&t, NULL);
        }
    }
    return NULL;
}

static void *polite(void *unused) {
    (void)unused;
    pthread_setname_np(pthread_self(), "polite");
    long end = now() + milliseconds * 1000000L;
    while (now() < end) {
        struct timespec t = {0, 1000000};
        nanosleep(&t, NULL);
    }
    return NULL;
}

int main(int count, char **words) {
    pthread_t threads[4];
    cpu_set_t one;
    if (count > 1) milliseconds = atol(words[1]);
    clean = count > 2 && strcmp(words[2], "clean") == 0;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, i == 0 ? hog : polite, NULL);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    return 0;
}

// An adapter with a fault that is known beforehand: `adapter FAULT describe|serve`, where FAULT is
// none, heap, leak, burn, lock, hog or crowd. It does `counting` and `mass-spawn` without any runtime.
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TAKERS = 4, STRETCH_MS = 400, MOST_SAMPLES = 64 };

static const char *fault;
static int channel;
static char line[1 << 16];
static void *volatile sink;

static int has(const char *name) { return strcmp(fault, name) == 0; }

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void pause_us(long us) {
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

// Reads one line from standard input without any allocation.
static const char *request(void) {
    size_t length = 0;
    while (length + 1 < sizeof line && read(0, line + length, 1) == 1 && line[length] != '\n') length++;
    if (length == 0) _exit(3);
    line[length] = 0;
    return line;
}

static long number(const char *json, const char *key, long otherwise) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *at = strstr(json, quoted);
    return at ? strtol(strchr(at + strlen(quoted), ':') + 1, NULL, 10) : otherwise;
}

static void say(const char *text) {
    size_t length = strlen(text);
    if (write(channel, text, length) != (ssize_t)length) _exit(4);
}

// --- faults, one message each -------------------------------------------------------------------

__attribute__((noinline)) static void allocate_three(void) {
    for (int i = 0; i < 3; i++) {
        void *block = malloc(64);
        sink = block;
        free(block);
    }
}

__attribute__((noinline)) static void lose(void) {
    sink = malloc(16);
    sink = NULL;
}

__attribute__((noinline)) static void hot(void) {
    for (volatile int i = 0; i < 7000; i++) { }
}

__attribute__((noinline)) static void warm(int rounds) {
    for (volatile int i = 0; i < rounds; i++) { }
}

static void handle(void) {
    if (has("heap")) allocate_three();
    if (has("leak")) lose();
    if (has("burn")) { hot(); warm(3000); }
    if (has("none")) warm(10);
}

// --- faults of threads, for a stretch of time ---------------------------------------------------

static pthread_mutex_t shared = PTHREAD_MUTEX_INITIALIZER;
static long stretch_end;

static void *holder(void *unused) {
    (void)unused;
    pthread_setname_np(pthread_self(), "holder");
    while (now() < stretch_end) {
        pthread_mutex_lock(&shared);
        pause_us(4000);
        pthread_mutex_unlock(&shared);
        pause_us(6000);
    }
    return NULL;
}

static void *modest(void *unused) {
    (void)unused;
    while (now() < stretch_end) {
        pthread_mutex_lock(&shared);
        pthread_mutex_unlock(&shared);
        pause_us(500);
    }
    return NULL;
}

static void *hog(void *unused) {
    (void)unused;
    pthread_setname_np(pthread_self(), "hog");
    while (now() < stretch_end) { }
    return NULL;
}

static void *polite(void *unused) {
    (void)unused;
    while (now() < stretch_end) pause_us(1000);
    return NULL;
}

static void on_one_processor(void) {
    cpu_set_t allowed, one;
    sched_getaffinity(0, sizeof allowed, &allowed);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &allowed)) { CPU_SET(i, &one); break; }
    sched_setaffinity(0, sizeof one, &one);
}

static void threads(void *(*first)(void *), void *(*others)(void *)) {
    pthread_t all[TAKERS];
    stretch_end = now() + STRETCH_MS * 1000000L;
    for (int i = 0; i < TAKERS; i++) pthread_create(&all[i], NULL, i ? others : first, NULL);
    for (int i = 0; i < TAKERS; i++) pthread_join(all[i], NULL);
}

// --- the workloads ------------------------------------------------------------------------------

static void iteration(long index, long start, long messages, const char *checks) {
    static char text[1024];
    snprintf(text, sizeof text,
             "{\"type\": \"iteration\", \"index\": %ld, \"start\": %ld, \"end\": %ld, \"ledger\": {\"sent\": %ld, "
             "\"handled\": %ld, \"dropped\": 0, \"errored\": 0, \"pending\": 0}, \"checks\": {%s}}\n",
             index, start, now(), messages, messages, checks);
    say(text);
}

static void counting(long index, long messages) {
    static char checks[256];
    uint64_t order = 0, sum = 0, total = 0;
    long start = now();
    for (uint64_t value = 0; value < (uint64_t)messages; value++) {
        handle();
        order = order * 31 + value + 1;
        sum += value + 1;
        total++;
    }
    if (has("lock")) threads(holder, modest);
    if (has("hog")) threads(hog, polite);
    snprintf(checks, sizeof checks, "\"order\": %lu, \"sum\": %lu, \"total\": %lu", order, sum, total);
    iteration(index, start, messages, checks);
}

static uint64_t live[3][MOST_SAMPLES];

static uint64_t live_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

// An actor is 256 bytes; with the fault it also keeps a word for each of the others.
static void mass_spawn(long index, long actors) {
    static char checks[128];
    size_t size = 256 + (has("crowd") ? actors * sizeof(void *) : 0);
    if (index < MOST_SAMPLES) live[0][index] = live_bytes();
    void **all = malloc(actors * sizeof *all);
    long start = now();
    for (long i = 0; i < actors; i++) all[i] = malloc(size);
    uint64_t sum = (uint64_t)actors * (actors + 1);
    snprintf(checks, sizeof checks, "\"sum\": %lu, \"live\": %ld", sum, actors);
    iteration(index, start, 2 * actors, checks);
    if (index < MOST_SAMPLES) live[1][index] = live_bytes();
    for (long i = 0; i < actors; i++) free(all[i]);
    free(all);
    if (index < MOST_SAMPLES) live[2][index] = live_bytes();
}

static void report_memory(long iterations) {
    static const char *names[] = {"live-before", "live-loaded", "live-after"};
    static char text[4096];
    if (iterations > MOST_SAMPLES) iterations = MOST_SAMPLES;
    for (int which = 0; which < 3; which++) {
        int at = snprintf(text, sizeof text, "{\"type\": \"metric\", \"name\": \"%s\", \"unit\": \"bytes\", \"values\": [",
                          names[which]);
        for (long i = 0; i < iterations; i++)
            at += snprintf(text + at, sizeof text - at, "%s%lu", i ? ", " : "", live[which][i]);
        snprintf(text + at, sizeof text - at, "]}\n");
        say(text);
    }
}

static int serve(void) {
    static char text[1024];
    const char *said = getenv("LITBENCH_FD");
    channel = said ? atoi(said) : 1;
    const char *job = request();
    int spawns = strstr(job, "\"mass-spawn\"") != NULL, memory = strstr(job, "\"memory\"") != NULL;
    long most = number(job, "iterations", 1), limit = number(job, "time_limit_ns", 0), index = 0;
    long size = spawns ? number(job, "actors", 1) : number(job, "messages", 1);
    long mailbox = number(job, "mailbox", 16);
    if (has("hog")) on_one_processor();
    snprintf(text, sizeof text,
             "{\"type\": \"ready\", \"protocol\": 1, \"clock\": {\"name\": \"CLOCK_MONOTONIC\", \"unit\": \"ns\", "
             "\"cost\": 25, \"resolution\": 1}, \"specification\": {\"actors\": %ld, \"messages\": %ld, "
             "\"message_bytes\": 24, \"in_flight\": 0, \"mailbox\": %ld, \"threads\": 1, \"driver\": \"worker\", "
             "\"batch\": 1, \"policy\": \"backpressure\"}}\n",
             spawns ? size : 2, spawns ? 2 * size : size, mailbox);
    say(text);
    request();
    for (long go = now(); index < most && (index == 0 || now() - go < limit); index++)
        spawns ? mass_spawn(index, size) : counting(index, size);
    snprintf(text, sizeof text, "{\"type\": \"finish\", \"iterations\": %ld}\n", index);
    say(text);
    request();
    if (memory) report_memory(index);
    say("{\"type\": \"end\"}\n");
    return 0;
}

int main(int count, char **words) {
    if (count < 3) return 2;
    fault = words[1];
    if (strcmp(words[2], "serve") == 0) return serve();
    puts("{\"protocol\": 1, \"target\": \"seeded\", \"version\": \"1\", \"language\": \"c\", \"runtime\": \"none\", "
         "\"runtime_version\": \"1\", \"threads\": {\"least\": 1, \"most\": 1}, \"missing\": [], \"workloads\": ["
         "{\"name\": \"counting\", \"version\": 1, \"measures\": [\"throughput\"]}, "
         "{\"name\": \"mass-spawn\", \"version\": 1, \"measures\": [\"throughput\", \"memory\"]}]}");
    return 0;
}

/* Preloaded into a program: a thread that reads the allocator's own figures over time.
 *
 * Writes lines "monotonic-ns allocated active resident retained rss" (bytes; -1: not told) to the
 * file in LITBENCH_MEMORY_SHIM. The first line names the allocator. Reading never allocates.
 * Reading may be slow where there are many free chunks: it never takes more than 5 % of the time.
 *
 * Of glibc, malloc_info's documents follow in LITBENCH_MEMORY_SHIM with ".xml", each after a line
 * "<!-- monotonic-ns -->", ten a second at most. Their stream is made at the start, with a buffer
 * of its own.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef int (*mallctl_t)(const char *, void *, size_t *, void *, size_t);
typedef void (*mi_info_t)(size_t *, size_t *, size_t *, size_t *, size_t *, size_t *, size_t *, size_t *);
typedef struct mallinfo2 (*mallinfo_t)(void);

static const long interval_ns = 5000000, details_ns = 100000000, details_bytes = 32 << 20;
static FILE *details;
static char details_buffer[1 << 16];
static int64_t detailed;
static int out = -1;
static mallctl_t mallctl;
static mi_info_t mi_info;
static mallinfo_t info;
static pid_t owner;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Resident bytes of the process that no file backs. */
static long long resident_set(void) {
    char text[128];
    long size, resident, shared;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    if (got <= 0) return -1;
    text[got] = 0;
    if (sscanf(text, "%ld %ld %ld", &size, &resident, &shared) != 3) return -1;
    return (long long)(resident - shared) * sysconf(_SC_PAGESIZE);
}

static long long jemalloc(const char *name) {
    size_t value = 0, size = sizeof value;
    return mallctl(name, &value, &size, NULL, 0) ? -1 : (long long)value;
}

static void sample(void) {
    long long allocated = -1, active = -1, resident = -1, retained = -1;
    char line[200];
    if (mallctl) {
        uint64_t epoch = 1;
        size_t size = sizeof epoch;
        mallctl("epoch", &epoch, &size, &epoch, size);
        allocated = jemalloc("stats.allocated");
        active = jemalloc("stats.active");
        resident = jemalloc("stats.resident");
        retained = jemalloc("stats.retained");
    } else if (mi_info) {
        size_t user, system, faults, rss, peak_rss, commit, peak_commit, elapsed;
        mi_info(&elapsed, &user, &system, &rss, &peak_rss, &commit, &peak_commit, &faults);
        resident = (long long)commit;
    } else if (info) {
        struct mallinfo2 all = info();
        allocated = (long long)(all.uordblks + all.hblkhd);
        active = (long long)(all.arena + all.hblkhd);
    }
    int length = snprintf(line, sizeof line, "%lld %lld %lld %lld %lld %lld\n", (long long)now(),
                          allocated, active, resident, retained, resident_set());
    if (length > 0 && write(out, line, (size_t)length) < 0) out = -1;
}

static void detail(int64_t at, int last) {
    if (!details || (!last && at - detailed < details_ns) || ftell(details) > details_bytes) return;
    detailed = at;
    fprintf(details, "<!-- %lld -->\n", (long long)at);
    malloc_info(0, details);
    fflush(details);
}

static void *watch(void *unused) {
    (void)unused;
    while (out >= 0) {
        int64_t began = now();
        sample();
        detail(began, 0);
        int64_t pause = (now() - began) * 20;
        if (pause < interval_ns) pause = interval_ns;
        struct timespec t = {pause / 1000000000, pause % 1000000000};
        nanosleep(&t, NULL);
    }
    return NULL;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("LITBENCH_MEMORY_SHIM");
    pthread_t thread;
    sigset_t all, before;
    const char *name = "none";
    if (!path) return;
    mallctl = (mallctl_t)dlsym(RTLD_DEFAULT, "mallctl");
    if (!mallctl) mallctl = (mallctl_t)dlsym(RTLD_DEFAULT, "_rjem_mallctl");
    mi_info = (mi_info_t)dlsym(RTLD_DEFAULT, "mi_process_info");
    info = (mallinfo_t)dlsym(RTLD_DEFAULT, "mallinfo2");
    name = mallctl ? "jemalloc" : mi_info ? "mimalloc" : info ? "glibc" : "none";
    out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) return; /* a child process: the parent has the file */
    owner = getpid();
    if (!mallctl && !mi_info && info) {
        char beside[4096];
        snprintf(beside, sizeof beside, "%s.xml", path);
        details = fopen(beside, "wxe");
        if (details) setvbuf(details, details_buffer, _IOFBF, sizeof details_buffer);
    }
    if (write(out, name, strlen(name)) < 0 || write(out, "\n", 1) < 0) return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the program's own threads */
    if (!pthread_create(&thread, NULL, watch, NULL)) pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

__attribute__((destructor)) static void end(void) {
    if (out < 0 || owner != getpid()) return;
    sample();
    detail(now(), 1);
}

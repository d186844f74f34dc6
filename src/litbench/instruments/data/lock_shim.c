/* Preloaded into a program: who takes which lock, how long they wait for it, how long they hold it.
 *
 * Watches pthread mutexes and rwlocks, and futexes that are used through syscall(), as Rust's
 * standard library and parking_lot do. Everything is kept in the file of LITBENCH_LOCK_SHIM, which
 * is mapped into memory: it is whole at any moment, even when the program is killed, and `enabled`
 * in it can be set from outside. An entry belongs to one (lock, thread, kind) and only that thread
 * writes it, so that watching adds no contention.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MODULES = 64, FRAMES = 12, ENTRIES = 1 << 15, PATH = 240 };
enum kind { MUTEX = 1, READ_LOCK = 2, WRITE_LOCK = 3, FUTEX = 4, FUTEX_WAKER = 5 };

struct module { uint64_t base; char path[PATH]; };
struct entry { /* times in ns */
    uint64_t lock;
    uint32_t tid, kind;
    uint64_t acquired, contended, wait, wait_max, held, held_max, since, woken;
    uint64_t lock_module, lock_offset; /* of a lock in a module's data; module + 1, 0: none */
    uint32_t frames;
    uint32_t frame_module[FRAMES];
    uint64_t frame_offset[FRAMES];
    char name[16];
};
struct table {
    char magic[8];
    uint32_t version, entry_size, entries, modules;
    uint32_t enabled, overflow;
    uint64_t began, ended;
    struct module module[MODULES];
    struct entry entry[ENTRIES];
};

static struct table *table;
static int (*real_lock)(pthread_mutex_t *);
static int (*real_trylock)(pthread_mutex_t *);
static int (*real_timedlock)(pthread_mutex_t *, const struct timespec *);
static int (*real_unlock)(pthread_mutex_t *);
static int (*real_wait)(pthread_cond_t *, pthread_mutex_t *);
static int (*real_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
static int (*real_rdlock)(pthread_rwlock_t *);
static int (*real_tryrdlock)(pthread_rwlock_t *);
static int (*real_wrlock)(pthread_rwlock_t *);
static int (*real_trywrlock)(pthread_rwlock_t *);
static __thread uint32_t own_tid;
static __thread int inside;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *find(const char *name) {
    void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2"); /* condition variables have an older twin */
    return found ? found : dlsym(RTLD_NEXT, name);
}

static void resolve(void) {
    if (real_unlock) return;
    real_lock = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    real_trylock = dlsym(RTLD_NEXT, "pthread_mutex_trylock");
    real_timedlock = dlsym(RTLD_NEXT, "pthread_mutex_timedlock");
    real_wait = find("pthread_cond_wait");
    real_timedwait = find("pthread_cond_timedwait");
    real_rdlock = dlsym(RTLD_NEXT, "pthread_rwlock_rdlock");
    real_tryrdlock = dlsym(RTLD_NEXT, "pthread_rwlock_tryrdlock");
    real_wrlock = dlsym(RTLD_NEXT, "pthread_rwlock_wrlock");
    real_trywrlock = dlsym(RTLD_NEXT, "pthread_rwlock_trywrlock");
    real_unlock = dlsym(RTLD_NEXT, "pthread_mutex_unlock");
}

/* The number + 1 of the module of an address, and the offset in it; 0 where it has none. */
static uint32_t module_of(const void *address, uint64_t *offset) {
    Dl_info found;
    *offset = (uint64_t)address;
    if (!dladdr(address, &found) || !found.dli_fname) return 0;
    uint64_t base = (uint64_t)found.dli_fbase;
    *offset -= base;
    for (uint32_t i = 0; i < MODULES; i++) {
        uint64_t free_slot = 0;
        if (__atomic_compare_exchange_n(&table->module[i].base, &free_slot, base, 0,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            strncpy(table->module[i].path, found.dli_fname, PATH - 1);
            return i + 1;
        }
        if (table->module[i].base == base) return i + 1;
    }
    return 0;
}

static void describe(struct entry *entry) {
    void *frames[FRAMES + 2];
    int count = backtrace(frames, FRAMES + 2) - 2;
    entry->lock_module = module_of((void *)entry->lock, &entry->lock_offset);
    for (int i = 0; i < count && i < FRAMES; i++)
        entry->frame_module[i] =
            module_of((char *)frames[i + 2] - 1, &entry->frame_offset[i]);
    entry->frames = count > 0 ? (uint32_t)count : 0;
    pthread_getname_np(pthread_self(), entry->name, sizeof entry->name);
}

/* The calling thread's entry for a lock, or NULL when nothing is to be recorded. */
static struct entry *entry_of(const void *lock, enum kind kind) {
    if (!table || inside) return NULL;
    if (!own_tid) own_tid = (uint32_t)syscall(SYS_gettid);
    uint64_t hash = ((uint64_t)lock >> 3) * 0x9e3779b97f4a7c15u ^ own_tid * 0x85ebca6bu ^ kind;
    for (uint32_t probe = 0; probe < 64; probe++) {
        struct entry *entry = &table->entry[(hash + probe) % ENTRIES];
        uint32_t free_slot = 0;
        if (entry->tid == own_tid && entry->lock == (uint64_t)lock && entry->kind == kind)
            return entry;
        if (!__atomic_load_n(&table->enabled, __ATOMIC_RELAXED)) {
            if (!entry->tid) return NULL;
        } else if (__atomic_compare_exchange_n(&entry->tid, &free_slot, own_tid, 0,
                                               __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            entry->lock = (uint64_t)lock;
            entry->kind = kind;
            inside = 1;
            describe(entry);
            inside = 0;
            return entry;
        }
    }
    __atomic_fetch_add(&table->overflow, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void took(struct entry *entry, int64_t began) {
    if (!entry || !__atomic_load_n(&table->enabled, __ATOMIC_RELAXED)) return;
    int64_t time = now();
    entry->acquired++;
    if (began) {
        uint64_t waited = (uint64_t)(time - began);
        entry->contended++;
        entry->wait += waited;
        if (waited > entry->wait_max) entry->wait_max = waited;
    }
    if (entry->kind == MUTEX) entry->since = (uint64_t)time;
}

static void left(struct entry *entry) {
    if (!entry || !entry->since) return;
    uint64_t held = (uint64_t)now() - entry->since;
    entry->since = 0;
    if (!__atomic_load_n(&table->enabled, __ATOMIC_RELAXED)) return;
    entry->held += held;
    if (held > entry->held_max) entry->held_max = held;
}

int pthread_mutex_lock(pthread_mutex_t *mutex) {
    resolve();
    struct entry *entry = entry_of(mutex, MUTEX);
    int result = real_trylock(mutex);
    int64_t began = 0;
    if (result == EBUSY) {
        began = now();
        result = real_lock(mutex);
    } else if (result != 0 && result != EOWNERDEAD) {
        result = real_lock(mutex);
    }
    if (result == 0) took(entry, began);
    return result;
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until) {
    resolve();
    struct entry *entry = entry_of(mutex, MUTEX);
    int result = real_trylock(mutex);
    int64_t began = 0;
    if (result == EBUSY) {
        began = now();
        result = real_timedlock(mutex, until);
    }
    if (result == 0) took(entry, began);
    return result;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex) {
    resolve();
    int result = real_trylock(mutex);
    if (result == 0) took(entry_of(mutex, MUTEX), 0);
    return result;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex) {
    resolve();
    left(entry_of(mutex, MUTEX));
    return real_unlock(mutex);
}

/* While a thread waits for a condition it does not hold the mutex. */
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex) {
    resolve();
    struct entry *entry = entry_of(mutex, MUTEX);
    left(entry);
    int result = real_wait(condition, mutex);
    took(entry, 0);
    return result;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until) {
    resolve();
    struct entry *entry = entry_of(mutex, MUTEX);
    left(entry);
    int result = real_timedwait(condition, mutex, until);
    took(entry, 0);
    return result;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
    resolve();
    struct entry *entry = entry_of(lock, READ_LOCK);
    int result = real_tryrdlock(lock);
    int64_t began = 0;
    if (result != 0) {
        began = now();
        result = real_rdlock(lock);
    }
    if (result == 0) took(entry, began);
    return result;
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock) {
    resolve();
    struct entry *entry = entry_of(lock, WRITE_LOCK);
    int result = real_trywrlock(lock);
    int64_t began = 0;
    if (result != 0) {
        began = now();
        result = real_wrlock(lock);
    }
    if (result == 0) took(entry, began);
    return result;
}

/* syscall(), as in libc, but for futexes: written out, since a call that forks or changes the stack
 * must not return through a function of C. */
#if defined __x86_64__
__asm__(".globl syscall\n.type syscall,@function\nsyscall:\n"
        " cmp $202, %rdi\n je 1f\n"
        ".globl litbench_plain_syscall\n.hidden litbench_plain_syscall\nlitbench_plain_syscall:\n"
        " mov %rdi, %rax\n mov %rsi, %rdi\n mov %rdx, %rsi\n mov %rcx, %rdx\n mov %r8, %r10\n"
        " mov %r9, %r8\n mov 8(%rsp), %r9\n syscall\n cmp $-4095, %rax\n jae 2f\n ret\n"
        "1: jmp litbench_futex\n"
        "2: mov %rax, %rdi\n jmp litbench_failed\n"
        ".size syscall, .-syscall\n");
#define WATCHES_FUTEXES 1
#elif defined __aarch64__
__asm__(".globl syscall\n.type syscall,@function\nsyscall:\n"
        " cmp x0, #98\n b.eq 1f\n"
        ".globl litbench_plain_syscall\n.hidden litbench_plain_syscall\nlitbench_plain_syscall:\n"
        " mov x8, x0\n mov x0, x1\n mov x1, x2\n mov x2, x3\n mov x3, x4\n mov x4, x5\n"
        " mov x5, x6\n svc #0\n cmn x0, #4095\n b.cs 2f\n ret\n"
        "1: b litbench_futex\n"
        "2: b litbench_failed\n"
        ".size syscall, .-syscall\n");
#define WATCHES_FUTEXES 1
#endif

#ifdef WATCHES_FUTEXES
long litbench_plain_syscall(long, ...);

__attribute__((visibility("hidden"), used)) long litbench_failed(long result) {
    errno = (int)-result;
    return -1;
}

__attribute__((visibility("hidden"), used)) long
litbench_futex(long number, uint32_t *word, long operation, long value, long timeout, long word2,
               long value3) {
    int command = (int)operation & FUTEX_CMD_MASK;
    int waits = command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
    struct entry *entry = NULL;
    if (waits || command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET)
        entry = entry_of(word, waits ? FUTEX : FUTEX_WAKER); /* an entry's stack is one of its own */
    int64_t began = waits && entry ? now() : 0;
    long result = litbench_plain_syscall(number, word, operation, value, timeout, word2, value3);
    if (entry && __atomic_load_n(&table->enabled, __ATOMIC_RELAXED)) {
        int error = errno;
        if (waits) took(entry, began);
        else entry->woken += result > 0 ? (uint64_t)result : 0;
        errno = error;
    }
    return result;
}
#endif

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("LITBENCH_LOCK_SHIM");
    void *frames[2];
    resolve();
    if (!path) return;
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return; /* a child process: the parent has the file */
    backtrace(frames, 2); /* loads the unwinder now, not inside a lock */
    if (ftruncate(file, sizeof(struct table)) == 0) {
        void *mapped = mmap(NULL, sizeof(struct table), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (mapped != MAP_FAILED) {
            struct table *fresh = mapped;
            fresh->version = 1;
            fresh->entry_size = sizeof(struct entry);
            fresh->entries = ENTRIES;
            fresh->modules = MODULES;
            fresh->enabled = getenv("LITBENCH_LOCK_SHIM_LATER") == NULL;
            fresh->began = (uint64_t)now();
            memcpy(fresh->magic, "LBLOCKS", 8);
            table = fresh;
        }
    }
    close(file);
}

/* A child that only forked must not write its parent's entries. */
static void forget(void) { table = NULL; }
__attribute__((constructor)) static void watch_forks(void) { pthread_atfork(NULL, NULL, forget); }

__attribute__((destructor)) static void end(void) {
    if (table) table->ended = (uint64_t)now();
}

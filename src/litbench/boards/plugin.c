/* Counts instructions exactly, for litbench: per address, and at the entries it is asked to mark.
 *
 * A plugin for QEMU's TCG, ABI version 1 (QEMU 4.2 to 8.2; later ones accept it up to their own minimum). Distributions
 * ship no header for it, so the few prototypes are declared here from the interface's documentation.
 *
 * Arguments: out=FILE, mark=ADDRESS (repeatable), stop=ADDRESS (freeze there), limit=N (freeze after N instructions).
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef struct qemu_info_t qemu_info_t;
enum { CB_NO_REGS = 0 };
enum { INLINE_ADD_U64 = 0 };
typedef void (*tb_trans_t)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*udata_t)(qemu_plugin_id_t, void *);
typedef void (*vcpu_udata_t)(unsigned int, void *);

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_trans_t);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, udata_t, void *);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, vcpu_udata_t, int, void *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, vcpu_udata_t, int, void *);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define BUCKETS 65536
#define MOST_MARKS 64
#define MOST_HITS 1000000

struct place {
    uint64_t address, count, kept;
    struct place *next;
};
struct hit {
    uint64_t address, index;
};

static struct place *table[BUCKETS];
static uint64_t total, kept_total, limit, stop_address, marks[MOST_MARKS];
static unsigned mark_count;
static struct hit *hits;
static uint64_t hit_count;
static bool has_stop, frozen;
static char *output;

static struct place *find(uint64_t address)
{
    struct place **slot = &table[(address >> 1) % BUCKETS];
    for (struct place *p = *slot; p; p = p->next)
        if (p->address == address)
            return p;
    struct place *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        abort();
    fresh->address = address;
    fresh->next = *slot;
    return *slot = fresh;
}

/* From here on nothing counts: the numbers are kept as they are. */
static void freeze(void)
{
    if (frozen)
        return;
    frozen = true;
    kept_total = total;
    for (unsigned i = 0; i < BUCKETS; i++)
        for (struct place *p = table[i]; p; p = p->next)
            p->kept = p->count;
}

static void on_mark(unsigned int cpu, void *data)
{
    (void)cpu;
    if (frozen || hit_count >= MOST_HITS)
        return;
    hits[hit_count].address = (uint64_t)(uintptr_t)data;
    hits[hit_count++].index = total;
}

static void on_stop(unsigned int cpu, void *data)
{
    (void)cpu, (void)data;
    freeze();
}

static void on_block(unsigned int cpu, void *data)
{
    (void)cpu, (void)data;
    if (!frozen && total >= limit) {
        freeze();
        kill(getpid(), SIGTERM); /* QEMU takes it as a request to end */
    }
}

static bool is_marked(uint64_t address)
{
    for (unsigned i = 0; i < mark_count; i++)
        if (marks[i] == address)
            return true;
    return false;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    if (limit)
        qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, CB_NO_REGS, NULL);
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (is_marked(address))
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, CB_NO_REGS, (void *)(uintptr_t)address);
        if (has_stop && address == stop_address)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_stop, CB_NO_REGS, NULL);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &find(address)->count, 1);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &total, 1);
    }
}

static void at_end(qemu_plugin_id_t id, void *data)
{
    (void)id, (void)data;
    freeze();
    FILE *file = fopen(output, "w");
    if (!file)
        return;
    fprintf(file, "litbench-plugin 1\ntotal %" PRIu64 "\n", kept_total);
    for (unsigned i = 0; i < BUCKETS; i++)
        for (struct place *p = table[i]; p; p = p->next)
            if (p->kept)
                fprintf(file, "pc %" PRIx64 " %" PRIu64 "\n", p->address, p->kept);
    for (uint64_t i = 0; i < hit_count; i++)
        fprintf(file, "hit %" PRIx64 " %" PRIu64 "\n", hits[i].address, hits[i].index);
    fprintf(file, "end\n");
    fclose(file);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                                                               char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "out=", 4))
            output = strdup(argv[i] + 4);
        else if (!strncmp(argv[i], "mark=", 5) && mark_count < MOST_MARKS)
            marks[mark_count++] = strtoull(argv[i] + 5, NULL, 0);
        else if (!strncmp(argv[i], "stop=", 5))
            stop_address = strtoull(argv[i] + 5, NULL, 0), has_stop = true;
        else if (!strncmp(argv[i], "limit=", 6))
            limit = strtoull(argv[i] + 6, NULL, 0);
    }
    hits = malloc(MOST_HITS * sizeof *hits);
    if (!output || !hits)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, at_end, NULL);
    return 0;
}

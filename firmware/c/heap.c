/* First fit over a fixed arena: blocks with a header, neighbours merged on the walk. */
#include "workloads.h"

enum { ARENA = 48 * 1024, UNIT = 8 };

struct header {
    uint32_t size; /* bytes after the header; bit 0: taken */
    uint32_t requested;
};

static uint64_t arena[ARENA / 8];
static uint32_t used;

static struct header *first(void)
{
    return (struct header *)arena;
}
static struct header *next(struct header *block)
{
    return (struct header *)((uint8_t *)(block + 1) + (block->size & ~1u));
}
static bool inside(struct header *block)
{
    return (uint8_t *)block < (uint8_t *)arena + ARENA;
}

void heap_init(void)
{
    *first() = (struct header){ARENA - sizeof(struct header), 0};
    LITBENCH_PROBE.heap.capacity = ARENA;
}

static void merge(struct header *block)
{
    for (struct header *after = next(block); inside(after) && !(after->size & 1); after = next(block))
        block->size += after->size + sizeof *after;
}

void *heap_take(uint32_t bytes)
{
    uint32_t size = (bytes + UNIT - 1) & ~(UNIT - 1u);
    for (struct header *block = first(); inside(block); block = next(block)) {
        if (block->size & 1)
            continue;
        merge(block);
        if (block->size < size)
            continue;
        if (block->size >= size + sizeof *block + UNIT) {
            struct header *rest = (struct header *)((uint8_t *)(block + 1) + size);
            *rest = (struct header){block->size - size - (uint32_t)sizeof *block, 0};
            block->size = size;
        }
        used += block->size + (uint32_t)sizeof *block;
        block->size |= 1;
        block->requested = bytes;
        litbench_heap_allocated(bytes, used);
        return block + 1;
    }
    LITBENCH_PROBE.heap.failures++;
    return 0;
}

void heap_give(void *place)
{
    struct header *block = (struct header *)place - 1;
    block->size &= ~1u;
    used -= block->size + (uint32_t)sizeof *block;
    litbench_heap_freed(block->requested);
}

void heap_conclude(void)
{
    uint32_t largest = 0;
    for (struct header *block = first(); inside(block); block = next(block)) {
        if (block->size & 1)
            continue;
        merge(block);
        if (block->size > largest)
            largest = block->size;
    }
    LITBENCH_PROBE.heap.largest_free = largest;
}

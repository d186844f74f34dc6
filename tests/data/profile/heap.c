// Three allocations of 64 bytes per message; "clean" makes none.
#include <stdlib.h>
#include <string.h>

static void *volatile sink;

__attribute__((noinline)) static void *take(void) {
    void *block = malloc(64);
    sink = block;
    return block;
}

__attribute__((noinline)) static void handle(void) {
    void *blocks[3];
    for (int i = 0; i < 3; i++) blocks[i] = take();
    for (int i = 0; i < 3; i++) free(blocks[i]);
}

int main(int count, char **words) {
    long messages = count > 1 ? atol(words[1]) : 1000;
    int clean = count > 2 && strcmp(words[2], "clean") == 0;
    for (long i = 0; i < messages; i++)
        if (!clean) handle();
    return 0;
}

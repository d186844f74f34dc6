// 16 bytes lost per message, in lose(); "clean" frees them, "grow" keeps them reachable.
#include <stdlib.h>
#include <string.h>

struct node { struct node *next; long value; };
static struct node *kept;
static void *volatile sink;

__attribute__((noinline)) static void lose(void) { sink = malloc(16); }

__attribute__((noinline)) static void keep(void) {
    struct node *node = malloc(sizeof *node);
    node->next = kept;
    kept = node;
}

int main(int count, char **words) {
    long messages = count > 1 ? atol(words[1]) : 1000;
    const char *how = count > 2 ? words[2] : "";
    for (long i = 0; i < messages; i++) {
        if (strcmp(how, "grow") == 0) {
            keep();
        } else {
            lose();
            if (strcmp(how, "clean") == 0) free(sink);
        }
    }
    sink = NULL;
    return 0;
}

// Objects of half a page, every second one freed: half the bytes of every page are stranded.
// "clean" frees the second half of them instead, which are neighbours.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OBJECTS = 20000, BYTES = 2048 };
static char *objects[OBJECTS];

int main(int count, char **words) {
    int clean = count > 1 && strcmp(words[1], "clean") == 0;
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = malloc(BYTES);
        memset(objects[i], 1, BYTES);
    }
    usleep(200000);
    for (int i = 0; i < OBJECTS; i++)
        if (clean ? i >= OBJECTS / 2 : i % 2) free(objects[i]);
    usleep(400000);
    return 0;
}

// hot() does 70 % of the work, warm() 30 %; "clean" splits it evenly.
#include <stdlib.h>
#include <string.h>

static volatile unsigned long sink;

__attribute__((noinline)) static void hot(long rounds) {
    for (long i = 0; i < rounds; i++) sink = sink * 31 + 1;
}

__attribute__((noinline)) static void warm(long rounds) {
    for (long i = 0; i < rounds; i++) sink = sink * 31 + 2;
}

int main(int count, char **words) {
    long slices = count > 1 ? atol(words[1]) : 1000;
    int share = count > 2 && strcmp(words[2], "clean") == 0 ? 50 : 70;
    for (long i = 0; i < slices; i++) {
        hot(1000L * share);
        warm(1000L * (100 - share));
    }
    return 0;
}

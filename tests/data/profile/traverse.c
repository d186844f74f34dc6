// A matrix of 8 MiB read by columns: every read misses; "clean" reads by rows: 1 in 16 does.
#include <stdlib.h>
#include <string.h>

enum { ROWS = 2048, COLUMNS = 1024 };
static volatile int matrix[ROWS][COLUMNS];
static volatile int sink;

__attribute__((noinline)) static int by_columns(void) {
    int sum = 0;
    for (int c = 0; c < COLUMNS; c++)
        for (int r = 0; r < ROWS; r++) sum += matrix[r][c];
    return sum;
}

__attribute__((noinline)) static int by_rows(void) {
    int sum = 0;
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) sum += matrix[r][c];
    return sum;
}

int main(int count, char **words) {
    int clean = count > 1 && strcmp(words[1], "clean") == 0;
    sink = clean ? by_rows() : by_columns();
    return 0;
}

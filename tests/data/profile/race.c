// Two threads add to one counter without a lock, in unsafe_add(); "clean" takes one.
#include <pthread.h>
#include <string.h>

static long counter;
static int clean;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((noinline)) static void unsafe_add(void) { counter++; }

static void *work(void *unused) {
    (void)unused;
    for (int i = 0; i < 10000; i++) {
        if (clean) pthread_mutex_lock(&mutex);
        unsafe_add();
        if (clean) pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

int main(int count, char **words) {
    pthread_t threads[2];
    clean = count > 1 && strcmp(words[1], "clean") == 0;
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    return counter == 0;
}

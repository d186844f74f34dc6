/* Recursion, direct and mutual; both are entered from main and are bounded at run time. */
#include <stdint.h>
#define NOINLINE __attribute__((noinline))
volatile uint32_t sink;
NOINLINE uint32_t odd(uint32_t n);
NOINLINE uint32_t factorial(uint32_t n) {
  volatile uint32_t keep = n;
  return n < 2 ? 1 : keep * factorial(n - 1) + sink;
}
NOINLINE uint32_t even(uint32_t n) {
  volatile uint32_t keep[3] = {n, n, n};
  return n == 0 ? keep[0] : odd(n - 1) + keep[2];
}
NOINLINE uint32_t odd(uint32_t n) {
  volatile uint32_t keep = n;
  return n == 0 ? keep : even(n - 1) + keep;
}
int main(void) {
  sink += factorial(6);
  sink += even(5);
  return 0;
}

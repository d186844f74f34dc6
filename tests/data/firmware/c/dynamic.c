/* alloca and variable-length arrays; a frame too large for an immediate. */
#include <stdint.h>
#define NOINLINE __attribute__((noinline))
volatile uint32_t sink;
NOINLINE uint32_t fill(volatile uint8_t *p, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) p[i] = (uint8_t)i;
  return p[n / 2];
}
NOINLINE uint32_t with_alloca(uint32_t n) { return fill(__builtin_alloca(n), n) + sink; }
NOINLINE uint32_t with_vla(uint32_t n) {
  uint32_t total = 0;
  for (uint32_t k = 1; k < 3; k++) {
    volatile uint8_t block[n * k];
    total += fill(block, n * k);
  }
  return total + fill((volatile uint8_t *)&sink, 4);
}
NOINLINE uint32_t huge(uint32_t n) {
  volatile uint8_t block[9000];
  return fill(block, sizeof block) + fill(block, n);
}
NOINLINE uint32_t aligned_frame(uint32_t n) {
  volatile uint8_t block[40] __attribute__((aligned(64)));
  return fill(block, n);
}
int main(void) {
  sink += huge(10);
  sink += aligned_frame(33);
  sink += with_alloca(120);
  sink += with_vla(50);
  return 0;
}

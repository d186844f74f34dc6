/* Code in RAM, called from flash and back: the linker adds veneers, both ways. */
#include <stdint.h>
#define NOINLINE __attribute__((noinline))
#define RAMFUNC __attribute__((noinline, section(".ramfunc")))
volatile uint32_t sink;
NOINLINE uint32_t in_flash(uint32_t x) {
  volatile uint32_t local[10];
  for (uint32_t i = 0; i < 10; i++) local[i] = x + i;
  return local[x % 10];
}
RAMFUNC uint32_t in_ram(uint32_t x) {
  volatile uint32_t local[5];
  for (uint32_t i = 0; i < 5; i++) local[i] = in_flash(x + i);
  return local[x % 5];
}
RAMFUNC uint32_t tail_from_ram(uint32_t x) { return in_flash(x ^ 3); }
NOINLINE uint32_t tail_to_ram(uint32_t x) { return in_ram(x + 2); }
int main(void) {
  sink = in_ram(3);
  sink += tail_from_ram(4);
  sink += tail_to_ram(9);
  return 0;
}

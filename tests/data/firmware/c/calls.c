/* Direct calls, tail calls, big frames, switch tables, constant and variable function pointers,
   soft-float and division helpers, two interrupts. Every path is taken when it runs. */
#include <stdint.h>

#define NOINLINE __attribute__((noinline))

volatile uint32_t sink;
volatile float real = 1.5f;
volatile uint64_t wide = 0x123456789abcdefULL;

NOINLINE static uint32_t leaf(uint32_t x) { return x * 2654435761u + sink; }

NOINLINE uint32_t with_array(uint32_t x) {
  volatile uint32_t local[40];
  for (uint32_t i = 0; i < 40; i++) local[i] = leaf(x + i);
  return local[x % 40];
}

NOINLINE uint32_t large_frame(uint32_t x) {
  volatile uint8_t block[1500];
  for (uint32_t i = 0; i < sizeof block; i += 7) block[i] = (uint8_t)(x + i);
  return with_array(block[x % sizeof block]) + block[0];
}

NOINLINE uint32_t tail(uint32_t x) {
  sink = x;
  return with_array(x + 1); /* a tail call at -Os and -O2 */
}

NOINLINE uint32_t early_exit(uint32_t x) {
  if (x == 0) return 1; /* shrink-wrapped at -O2 */
  volatile uint32_t local[8];
  for (uint32_t i = 0; i < 8; i++) local[i] = tail(x + i);
  return local[x & 7];
}

NOINLINE uint32_t many_arguments(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f, uint32_t g,
                                 uint32_t h, uint32_t i, uint32_t j) {
  return leaf(a + b + c + d) + leaf(e + f + g) + leaf(h + i + j) + a * j;
}

NOINLINE uint32_t choose(uint32_t x) {
  switch (x) { /* a jump table */
    case 0: return leaf(7);
    case 1: return with_array(9);
    case 2: return tail(3);
    case 3: return many_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9, x);
    case 4: return leaf(x) ^ leaf(sink);
    case 5: sink += 3; return early_exit(4);
    case 6: return large_frame(x);
    case 7: return sink;
    default: return x;
  }
}

typedef uint32_t (*operation)(uint32_t);

NOINLINE static uint32_t add_one(uint32_t x) { return x + 1; }
NOINLINE static uint32_t spill(uint32_t x) {
  volatile uint32_t local[20];
  for (uint32_t i = 0; i < 20; i++) local[i] = x ^ i;
  return local[x % 20];
}

static const operation table[] = {add_one, spill, tail};
NOINLINE uint32_t through_table(uint32_t index, uint32_t x) { return table[index](x) + 1; }

static operation current = add_one;
NOINLINE uint32_t through_variable(uint32_t x) { return current(x) + 2; }

NOINLINE static void on_tick(void) {
  volatile uint32_t local[12];
  for (uint32_t i = 0; i < 12; i++) local[i] = sink + i;
  sink = local[3];
}
static void (*volatile callback)(void);

NOINLINE float floating(float x) {
  float y = x * real + 2.0f;
  return y / (x + 1.0f);
}
NOINLINE uint64_t divide(uint64_t x) { return wide / (x | 3); }

void SysTick_Handler(void) {
  volatile uint32_t local[6];
  for (uint32_t i = 0; i < 6; i++) local[i] = leaf(i);
  sink = local[2];
}
void IRQ0_Handler(void) { sink = tail(sink); }
void IRQ1_Handler(void) {
  if (callback) callback();
}
#ifdef __riscv
void trap_work(uint32_t cause) {
  sink = tail(cause);
  if (callback) callback();
}
#endif

int main(void) {
  callback = on_tick;
  for (uint32_t i = 0; i < 9; i++) sink += choose(i);
  for (uint32_t i = 0; i < 3; i++) sink += through_table(i, i);
  current = spill;
  sink += through_variable(3);
  real = floating(real);
  wide = divide(sink);
  return 0;
}

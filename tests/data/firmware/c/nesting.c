/* Interrupts that nest at the deepest point of what they interrupt: each pends the next one there.
   SysTick and IRQ0 have one priority, so they never nest in each other; IRQ1 interrupts both. */
#include <stdint.h>

#define NOINLINE __attribute__((noinline))
#define REGISTER(address) (*(volatile uint32_t *)(address))
#define ICSR REGISTER(0xE000ED04)
#define SHPR3 REGISTER(0xE000ED20)
#define ISER REGISTER(0xE000E100)
#define ISPR REGISTER(0xE000E200)
#define IPR0 REGISTER(0xE000E400)
#define PEND_SYSTICK (1u << 26)

#ifdef __ARM_FP
#define HAS_FPU 1
#else
#define HAS_FPU 0
#endif

volatile uint32_t sink, ticks, nested;
volatile float real = 0.5f;

NOINLINE static void wait(void) { __asm volatile("dsb\n\tisb" ::: "memory"); }

NOINLINE static void urgent(uint32_t x) {
  volatile uint32_t local[14];
  for (uint32_t i = 0; i < 14; i++) local[i] = x ^ i;
  sink += local[x % 14];
}
void IRQ1_Handler(void) {
  urgent(sink);
  real = real + 1.0f;
  nested += ticks;
}

NOINLINE static void other(uint32_t x) {
  volatile uint32_t local[10];
  for (uint32_t i = 0; i < 10; i++) local[i] = x + i;
  ISPR = 2;
  wait();
  sink += local[x % 10];
}
void IRQ0_Handler(void) { other(sink); }

NOINLINE static void tick(uint32_t x) {
  volatile uint32_t local[26];
  for (uint32_t i = 0; i < 26; i++) local[i] = x + i;
  real = real * 1.5f;
  ISPR = 3; /* IRQ0 has to wait for the end of this one, IRQ1 comes at once */
  wait();
  sink += local[x % 26];
}
void SysTick_Handler(void) {
  ticks = 1;
  tick(sink);
  ticks = 0;
}

NOINLINE static uint32_t deepest(uint32_t x) {
  volatile uint32_t local[60];
  for (uint32_t i = 0; i < 60; i++) local[i] = x * i;
  real = real * 3.0f;
  ICSR = PEND_SYSTICK;
  wait();
  return local[x % 60];
}

NOINLINE static uint32_t middle(uint32_t x) {
  volatile uint32_t local[30];
  for (uint32_t i = 0; i < 30; i++) local[i] = x - i;
  return deepest(local[x % 30]) + local[3];
}

int main(void) {
  if (HAS_FPU) REGISTER(0xE000ED88) = 0xFu << 20; /* the floating-point unit, where there is one */
  wait();
  SHPR3 = 0xA0u << 24;
  IPR0 = 0x20A0;
  ISER = 3;
  sink = middle(7);
  register uint32_t call __asm("r0") = 0x18; /* SYS_EXIT */
  register uint32_t reason __asm("r1") = nested ? 0x20026 : 0x20024;
  __asm volatile("bkpt 0xab" ::"r"(call), "r"(reason) : "memory");
  return 0;
}

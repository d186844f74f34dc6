/* A trap handler that lets another trap in at its deepest point: the software interrupt during the
   timer's. Each is deepest where it pends the next one. */
#include <stdint.h>

#define NOINLINE __attribute__((noinline))
#define MSIP (*(volatile uint32_t *)0x2000000)
#define MTIMECMP ((volatile uint32_t *)0x2004000)
#define EXIT (*(volatile uint32_t *)0x100000)

volatile uint32_t sink, active, nested;

NOINLINE static void software(uint32_t x) {
  volatile uint32_t local[14];
  for (uint32_t i = 0; i < 14; i++) local[i] = x ^ i;
  MSIP = 0;
  nested += active;
  sink += local[x % 14];
}

NOINLINE static void timer(uint32_t x) {
  volatile uint32_t local[20];
  for (uint32_t i = 0; i < 20; i++) local[i] = x + i;
  MTIMECMP[1] = 0xFFFFFFFF;
  uint32_t epc, status;
  __asm volatile("csrr %0, mepc\n\tcsrr %1, mstatus" : "=r"(epc), "=r"(status));
  active = 1;
  MSIP = 1;
  __asm volatile("csrsi mstatus, 8\n\tnop\n\tnop\n\tcsrci mstatus, 8" ::: "memory");
  active = 0;
  __asm volatile("csrw mepc, %0\n\tcsrw mstatus, %1" ::"r"(epc), "r"(status));
  sink += local[x % 20];
}

void trap_work(uint32_t cause) {
  __asm volatile("csrr %0, mcause" : "=r"(cause));
  if (cause == 0x80000003) software(sink);
  else timer(sink);
}

NOINLINE static uint32_t deepest(uint32_t x) {
  volatile uint32_t local[60];
  for (uint32_t i = 0; i < 60; i++) local[i] = x * i;
  MTIMECMP[0] = 0;
  MTIMECMP[1] = 0;
  __asm volatile("csrsi mstatus, 8\n\tnop\n\tnop" ::: "memory");
  return local[x % 60];
}

int main(void) {
  __asm volatile("csrw mie, %0" ::"r"(0x88));
  sink = deepest(7);
  EXIT = nested ? 0x5555 : 0x13333;
  return 0;
}

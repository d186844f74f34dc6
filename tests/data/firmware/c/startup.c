/* Start-up for every Arm fixture: vector table, copy of .data, call of main. */
#include <stdint.h>

extern uint32_t _estack, _sidata, _sdata, _edata, _sbss, _ebss;
extern int main(void);
void Reset_Handler(void);
void Default_Handler(void);
volatile uint32_t finished;

__attribute__((weak, noinline)) void SysTick_Handler(void) { Default_Handler(); }
__attribute__((weak, noinline)) void IRQ0_Handler(void) { Default_Handler(); }
__attribute__((weak, noinline)) void IRQ1_Handler(void) { Default_Handler(); }

__attribute__((noinline, noreturn)) void done(void) {
  finished = 1;
  for (;;) {
  }
}

__attribute__((noinline)) void Default_Handler(void) {
  for (;;) {
  }
}

void Reset_Handler(void) {
  uint32_t *from = &_sidata;
  for (uint32_t *to = &_sdata; to < &_edata; to++) *to = *from++;
  for (uint32_t *to = &_sbss; to < &_ebss; to++) *to = 0;
  main();
  done();
}

__attribute__((section(".isr_vector"), used)) void (*const vectors[18])(void) = {
    (void (*)(void))&_estack, Reset_Handler,   Default_Handler, Default_Handler,
    Default_Handler,          Default_Handler, Default_Handler, 0, 0, 0, 0,
    Default_Handler,          Default_Handler, 0,
    Default_Handler,          SysTick_Handler, IRQ0_Handler,    IRQ1_Handler,
};

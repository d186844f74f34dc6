/* What differs between the boards. */
#pragma once
#include "config.h"

extern const struct litbench_counter board_counter;
extern const uint32_t board_hertz;
/* 1 WFE, 2 WFI. */
extern const uint32_t board_idle;
extern const uint8_t board_timer_interrupt;

void board_start_timer(uint32_t instructions);
void board_stop_timer(void);
void board_enable_software_interrupt(void);
void board_pend_software_interrupt(void);
void board_enable_interrupts(void);
/* Sleeps until an interrupt came; `flag` is what the interrupt sets. */
void board_wait(const volatile uint32_t *flag);
/* The same with WFI, for the check of the emulator's idle. */
void board_wait_for_interrupt(void);
void board_stop(void) __attribute__((noreturn));

/* Given by the firmware. */
int main(void);
void on_timer(void);
void on_software(void);

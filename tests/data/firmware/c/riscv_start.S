/* Start-up for every RISC-V fixture: sets gp, sp and mtvec, copies .data, calls main. */
  .section .text.start, "ax"
  .globl _start
  .type _start, @function
_start:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  la sp, _estack
  la t0, trap_entry
  csrw mtvec, t0
  la a0, _sidata
  la a1, _sdata
  la a2, _edata
1:
  bgeu a1, a2, 2f
  lw t0, 0(a0)
  sw t0, 0(a1)
  addi a0, a0, 4
  addi a1, a1, 4
  j 1b
2:
  call main
  call done
  .size _start, . - _start

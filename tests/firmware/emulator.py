"""The truth about the stack: firmware run in Unicorn, with the stack pointer read at every step.

Not a painted watermark: the least value that the stack pointer itself ever had, for each entry and
for each function that was active, whether it wrote to its frame or not.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from litbench.firmware.elf import Elf

# partly typed: taken as it is
unicorn: Any = importlib.import_module("unicorn")
arm_const: Any = importlib.import_module("unicorn.arm_const")
riscv_const: Any = importlib.import_module("unicorn.riscv_const")

MAX_INSTRUCTIONS = 300_000
_PAGE = 0x1000
_YIELD = b"\x10\xbf"


@dataclass
class Observation:
    """Bytes of stack that were really used, below the stack pointer at entry."""

    depth: int
    functions: dict[int, int] = field(default_factory=dict)
    finished: bool = False


class Machine:
    """An image in memory, ready to run from any of its functions."""

    def __init__(self, elf: Elf, starts: Iterable[int]) -> None:
        self.elf = elf
        self.arm = elf.machine == "arm"
        self._starts = frozenset(starts)
        self._uc = self._new()
        self._sp = arm_const.UC_ARM_REG_SP if self.arm else riscv_const.UC_RISCV_REG_SP
        self._map()
        self.done = next(s.value for s in elf.symbols if s.name == "done")
        self.reset()

    def _new(self) -> Any:
        if not self.arm:
            mode = unicorn.UC_MODE_RISCV32
            return unicorn.Uc(unicorn.UC_ARCH_RISCV, mode)
        mode = unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS
        uc = unicorn.Uc(unicorn.UC_ARCH_ARM, mode)
        uc.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M33)
        return uc

    def _map(self) -> None:
        for low, high in ((0, 0x80000), (0x20000000, 0x20080000), (0x80000000, 0x80080000)):
            self._uc.mem_map(low, high - low)
        if self.arm:
            self._uc.mem_map(0xE000E000, _PAGE)

    def reset(self) -> None:
        """Puts the image where it is stored and where it runs."""
        for segment in self.elf.loads:
            data = self.elf.data[segment.offset : segment.offset + segment.file_size]
            if data:
                self._uc.mem_write(segment.paddr, data)
                self._uc.mem_write(segment.vaddr, data)

    def run(self, start: int, top: int) -> Observation:
        """Runs from ``start`` with the stack at ``top`` until it returns or comes to ``done``."""
        seen = _Watch(self, top)
        hook = self._uc.hook_add(unicorn.UC_HOOK_CODE, seen.step)
        self._uc.reg_write(self._sp, top)
        self._registers()
        try:
            begin = start | 1 if self.arm else start
            self._uc.emu_start(begin, 0xFFFFFFFE, count=MAX_INSTRUCTIONS)
        except unicorn.UcError:
            # `yield` is all that is left of `done` where the compiler put it into its caller
            if not self.arm or self._uc.mem_read(seen.last, 2) != _YIELD:
                raise
            seen.finished = True
        finally:
            self._uc.hook_del(hook)
        return Observation(seen.top - seen.least, seen.functions, seen.finished)

    def _registers(self) -> None:
        if self.arm:
            self._uc.reg_write(arm_const.UC_ARM_REG_LR, self.done | 1)
            self._uc.reg_write(arm_const.UC_ARM_REG_C1_C0_2, 0xF << 20)
            self._uc.reg_write(arm_const.UC_ARM_REG_FPEXC, 1 << 30)
        else:
            self._uc.reg_write(riscv_const.UC_RISCV_REG_RA, self.done)
            self._uc.reg_write(riscv_const.UC_RISCV_REG_MEPC, self.done)


class _Watch:
    """Follows the stack pointer and which functions are active."""

    def __init__(self, machine: Machine, top: int) -> None:
        self._machine = machine
        self.top = top
        self.least = top
        self.finished = False
        self.last = -1
        self.functions: dict[int, int] = {}
        # (function, stack pointer at its entry, where it returns to)
        self._active: list[tuple[int, int, int]] = []
        self._link = arm_const.UC_ARM_REG_LR if machine.arm else riscv_const.UC_RISCV_REG_RA
        self._starts = machine._starts
        self._register = machine._sp

    def step(self, uc: Any, address: int, _size: int, _data: object) -> None:
        sp = uc.reg_read(self._register)
        if self._machine.arm is False and sp != self.top and not self._active and sp > self.top:
            self.top = self.least = sp  # the start-up code sets it itself
        active = self._active
        while active and (active[-1][1] < sp or (active[-1][2] == address and active[-1][1] == sp)):
            active.pop()
        if address in self._starts:
            active.append((address, sp, uc.reg_read(self._link) & ~1))
        self.least = min(self.least, sp)
        for function, entry, _ in active:
            used = entry - sp
            if used > self.functions.get(function, -1):
                self.functions[function] = used
        if address == self._machine.done:
            self.finished = True
            uc.emu_stop()
        elif address == self.last:
            uc.emu_stop()  # a branch to itself: it waits for ever
        self.last = address

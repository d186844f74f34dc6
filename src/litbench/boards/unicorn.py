"""A light fallback where QEMU is missing: the Cortex-M3 board in Unicorn, without interrupts.

Unicorn executes instructions and has no devices. Given here: the board's free-running timer,
derived from the number of instructions executed as QEMU's is under ``-icount shift=6``; the
serial line; and the reset that ends a run. A firmware that turns on an interrupt is told that it
needs QEMU.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from litbench.boards.image import JOB_SYMBOL, PROBE_SYMBOL, Image
from litbench.boards.job import Job
from litbench.boards.outcome import End, Limits, Outcome
from litbench.boards.plugin import Profile
from litbench.errors import InputError, MissingToolError

PAGE = 0x1000
RAM = (0x2000_0000, 0x0040_0000)
CODE = (0x0000_0000, 0x0040_0000)
DEVICES = (0x4000_0000, 0x0010_0000)
SYSTEM = (0xE000_0000, 0x0010_0000)

TIMER_CONTROL = 0x4000_0000
TIMER_VALUE = 0x4000_0004
UART_DATA = 0x4000_4000
TIMER1_CONTROL = 0x4000_1000
NVIC_ENABLE = 0xE000_E100
RESET_CONTROL = 0xE000_ED0C
# Ticks of 25 MHz in an instruction of 64 ns.
TICKS, PER = 8, 5


@dataclass
class _Machine:
    """What the hooks keep."""

    limits: Limits
    deadline: float
    instructions: int = 0
    started_at: int | None = None
    counts: Counter[int] = field(default_factory=Counter)
    output: bytearray = field(default_factory=bytearray)
    lowest: int = 0xFFFF_FFFF
    end: End | None = None
    needs: str = ""

    def stop(self, uc: Any, end: End) -> None:
        """End the run."""
        self.end = end
        uc.emu_stop()

    def on_code(self, uc: Any, address: int, _size: int, _data: Any) -> None:
        """Before each instruction."""
        self.instructions += 1
        self.counts[address] += 1
        if self.limits.instructions and self.instructions >= self.limits.instructions:
            self.stop(uc, End.LIMIT)
        elif self.instructions & 0xFFFF == 0 and time.monotonic() > self.deadline:
            self.stop(uc, End.TIMED_OUT)

    def on_read(self, uc: Any, _: int, address: int, _size: int, _value: int, _data: Any) -> None:
        """Before a device is read: the timer shows how many instructions have passed."""
        if address == TIMER_VALUE:
            since = self.instructions - (self.started_at or 0)
            ticks = -(-since * TICKS // PER)
            uc.mem_write(TIMER_VALUE, (~ticks & 0xFFFF_FFFF).to_bytes(4, "little"))

    def on_write(self, uc: Any, _: int, address: int, _size: int, value: int, _data: Any) -> None:
        """When a device is written."""
        if address == TIMER_CONTROL and value & 1:
            self.started_at = self.instructions
        elif address == UART_DATA:
            self.output.append(value & 0xFF)
            if len(self.output) >= self.limits.output:
                self.stop(uc, End.FLOODED)
        elif address == RESET_CONTROL and value & 0xFFFF == 4:
            self.stop(uc, End.STOPPED)
        elif address in {NVIC_ENABLE, TIMER1_CONTROL} and value:
            self.needs = "this firmware uses interrupts, and Unicorn has none: install QEMU"
            self.stop(uc, End.CRASHED)


def version() -> str:
    """Unicorn's version. Raises MissingToolError when it is not installed."""
    try:
        import unicorn
    except ImportError as error:
        raise MissingToolError(
            "QEMU or Unicorn",
            cost="firmware cannot run here; the static analysis still works",
            cure="apt install qemu-system-arm qemu-system-misc, or pip install unicorn (Arm only)",
        ) from error
    return str(unicorn.__version__)


def run(image: Image, job: Job | None, limits: Limits) -> Outcome:
    """Run a Cortex-M image until it ends or a limit is reached.

    Raises MissingToolError without Unicorn, InputError for an image that is not for Cortex-M.
    """
    version()
    if image.machine != "arm":
        raise InputError(image.path, "Unicorn stands in for the Cortex-M board only")
    began = time.monotonic()
    machine = _Machine(limits, began + limits.seconds)
    emulator = _load(image, job)
    _watch(emulator, machine)
    _execute(emulator, machine)
    probe = image.symbol(PROBE_SYMBOL)
    memory = bytes(emulator.mem_read(probe.address, probe.size)) if probe and probe.size else None
    return Outcome(
        end=machine.end or End.TIMED_OUT,
        output=bytes(machine.output),
        messages=machine.needs,
        memory=memory,
        profile=Profile(machine.instructions, dict(machine.counts)),
        duration_ns=round((time.monotonic() - began) * 1e9),
    )


def _load(image: Image, job: Job | None) -> Any:
    import unicorn
    from elftools.elf.elffile import ELFFile
    from unicorn import arm_const

    mode = unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS
    emulator = unicorn.Uc(unicorn.UC_ARCH_ARM, mode)
    emulator.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M3)
    for start, size in (RAM, CODE, DEVICES, SYSTEM):
        emulator.mem_map(start, size)
    with image.path.open("rb") as stream:
        for segment in ELFFile(stream).iter_segments():
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]:
                _write(emulator, image, segment["p_paddr"], segment.data())
    place = image.symbol(JOB_SYMBOL)
    if job is not None and place is not None:
        _write(emulator, image, place.address, job.encode())
    stack, reset = (int.from_bytes(emulator.mem_read(a, 4), "little") for a in (0, 4))
    emulator.reg_write(arm_const.UC_ARM_REG_SP, stack)
    emulator.reg_write(arm_const.UC_ARM_REG_PC, reset)
    return emulator


def _write(emulator: Any, image: Image, address: int, data: bytes) -> None:
    import unicorn

    try:
        emulator.mem_write(address, data)
    except unicorn.UcError as error:
        raise InputError(image.path, f"loads at {address:#x}, where no memory is") from error


def _watch(emulator: Any, machine: _Machine) -> None:
    import unicorn

    emulator.hook_add(unicorn.UC_HOOK_CODE, machine.on_code)
    for start, size in (DEVICES, SYSTEM):
        last = start + size - 1
        emulator.hook_add(unicorn.UC_HOOK_MEM_READ, machine.on_read, begin=start, end=last)
        emulator.hook_add(unicorn.UC_HOOK_MEM_WRITE, machine.on_write, begin=start, end=last)


def _execute(emulator: Any, machine: _Machine) -> None:
    import unicorn
    from unicorn import arm_const

    start = emulator.reg_read(arm_const.UC_ARM_REG_PC)
    try:
        emulator.emu_start(start | 1, 0xFFFF_FFFE)
    except unicorn.UcError as error:
        place = emulator.reg_read(arm_const.UC_ARM_REG_PC)
        machine.end = End.CRASHED
        machine.needs = f"the core stopped at {place:#x}: {error}"

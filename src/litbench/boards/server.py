"""What is behind a gdb server, as far as it says; and what a step of an emulator's clock is.

QEMU answers ``qqemu.sstepbits``, a packet of its own. Its clocks count instructions only under
``-icount``, which it does not tell; so single steps are made and the clock read around them: if it
moves by the same for each, and that is a power of two of ns, that is ``-icount shift=N``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from litbench.boards.block import ClockBlock
from litbench.boards.gdb import Gdb, GdbError

STEPS = (64, 192)
MOST_SHIFT = 10
SHOWN = 80
# The program counter's number, and a branch to itself.
_SPIN = {"arm": (15, b"\xfe\xe7"), "riscv": (32, b"\x6f\0\0\0")}
_VERSIONS = ("version", "info version")  # OpenOCD's, QEMU's


@dataclass(frozen=True)
class Server:
    """``name`` is what the server calls itself, empty where it does not; ``shift`` QEMU's icount
    shift, None where its clock does not count instructions.
    """

    name: str
    is_qemu: bool = False
    shift: int | None = None


def identify(gdb: Gdb) -> Server:
    """Who is there."""
    is_qemu = b"ENABLE" in gdb.ask(b"qqemu.sstepbits")
    for command in reversed(_VERSIONS) if is_qemu else _VERSIONS:
        with contextlib.suppress(GdbError, TimeoutError):
            said = gdb.monitor(command).strip().splitlines()
            if said and any(character.isdigit() for character in said[0]):
                name = f"QEMU {said[0].partition('Debian')[0]}" if is_qemu else said[0]
                return Server(name.strip()[:SHOWN], is_qemu)
    return Server("QEMU" if is_qemu else "", is_qemu)


def find_shift(gdb: Gdb, clock: ClockBlock, core: str, place: int) -> int | None:
    """QEMU's icount shift, from single steps of a core that has done its work.

    It steps a branch to itself, put at ``place`` in RAM for that long: a step over what a firmware
    spins with may be more than one instruction (QEMU goes on after a yield).
    """
    counter, branch = _SPIN[core]
    kept, at = gdb.read(place, len(branch)), gdb.register(counter)
    gdb.write(place, branch)
    gdb.set_register(counter, place)
    try:
        return _measured(gdb, clock)
    finally:
        gdb.write(place, kept)
        gdb.set_register(counter, at)


def _measured(gdb: Gdb, clock: ClockBlock) -> int | None:
    read = _reader(gdb, clock)
    each = _nanoseconds(clock)
    if read is None or each is None:
        return None
    moved = []
    for steps in STEPS:
        before = read()
        for _ in range(steps):
            gdb.step()
        moved.append(((read() ^ clock.invert) - (before ^ clock.invert)) & clock.mask)
    return _shift(moved, each)


def _shift(moved: list[int], each: float) -> int | None:
    """The only power of two that all movements agree with, to a tick."""
    for shift in range(MOST_SHIFT + 1):
        expected = [steps * (1 << shift) / each for steps in STEPS]
        if all(abs(m - e) <= 1 for m, e in zip(moved, expected, strict=True)):
            return shift
    return None


def _nanoseconds(clock: ClockBlock) -> float | None:
    """What a count is of virtual time: QEMU's mcycle counts ns under icount."""
    if clock.source == 1 and clock.address == 0:
        return 1.0
    return 1e9 / clock.hertz if clock.hertz else None


def _reader(gdb: Gdb, clock: ClockBlock) -> Callable[[], int] | None:
    if clock.source == 0:
        return None
    if clock.address:
        return lambda: int.from_bytes(gdb.read(clock.address, 4), "little")
    number = gdb.register_number("mcycle")
    return None if number is None else lambda: gdb.register(number)

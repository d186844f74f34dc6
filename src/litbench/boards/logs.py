"""What QEMU's own logs tell of a firmware that was never instrumented: interrupts, stack pointer.

``-d int`` names every exception taken. ``-singlestep -d cpu,nochain`` prints all registers before
every instruction: the true minimum of the stack pointer, at about a hundredth of the usual speed.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

_ARM_EXCEPTION = re.compile(rb"taking pending (?:non)?secure exception (\d+)")
_RISCV_TRAP = re.compile(rb"async:(\d), cause:([0-9a-f]+),.*desc=(\w+)")
_STACK_POINTER = {
    "arm": re.compile(rb"R13=([0-9a-f]{8})"),
    "riscv": re.compile(rb"x2/sp +([0-9a-f]{8})"),
}
_SYSTEM_EXCEPTIONS = {
    2: "NMI",
    3: "HardFault",
    4: "MemManage",
    5: "BusFault",
    6: "UsageFault",
    11: "SVCall",
    12: "DebugMonitor",
    14: "PendSV",
    15: "SysTick",
}
_FAULTS = {"HardFault", "MemManage", "BusFault", "UsageFault"}
# Instruction and data faults; not breakpoints (3) and environment calls (8 to 11).
_RISCV_FAULTS = tuple(f"(exception {number})" for number in (0, 1, 2, 4, 5, 6, 7, 12, 13, 15))
_CHUNK = 1 << 16


def exception_name(line: bytes, core: str) -> str | None:
    """The exception in a line of the log, or None."""
    if core == "arm":
        match = _ARM_EXCEPTION.search(line)
        if match is None:
            return None
        number = int(match[1])
        return _SYSTEM_EXCEPTIONS.get(number, f"IRQ {number - 16}")
    match = _RISCV_TRAP.search(line)
    if match is None:
        return None
    kind = "interrupt" if match[1] == b"1" else "exception"
    return f"{match[3].decode()} ({kind} {int(match[2], 16)})"


class _Pipe:
    """Reads whole lines from a named pipe while QEMU writes them: any size, in no space."""

    def __init__(self, path: Path, consume: Callable[[bytes], None]) -> None:
        self.path = path
        self._consume = consume
        os.mkfifo(path)
        # Both ends are held from the start: QEMU may open the pipe late, or never.
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._writer = os.open(path, os.O_WRONLY)
        os.set_blocking(self._reader, True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with os.fdopen(self._reader, "rb", buffering=0) as stream:
            rest = b""
            while chunk := stream.read(_CHUNK):
                whole, newline, rest = (rest + chunk).rpartition(b"\n")
                self._consume(whole + newline)
            self._consume(rest)

    def finish(self) -> None:
        """Wait until all is read; call when QEMU has ended."""
        os.close(self._writer)
        self._thread.join(timeout=60)


class StackLog:
    """All values that the stack pointer had."""

    options = ("-singlestep", "-d", "cpu,nochain")

    def __init__(self, folder: Path, core: str) -> None:
        self._pattern = _STACK_POINTER[core]
        self._seen: set[bytes] = set()
        self._pipe = _Pipe(folder / "registers", self._take)

    @property
    def words(self) -> list[str]:
        """QEMU's options."""
        return [*self.options, "-D", str(self._pipe.path)]

    def _take(self, lines: bytes) -> None:
        self._seen.update(self._pattern.findall(lines))

    def finish(self) -> tuple[int, ...]:
        """The values, lowest first."""
        self._pipe.finish()
        return tuple(sorted(int(value, 16) for value in self._seen))


class InterruptLog:
    """How often each exception was taken."""

    options = ("-d", "int")

    def __init__(self, folder: Path, core: str) -> None:
        self._core = core
        self._counts: Counter[str] = Counter()
        self._pipe = _Pipe(folder / "interrupts", self._take)

    @property
    def words(self) -> list[str]:
        """QEMU's options."""
        return [*self.options, "-D", str(self._pipe.path)]

    def _take(self, lines: bytes) -> None:
        for line in lines.splitlines():
            name = exception_name(line, self._core)
            if name:
                self._counts[name] += 1

    def finish(self) -> dict[str, int]:
        """Counts by name."""
        self._pipe.finish()
        return dict(sorted(self._counts.items()))


def is_fault(name: str) -> bool:
    """Whether an exception is one that a firmware does not take on purpose."""
    return name in _FAULTS or name.endswith(_RISCV_FAULTS)


def lowest(values: Iterable[int], low: int, high: int) -> int | None:
    """The lowest stack pointer within the stack ``low`` to ``high``, or None when it was never
    there.

    A stack that overran its low end is still that stack: the caller gives ``low`` 0 to see it.
    """
    return min((value for value in values if low <= value <= high), default=None)

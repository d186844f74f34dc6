"""What QEMU's own logs tell of a firmware that was never instrumented: interrupts, stack pointer.

``-d int`` names every exception taken. ``-singlestep -d cpu,nochain`` prints all registers before every
instruction: the true minimum of the stack pointer, at about a hundredth of the usual speed.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Iterable
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
_CHUNK = 1 << 20
# More than the longest entry of the register log: entries that lie across chunks are found again.
_OVERLAP = 4096

INTERRUPT_OPTIONS = ("-d", "int")
STACK_OPTIONS = ("-singlestep", "-d", "cpu,nochain")


def interrupts(path: Path, core: str) -> dict[str, int]:
    """How often each exception was taken, by name."""
    if not path.exists():
        return {}
    counts: Counter[str] = Counter()
    with path.open("rb") as stream:
        for line in stream:
            name = exception_name(line[:400], core)
            if name:
                counts[name] += 1
    return dict(sorted(counts.items()))


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


class StackLog:
    """Reads the register log from a pipe while QEMU writes it, and keeps the stack pointers seen."""

    def __init__(self, folder: Path, core: str) -> None:
        self.path = folder / "registers"
        self._pattern = _STACK_POINTER[core]
        self._seen: set[bytes] = set()
        os.mkfifo(self.path)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self.path.open("rb") as stream:
            rest = b""
            while chunk := stream.read(_CHUNK):
                data = rest + chunk
                self._seen.update(self._pattern.findall(data))
                rest = data[-_OVERLAP:]

    def finish(self) -> list[int]:
        """All values that the stack pointer had, lowest first; call when QEMU has ended."""
        if self._thread.is_alive():
            # QEMU may have failed before it opened the pipe: an empty writer ends the reader.
            os.close(os.open(self.path, os.O_RDWR | os.O_NONBLOCK))
        self._thread.join(timeout=30)
        return sorted(int(value, 16) for value in self._seen)


def lowest(values: Iterable[int], low: int, high: int) -> int | None:
    """The lowest stack pointer within the stack ``low`` to ``high``, or None when it was never there.

    A stack that overran its low end is still that stack: the caller gives ``low`` 0 to see it.
    """
    return min((value for value in values if low <= value <= high), default=None)

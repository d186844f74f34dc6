"""What a user knows and the ELF does not say: the ``[firmware]`` table of ``litbench.toml``.

    [firmware.stack]
    closed = true                 # no function's address comes from outside the image
    [firmware.stack.calls]        # what an indirect call in a function may reach
    "IRQ1_Handler" = ["on_tick"]
    [firmware.stack.recursion]    # how often a function is active at once, at most
    factorial = 6
    [firmware.stack.frame]        # bytes of a frame that cannot be read (alloca, assembly), or of
    with_alloca = 160             # everything below a call that leaves the image
    [firmware.stack.tasks]        # threads of an RTOS, with stacks of their own
    blink = { entry = "blink_task", stack = "512B", context = 36 }
    [firmware.interrupts]         # priorities: a lower number pre-empts a higher one
    SysTick_Handler = 3
    [firmware.regions]            # memory: origin, length
    FLASH = { origin = 0x08000000, length = "512KiB" }
    RAM = { origin = 0x20000000, length = "96KiB", ram = true }

A function is named as in the symbol table or demangled, in full or as a pattern (``*``, ``?``).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from litbench.errors import UsageError
from litbench.units import parse_bytes

MAX_FILE = 1024 * 1024
_T = TypeVar("_T")


class _Region(msgspec.Struct, forbid_unknown_fields=True):
    origin: int
    length: int | str
    ram: bool = False


class _Task(msgspec.Struct, forbid_unknown_fields=True):
    entry: str
    stack: int | str | None = None
    context: int = 0


class _Stack(msgspec.Struct, forbid_unknown_fields=True):
    calls: dict[str, list[str]] = msgspec.field(default_factory=dict)
    recursion: dict[str, int] = msgspec.field(default_factory=dict)
    frame: dict[str, int] = msgspec.field(default_factory=dict)
    tasks: dict[str, str | _Task] = msgspec.field(default_factory=dict)
    exception_frame: int = 0
    closed: bool = False


class _Firmware(msgspec.Struct):
    stack: _Stack = msgspec.field(default_factory=_Stack)
    interrupts: dict[str, int] = msgspec.field(default_factory=dict)
    regions: dict[str, _Region] = msgspec.field(default_factory=dict)
    deny: dict[str, str] = msgspec.field(default_factory=dict)
    budgets: dict[str, int | str] = msgspec.field(default_factory=dict)


@dataclass(frozen=True)
class Memory:
    """A memory region: where it is, how long, and whether it is RAM."""

    name: str
    origin: int
    length: int
    ram: bool

    @property
    def end(self) -> int:
        """The address after its last byte."""
        return self.origin + self.length


@dataclass(frozen=True)
class Task:
    """A thread of an RTOS: the function that it runs, and the bytes of its own stack, if any.

    ``context`` is what a switch to another thread stores on that stack beside an exception frame.
    """

    entry: str
    stack: int | None = None
    context: int = 0


@dataclass
class Annotations:
    """A project's answers. ``used`` collects the patterns that matched something."""

    calls: dict[str, list[str]] = field(default_factory=dict)
    recursion: dict[str, int] = field(default_factory=dict)
    frame: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    exception_frame: int = 0
    closed: bool = False
    priorities: dict[str, int] = field(default_factory=dict)
    regions: tuple[Memory, ...] = ()
    deny: dict[str, str] = field(default_factory=dict)
    budgets: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def lookup(self, table: dict[str, _T], names: tuple[str, ...]) -> _T | None:
        """The entry for a function known by ``names``: an exact name first, then a pattern."""
        if not table:
            return None
        for name in names:
            if name in table:
                self.used.add(name)
                return table[name]
        for pattern, value in table.items():
            if any(fnmatchcase(name, pattern) for name in names):
                self.used.add(pattern)
                return value
        return None

    @property
    def unused(self) -> list[str]:
        """Patterns about the stack that named no function: misspelt, or out of date."""
        named = [*self.calls, *self.recursion, *self.frame, *self.priorities]
        return [pattern for pattern in named if pattern not in self.used]


def read(path: Path | None) -> Annotations:
    """The annotations in a file, none without one; raises UsageError where it is wrong."""
    if path is None:
        return Annotations()
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if len(text) > MAX_FILE:
        raise UsageError(f"{path}: larger than 1 MiB: not an option file")
    try:
        table: dict[str, Any] = tomllib.loads(text.decode("utf-8")).get("firmware", {})
        found = msgspec.convert(table, _Firmware)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"{path}: {error}") from error
    _check(path, found)
    regions = tuple(
        Memory(name, r.origin, _bytes(r.length), r.ram) for name, r in found.regions.items()
    )
    return Annotations(
        calls=found.stack.calls,
        recursion=found.stack.recursion,
        frame=found.stack.frame,
        tasks={name: _task(task) for name, task in found.stack.tasks.items()},
        exception_frame=found.stack.exception_frame,
        closed=found.stack.closed,
        priorities=found.interrupts,
        regions=regions,
        deny=found.deny,
        budgets={name: str(value) for name, value in found.budgets.items()},
    )


def _task(given: str | _Task) -> Task:
    if isinstance(given, str):
        return Task(given)
    stack = None if given.stack is None else _bytes(given.stack)
    return Task(given.entry, stack, given.context)


def _check(path: Path, found: _Firmware) -> None:
    for name, times in found.stack.recursion.items():
        if not 1 <= times <= 1_000_000:
            raise UsageError(f"{path}: recursion of {name!r} must be from 1 to 1,000,000")
    if not 0 <= found.stack.exception_frame < 1024:
        raise UsageError(f"{path}: an exception frame has 0 to 1023 bytes")
    for name, size in found.stack.frame.items():
        if not 0 <= size < 1 << 31:
            raise UsageError(f"{path}: the frame of {name!r} must be 0 bytes or more")


def _bytes(length: int | str) -> int:
    return parse_bytes(length) if isinstance(length, str) else length

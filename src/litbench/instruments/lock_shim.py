"""Locks: who waits for which, how long, and who holds it meanwhile, from a preloaded shim."""

from __future__ import annotations

import os
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

from litbench.instruments.base import (
    SAMPLED,
    Answer,
    Effort,
    Instrument,
    Obstacle,
    Program,
    Region,
    Watched,
)
from litbench.instruments.frames import UNKNOWN, Frame
from litbench.instruments.lock_table import ENABLED_OFFSET, Entry, LockTable, read_table
from litbench.instruments.shims import compile_shim, language_of, shim_obstacle
from litbench.instruments.symbolise import base_of, frames_at, symbol_at
from litbench.record import Table
from litbench.units import Unit

COST = "no waiting times of locks"
UNSEEN = {"go", "java", "erlang"}
ROWS = 200
# Sleeping because there is nothing to do is not waiting for a lock.
_PARKING = re.compile(
    r"park|Park|[Cc]ondvar|cond_wait|futex_abstimed_wait|event_listener|epoll|[Bb]arrier|::join\b"
)
_CONTENDED = re.compile(r"[Mm]utex|[Rr]w_?[Ll]ock|lock_contended|lll_lock|lock_slow|[Ss]emaphore")
_LOCKING = re.compile(
    r"^_*(GI_)?_*(pthread_(mutex|rwlock|cond)_|syscall|litbench_|lll_|futex_)|^<?(std|core|parking_lot(_core)?|lock_api"
    r"|alloc)::|^entry_of|^took|^describe|^PyThread_|^_?Py[A-Z]\w*Lock"
)


class LockShim(Instrument):
    """pthread mutexes and rwlocks, and the futexes of Rust's standard library and parking_lot."""

    tool: ClassVar[str] = "lock-shim"
    effort: ClassVar[Effort] = SAMPLED

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._output = self.folder / "locks.bin"
        self._times: list[int] = []
        self._began = 0
        self._ended = 0

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """No compiler, nothing can be preloaded, or its language takes locks in its own way."""
        if (language := language_of(program)) in UNSEEN:
            missing = f"{language}'s locks are its runtime's own: a preloaded shim sees none"
            return Obstacle(missing, COST, "", irrelevant=True)
        return shim_obstacle(program, COST)

    def environment(self) -> dict[str, str]:
        """Preload the shim; it begins switched off where there is a region."""
        shim = compile_shim("lock_shim", self.folder)
        variables = {"LD_PRELOAD": str(shim), "LITBENCH_LOCK_SHIM": str(self._output)}
        return variables | ({"LITBENCH_LOCK_SHIM_LATER": "1"} if self.program.has_region else {})

    def started(self, pid: int) -> None:  # noqa: ARG002
        """For the span of a program that is killed."""
        self._began = time.monotonic_ns()

    def on(self) -> None:
        """Switch it on, in its own memory."""
        self._set(1)

    def off(self) -> None:
        """Switch it off."""
        self._set(0)

    def _set(self, value: int) -> None:
        try:
            file = os.open(self._output, os.O_WRONLY)
        except OSError:
            return
        try:
            os.pwrite(file, value.to_bytes(4, "little"), ENABLED_OFFSET)
        finally:
            os.close(file)
        self._times.append(time.monotonic_ns())

    def stopped(self) -> None:
        """For the span of a program that is killed."""
        self._ended = time.monotonic_ns()

    def collect(self, watched: Watched) -> Answer:
        """Read the table and name what is in it."""
        answer = Answer(region=Region.MEASURED if len(self._times) == 2 else Region.WHOLE)
        if not self._output.is_file():
            answer.caution("no-data", "the shim wrote nothing: was the program started?")
            return answer
        table = read_table(self._output)
        span = table.span or self._ended - self._began
        if len(self._times) == 2:
            span = self._times[1] - self._times[0]
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
        if table.overflow:
            message = f"{table.overflow:,} uses of locks found no room in the shim's table"
            answer.caution("partial", message)
        fill(answer, table, span)
        return answer


def fill(answer: Answer, table: LockTable, span: int) -> None:
    """Totals, one row a lock, and one row a thread and lock."""
    stacks = _stacks(table.entries)
    groups: dict[tuple[int, str], list[Entry]] = defaultdict(list)
    for entry in table.entries:
        if entry.acquired or entry.contended:
            groups[entry.lock, _kind(entry, stacks[entry.frames])].append(entry)
    locks = {key: group for key, group in groups.items() if key[1] != "parking"}
    entries = [entry for group in locks.values() for entry in group]
    answer.totals["lock-acquires"] = (
        Unit.COUNT, sum(e.acquired for e in entries if e.kind != "futex"))  # fmt: skip
    answer.totals["lock-contended"] = (Unit.COUNT, sum(e.contended for e in entries))
    answer.totals["lock-wait"] = (Unit.NS, sum(e.wait for e in entries))
    answer.one("span", Unit.NS, span)
    ordered = sorted(
        groups.items(),
        key=lambda item: (item[0][1] == "parking", -sum(e.wait for e in item[1]), item[0]),
    )[:ROWS]
    answer.tables += [_locks(ordered, span, stacks), _threads(ordered, span)]


def _kind(entry: Entry, stack: Sequence[Frame]) -> str:
    return futex_kind(stack) if entry.kind == "futex" else entry.kind


def futex_kind(stack: Sequence[Frame]) -> str:
    """What the innermost telling frame says that a futex is for."""
    for frame in stack:
        if _PARKING.search(frame.function):
            return "parking"
        if _CONTENDED.search(frame.function):
            return "futex mutex"
    return "futex"


Groups = list[tuple[tuple[int, str], list[Entry]]]
Places = tuple[tuple[str, int], ...]


def _stacks(entries: Sequence[Entry]) -> dict[Places, list[Frame]]:
    """The frames of every distinct stack, named in one go a module."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        for path, offset in entry.frames:
            wanted[path].add(offset)
    named = {path: frames_at(path, offsets) for path, offsets in wanted.items()}
    return {
        entry.frames: [frame for path, offset in entry.frames for frame in named[path][offset]]
        for entry in entries
    }


def name_of(entry: Entry) -> str:
    """The lock's variable where it has a name, else its address."""
    if entry.lock_place is not None:
        path, offset = entry.lock_place
        if name := symbol_at(path, offset + base_of(path), "STT_OBJECT"):
            return name
    return f"{entry.lock:#x}"


def site_of_lock(stack: Sequence[Frame]) -> Frame:
    """The innermost frame that is not a lock's own code."""
    named = (f for f in stack if f.function != UNKNOWN and not _LOCKING.search(f.function))
    return next(named, stack[0] if stack else Frame(UNKNOWN))


def _locks(groups: Groups, span: int, stacks: dict[Places, list[Frame]]) -> Table:
    rows = []
    for (_, kind), group in groups:
        worst = max(group, key=lambda e: (e.wait, e.acquired))
        holder = max(group, key=lambda e: e.held)
        held = sum(e.held for e in group)
        site = site_of_lock(stacks[worst.frames])
        acquired, contended = sum(e.acquired for e in group), sum(e.contended for e in group)
        is_held = kind == "mutex"
        rows.append(
            (name_of(group[0]), kind, acquired, contended,
             contended / acquired if acquired else None, sum(e.wait for e in group),
             max(e.wait_max for e in group), held / span if is_held and span else None,
             f"{holder.thread} ({holder.tid})" if is_held else None,
             holder.held / span if is_held and span else None, site.function, site.where)
        )  # fmt: skip
    columns: tuple[tuple[str, Unit | None], ...] = (
        ("lock", None), ("kind", None), ("acquired", Unit.COUNT), ("contended", Unit.COUNT),
        ("contended share", Unit.RATIO), ("wait", Unit.NS), ("longest wait", Unit.NS),
        ("held share", Unit.RATIO), ("top holder", None), ("top holder share", Unit.RATIO),
        ("site", None), ("where", None),
    )  # fmt: skip
    return _table("locks", columns, rows)


def _threads(groups: Groups, span: int) -> Table:
    rows = [
        (name_of(e), e.thread, e.tid, e.acquired, e.contended, e.wait, e.held,
         e.held / span if span and kind == "mutex" else None)
        for (_, kind), group in groups if kind != "parking"
        for e in sorted(group, key=lambda e: (-e.held, e.tid))
    ]  # fmt: skip
    columns: tuple[tuple[str, Unit | None], ...] = (
        ("lock", None), ("thread", None), ("tid", None), ("acquired", Unit.COUNT),
        ("contended", Unit.COUNT), ("wait", Unit.NS), ("held", Unit.NS),
        ("held share", Unit.RATIO),
    )  # fmt: skip
    return _table("lock threads", columns, rows[:ROWS])


def _table(
    name: str,
    columns: Sequence[tuple[str, Unit | None]],
    rows: Sequence[tuple[str | int | float | None, ...]],
) -> Table:
    return Table(
        name=name,
        columns=tuple(column for column, _ in columns),
        units=tuple(unit for _, unit in columns),
        rows=tuple(rows),
    )

"""Fragmentation: what an allocator holds and what of it is used, over time.

In jemalloc's terms: ``allocated`` (the program's bytes) <= ``active`` (pages in use) <=
``resident``; ``retained`` is given back. For glibc, ``active`` is what malloc has from the system.
External fragmentation is 1 - allocated/active, overall 1 - allocated/resident.
"""

from __future__ import annotations

import ctypes.util
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
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
from litbench.instruments.malloc_info import read_malloc_info, tables
from litbench.instruments.shims import compile_shim, shim_obstacle
from litbench.instruments.tools import bounded_lines
from litbench.record import Table
from litbench.units import Unit

COST = "no figures of the allocator over time"
SAMPLES_LIMIT = 4_000
ALLOCATORS = {"jemalloc", "mimalloc", "glibc", "none"}


@dataclass(frozen=True)
class Reading:
    """One moment: ns and bytes; None is what the allocator does not tell."""

    time: int
    allocated: int | None
    active: int | None
    resident: int | None
    retained: int | None
    rss: int | None

    @property
    def held(self) -> int | None:
        """Resident bytes as the allocator says, else as the kernel does."""
        return self.resident if self.resident is not None else self.rss


@dataclass
class Readings:
    """What a shim wrote."""

    allocator: str = ""
    rows: list[Reading] = field(default_factory=list)
    malformed: int = 0


def read_readings(lines: Iterable[bytes], begin: int = 0, end: int | None = None) -> Readings:
    """The readings between two moments; thinned out evenly when there are too many."""
    found = Readings()
    keep = 1
    for number, line in enumerate(lines):
        if number == 0:
            found.allocator = line.decode("ascii", "replace").strip()
            found.malformed += found.allocator not in ALLOCATORS
            continue
        try:
            when, *rest = (int(word) for word in line.split())
            numbers = [None if n < 0 else n for n in rest]
            reading = Reading(when, *numbers)
        except (ValueError, TypeError):
            found.malformed += 1
            continue
        if when < begin or (end is not None and when > end) or number % keep:
            continue
        found.rows.append(reading)
        if len(found.rows) >= SAMPLES_LIMIT:
            del found.rows[1:-1:2]
            keep *= 2
    return found


class OwnAllocator(Instrument):
    """The allocator that the program uses anyway."""

    tool: ClassVar[str] = "mallinfo2"
    effort: ClassVar[Effort] = SAMPLED

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._output = self.folder / "memory.txt"
        self._begin = 0
        self._end: int | None = None

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """No compiler, or nothing can be preloaded."""
        return shim_obstacle(program, COST)

    def environment(self) -> dict[str, str]:
        """Preload the shim; Python's objects go through malloc to be seen."""
        shim = compile_shim("memory_shim", self.folder)
        preload = ":".join([*self.libraries(), str(shim)])
        variables = {"LD_PRELOAD": preload, "LITBENCH_MEMORY_SHIM": str(self._output)}
        return variables | ({"PYTHONMALLOC": "malloc"} if self.program.is_python else {})

    def libraries(self) -> list[str]:
        """What else to preload."""
        return []

    def on(self) -> None:
        """The region begins."""
        self._begin = time.monotonic_ns()

    def off(self) -> None:
        """The region ends."""
        self._end = time.monotonic_ns()

    def collect(self, watched: Watched) -> Answer:
        """Read what the shim wrote."""
        answer = Answer(region=Region.WHOLE if self._end is None else Region.MEASURED)
        if not self._output.is_file():
            answer.caution("no-data", "the shim wrote nothing: was the program started?")
            return answer
        with self._output.open("rb") as file:
            found = read_readings(bounded_lines(file), self._begin, self._end)
        answer.settings["allocator"] = found.allocator
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
        if found.malformed:
            answer.caution("partial", f"{found.malformed} readings made no sense")
        if self.program.is_python:
            message = "Python's small objects went through malloc (PYTHONMALLOC=malloc) to be seen"
            answer.caution("python-malloc", message)
        fill(answer, found)
        details = self._output.with_name(f"{self._output.name}.xml")
        if details.is_file():
            with details.open("rb") as file:
                info = read_malloc_info(bounded_lines(file), self._begin, self._end)
            answer.tables += tables(info) if info else []
        return answer


class OnJemalloc(OwnAllocator):
    """The same program on jemalloc: would another allocator hold less?"""

    tool: ClassVar[str] = "jemalloc"
    library: ClassVar[str] = "jemalloc"
    package: ClassVar[str] = "libjemalloc2"

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """Missing where the library is."""
        if find_library(cls.library) is None:
            cost = f"no comparison with {cls.library}"
            return Obstacle(
                f"lib{cls.library} is missing", cost, f"Try `apt install {cls.package}`."
            )
        return shim_obstacle(program, COST)

    def libraries(self) -> list[str]:
        """The allocator before the shim."""
        return [str(find_library(self.library))]

    def collect(self, watched: Watched) -> Answer:
        """As for the own allocator; it says that it was another one."""
        answer = super().collect(watched)
        message = f"the program ran on {self.library} in place of its own allocator"
        answer.caution("allocator-replaced", message)
        if answer.settings.get("allocator") not in {None, self.library}:
            message = f"{self.library} was preloaded, but the program did not use it"
            answer.caution("allocator-not-used", message)
        return answer


class OnMimalloc(OnJemalloc):
    """The same program on mimalloc."""

    tool: ClassVar[str] = "mimalloc"
    library: ClassVar[str] = "mimalloc"
    package: ClassVar[str] = "libmimalloc2.0"


def find_library(name: str) -> str | None:
    """A shared library as the loader would find it."""
    return ctypes.util.find_library(name)


def fill(answer: Answer, found: Readings) -> None:
    """Figures at the end and at the peak, and the time line."""
    if not found.rows:
        answer.caution("no-data", "the program was over before the allocator was read")
        return
    last = found.rows[-1]
    if last.allocated is None:
        message = f"{found.allocator} does not tell what the program uses: no share can be computed"
        answer.caution("no-share", message)
    for name, value in (
        ("allocated-end", last.allocated), ("active-end", last.active),
        ("resident-end", last.held), ("retained-end", last.retained),
    ):  # fmt: skip
        if value is not None:
            answer.one(name, Unit.BYTES, value)
    _shares(answer, "end", last)
    peak = max(found.rows, key=lambda r: r.held or 0)
    if peak.held is not None and last.held is not None:
        answer.one("resident-peak", Unit.BYTES, peak.held)
        answer.one("given-back", Unit.RATIO, 1 - last.held / peak.held if peak.held else 0.0)
    worst = max(found.rows, key=_external)
    _shares(answer, "worst", worst)
    start = found.rows[0].time
    answer.tables.append(
        Table(
            name="memory over time",
            columns=("time", "allocated", "active", "resident", "retained"),
            units=(Unit.NS, Unit.BYTES, Unit.BYTES, Unit.BYTES, Unit.BYTES),
            rows=tuple(
                (r.time - start, r.allocated, r.active, r.held, r.retained) for r in found.rows
            ),
        )
    )


def _external(reading: Reading) -> float:
    """Bytes that are held in pages and not used: what fragmentation costs."""
    if reading.allocated is None or not reading.active:
        return 0.0
    return reading.active - reading.allocated


def _shares(answer: Answer, when: str, reading: Reading) -> None:
    if reading.allocated is None:
        return
    for name, whole in (("external", reading.active), ("overall", reading.held)):
        if whole:
            share = max(1 - reading.allocated / whole, 0.0)
            answer.one(f"{name}-fragmentation-{when}", Unit.RATIO, share)

"""perf stat: counts of the region, in hardware where there is a PMU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
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
from litbench.instruments.perf import Control, killed_by, perf_obstacle, read_counts
from litbench.instruments.tools import version_of
from litbench.units import Unit

# perf's event, our name, unit, and what one count is worth in that unit
Event = tuple[str, str, Unit, float]
SOFTWARE: tuple[Event, ...] = (
    ("task-clock", "cpu", Unit.NS, 1e6),
    ("context-switches", "context-switches", Unit.COUNT, 1),
    ("cpu-migrations", "migrations", Unit.COUNT, 1),
    ("page-faults", "page-faults", Unit.COUNT, 1),
)
HARDWARE: tuple[Event, ...] = (
    ("instructions", "instructions", Unit.INSTRUCTIONS, 1),
    ("cycles", "cycles", Unit.CYCLES, 1),
    ("branches", "branches", Unit.COUNT, 1),
    ("branch-misses", "branch-misses", Unit.COUNT, 1),
)
CACHES: tuple[Event, ...] = (
    ("L1-dcache-loads", "l1-reads", Unit.COUNT, 1),
    ("L1-dcache-load-misses", "l1-read-misses", Unit.COUNT, 1),
    ("LLC-loads", "ll-reads", Unit.COUNT, 1),
    ("LLC-load-misses", "ll-read-misses", Unit.COUNT, 1),
    ("branches", "branches", Unit.COUNT, 1),
    ("branch-misses", "branch-misses", Unit.COUNT, 1),
)


class Counters(Instrument):
    """CPU time, switches and faults always; instructions and cycles where they are counted."""

    tool: ClassVar[str] = "perf-stat"
    effort: ClassVar[Effort] = SAMPLED
    grace_s: ClassVar[float] = 20.0
    events: ClassVar[tuple[Event, ...]] = SOFTWARE + HARDWARE
    needed: ClassVar[tuple[str, ...]] = ("task-clock",)
    cost: ClassVar[str] = "no counts of CPU time, instructions and cycles"

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._output = self.folder / "perf-stat.json"
        self._control = Control(self.folder)

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """perf missing, not allowed, or without the counters that are needed."""
        return perf_obstacle(cls.cost, cls.needed)

    @property
    def version(self) -> str:
        """perf's version."""
        return version_of("perf")

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Count for the command; off until the region where there is one."""
        own = ["-j", "-o", str(self._output), "-e", ",".join(event for event, *_ in self.events)]
        own += self._control.options() if self.program.has_region else []
        return ["perf", "stat", *own, "--", *command]

    def on(self) -> None:
        """Switch the counters on."""
        self._control.say("enable")

    def off(self) -> None:
        """Switch the counters off."""
        self._control.say("disable")

    def stopped(self) -> None:
        """Close the fifos."""
        self._control.close()

    def collect(self, watched: Watched) -> Answer:
        """Read the counts; what is not supported is said and absent."""
        answer = Answer(region=Region.MEASURED if self._control.switched else Region.WHOLE)
        data = read_bounded(self._output)
        if not data:
            answer.caution("no-data", "perf stat wrote nothing: it was killed before its end")
            return answer
        fill(answer, data, self.events)
        if by := killed_by(watched.stderr, self.program.command[0]):
            answer.caution("killed", f"the program was killed by {by}, though perf ended well")
        if watched.killed or by:
            answer.caution("partial", "the process was killed: the counts end there")
        return answer


def fill(answer: Answer, data: bytes, events: Sequence[Event]) -> None:
    """The counts as totals; a caution names those that this machine does not have."""
    known = {name: (own, unit, factor) for name, own, unit, factor in events}
    missing = []
    for event, value, running in read_counts(data):
        name = event.partition(":")[0]
        if name not in known:
            continue
        own, unit, factor = known[name]
        if value is None:
            missing.append(name)
            continue
        answer.totals[own] = (unit, value * factor)
        if running < 99:
            message = f"{name} was counted {running:.0f} % of the time and scaled up"
            answer.caution("multiplexed", message)
        if event.endswith(":u") and own == "context-switches":
            del answer.totals[own]
            missing.append(f"{name} (only in user mode, where it is always 0)")
    if missing:
        message = f"this machine does not count {', '.join(missing)}"
        answer.caution("not-supported", message)
    if "instructions" in answer.totals and answer.totals.get("cycles", (None, 0))[1]:
        ratio = answer.totals["instructions"][1] / answer.totals["cycles"][1]
        answer.one("instructions-per-cycle", Unit.RATIO, ratio)
    for part, whole in (
        ("l1-read-misses", "l1-reads"),
        ("ll-read-misses", "ll-reads"),
        ("branch-misses", "branches"),
    ):
        if part in answer.totals and answer.totals.get(whole, (None, 0))[1]:
            rate = answer.totals[part][1] / answer.totals[whole][1]
            answer.one(f"{part.removesuffix('es')}-rate", Unit.RATIO, rate)


class CacheCounters(Counters):
    """Misses of the caches and of branch prediction, measured."""

    tool: ClassVar[str] = "perf-stat"
    events: ClassVar[tuple[Event, ...]] = CACHES
    needed: ClassVar[tuple[str, ...]] = ("L1-dcache-loads", "L1-dcache-load-misses")
    cost: ClassVar[str] = "no measured cache misses"


def read_bounded(path: Path, limit: int = 1 << 20) -> bytes:
    """A small file's bytes; empty where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError:
        return b""

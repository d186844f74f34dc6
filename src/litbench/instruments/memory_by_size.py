"""Memory at several sizes of one workload: whether it is proportional to the actors.

The adapter reads memory itself, before the actors (or messages) exist and while they do; a plain
run for each size, five sizes that double.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import ClassVar

from litbench.instruments.base import (
    Answer,
    Effort,
    Instrument,
    Obstacle,
    Program,
    Region,
    Watched,
)
from litbench.record import Record, Scalar, Table
from litbench.units import Unit

STEPS = 5
READINGS = ("live", "rss", "reported")


class MemoryBySize(Instrument):
    """Bytes for each actor at sizes n/16 to n, by each reading that the adapter has."""

    tool: ClassVar[str] = "memory-by-size"
    effort: ClassVar[Effort] = Effort(iterations=2, time_limit_s=2.0)
    over_sizes: ClassVar[bool] = True

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """Only where a workload's memory is asked for at a size."""
        if program.size_name:
            return None
        cost = "no word on how memory grows with the actors"
        return Obstacle("the workload has no size to vary", cost, "", irrelevant=True)

    def collect(self, watched: Watched) -> Answer:
        """One row a size."""
        answer = Answer(region=Region.MEASURED)
        name = self.program.size_name
        answer.settings["counted"] = name
        answer.tables.append(by_size(watched.runs, name))
        return answer


def sizes_up_to(largest: int) -> tuple[int, ...]:
    """Sizes that double, up to the largest."""
    halves = (largest >> step for step in reversed(range(STEPS)))
    return tuple(dict.fromkeys(max(size, 1) for size in halves))


def by_size(runs: Sequence[Record], name: str) -> Table:
    """Bytes beyond what was there before, whole and for each actor, one row a size."""
    columns: list[tuple[str, Unit | None]] = [(name, Unit.COUNT)]
    for reading in READINGS:
        columns += [(reading, Unit.BYTES), (f"{reading} each", Unit.BYTES)]
    rows: list[tuple[Scalar, ...]] = []
    for run in runs:
        size = run.workload.parameters[name]
        row: list[Scalar] = [size]
        for reading in READINGS:
            used = _used(run, reading)
            row += [used, used / size if used is not None and isinstance(size, int) else None]
        rows.append(tuple(row))
    return Table(
        name=f"memory by {name}",
        columns=tuple(title for title, _ in columns),
        units=tuple(unit for _, unit in columns),
        rows=tuple(rows),
    )


def _used(run: Record, reading: str) -> float | None:
    before, loaded = run.metric(f"{reading}-before"), run.metric(f"{reading}-loaded")
    if before is None or loaded is None:
        return None
    used = [high - low for low, high in zip(before.values, loaded.values, strict=False)]
    return median(used) if used else None

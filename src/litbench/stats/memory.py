"""Bytes per actor and per queued message, from runs of one workload at several sizes.

Three readings stay apart: live bytes in the allocator, the resident set, and what the runtime
reports of itself. A run's point is what was there while the actors or messages were, minus what was
there before.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from litbench import catalogue
from litbench.errors import UsageError
from litbench.record import Record
from litbench.stats import slope
from litbench.stats.slope import Slope
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit


class Reading(StrEnum):
    """Who says how much memory is in use."""

    LIVE = "live"
    RSS = "rss"
    REPORTED = "reported"


class Point(msgspec.Struct, frozen=True):
    """Bytes at one size: in use beyond what was there before, and left when all was gone."""

    size: int
    used: float
    left: float | None


class Memory(msgspec.Struct, frozen=True):
    """One reading of one target over sizes; ``unit`` is what the size counts."""

    reading: Reading
    unit: Unit
    points: tuple[Point, ...]
    slope: Slope | Undetermined


def size_of(record: Record) -> tuple[str, int] | None:
    """The parameter that a memory run's size is, and its value; None when it has none."""
    try:
        name = catalogue.workload(record.workload.name).size
    except UsageError:
        name = next((n for n in ("actors", "messages") if n in record.workload.parameters), None)
    value = record.workload.parameters.get(name) if name else None
    return (name, value) if name and isinstance(value, int) else None


def memory(records: Sequence[Record]) -> tuple[Memory, ...]:
    """What each reading that the runs have says; runs differ in size only."""
    found = []
    for reading in Reading:
        points = tuple(
            sorted(
                (point for record in records for point in _points(record, reading)),
                key=lambda point: point.size,
            )
        )
        if points:
            found.append(
                Memory(
                    reading=reading,
                    unit=_unit(records[0]),
                    points=points,
                    slope=slope.fit([(point.size, point.used) for point in points]),
                )
            )
    return tuple(found)


def _unit(record: Record) -> Unit:
    size = size_of(record)
    return Unit.MESSAGES if size and size[0] == "messages" else Unit.ACTORS


def _points(record: Record, reading: Reading) -> list[Point]:
    """One point for each repetition that the run read memory in."""
    size = size_of(record)
    before = record.metric(f"{reading}-before")
    loaded = record.metric(f"{reading}-loaded")
    if size is None or before is None or loaded is None:
        return []
    after = record.metric(f"{reading}-after")
    left = after.values if after else ()
    return [
        Point(size[1], high - low, left[index] - low if index < len(left) else None)
        for index, (low, high) in enumerate(zip(before.values, loaded.values, strict=False))
    ]

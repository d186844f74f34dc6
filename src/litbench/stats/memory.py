"""Bytes per actor and per queued message, from runs of one workload at several sizes.

Three readings stay apart: live bytes in the allocator, the resident set, and what the runtime
reports of itself. A run's point is what was there while the actors or messages were, minus what was
there before. A workload that goes on in one process is a slope over its iterations instead.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from litbench import catalogue
from litbench.catalogue.basic import MAILBOX_FILL
from litbench.errors import UsageError
from litbench.record import Record
from litbench.stats import slope
from litbench.stats.slope import Slope
from litbench.stats.undetermined import Undetermined

ITERATIONS = "iterations"
ALIKE = 0.01  # how far apart uses of the same room may be
GROUPS = 20  # points that a long run's iterations become: neighbours are alike, not independent


class Reading(StrEnum):
    """Who says how much memory is in use."""

    LIVE = "live"
    RSS = "rss"
    REPORTED = "reported"


class Point(msgspec.Struct, frozen=True, omit_defaults=True):
    """Bytes at one size: in use beyond what was there before, and left when all was gone.

    ``room``: how many messages the mailbox could hold, where that is more than it held.
    """

    size: int
    used: float
    left: float | None
    room: int | None = None


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reading of one target over sizes; ``counted`` is what the size counts.

    Where nothing is counted (the workload has one size), there is no slope. ``by_room``: the
    mailbox takes the memory of all its room at once; the slope is over the part that is filled.
    """

    reading: Reading
    counted: str
    points: tuple[Point, ...]
    slope: Slope | Undetermined | None
    by_room: bool = False


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
    return tuple(found for reading in Reading if (found := _memory(records, reading)) is not None)


def _memory(records: Sequence[Record], reading: Reading) -> Memory | None:
    counted = _counted(records[0]) if records else ""
    read = _over_iterations if counted == ITERATIONS else _points
    found = (point for record in records for point in read(record, reading))
    points = tuple(sorted(found, key=lambda point: point.size))
    if not points:
        return None
    by_room = _is_taken_whole(points)
    fitted = [_filled(point) for point in points] if by_room else points
    return Memory(reading, counted, points, _slope(fitted, counted), by_room)


def _is_taken_whole(points: Sequence[Point]) -> bool:
    """Whether what is used is the mailbox's room, however many messages are in it."""
    by_room: dict[int, list[Point]] = defaultdict(list)
    for point in points:
        if point.room:
            by_room[point.room].append(point)
    shared = [found for found in by_room.values() if len({point.size for point in found}) > 1]
    uses = [[point.used for point in found] for found in shared]
    return bool(uses) and all(max(used) - min(used) <= ALIKE * abs(max(used)) for used in uses)


def _filled(point: Point) -> Point:
    """The part of the mailbox's memory that messages fill."""
    if not point.room:
        return point
    return msgspec.structs.replace(point, used=point.used * point.size / point.room)


def _slope(points: Sequence[Point], counted: str) -> Slope | Undetermined | None:
    if not counted:
        return None
    if counted == ITERATIONS and len(points) < slope.SIZES:
        needs = f"a slope needs at least {slope.SIZES} iterations after the first quarter"
        return Undetermined(f"{needs}, not {len(points)}")
    return slope.fit([(point.size, point.used) for point in points])


def _counted(record: Record) -> str:
    """What memory is a slope over: the workload's size, or the iterations of one that goes on."""
    size = size_of(record)
    return size[0] if size else ITERATIONS if _repeats(record) else ""


def _repeats(record: Record) -> bool:
    try:
        return catalogue.workload(record.workload.name).repeats
    except UsageError:
        return False


def _points(record: Record, reading: Reading) -> list[Point]:
    """One point for each repetition that the run read memory in."""
    before, loaded, left = _readings(record, reading)
    size = size_of(record)
    held = size[1] if size else 0
    room = _room(record, held)
    return [
        Point(held, high - low, left[index] - low if index < len(left) else None, room)
        for index, (low, high) in enumerate(zip(before, loaded, strict=False))
    ]


def _room(record: Record, held: int) -> int | None:
    """Room of the mailbox that is filled, where it is more than was asked for."""
    said = record.specification
    is_fill = record.workload.name == MAILBOX_FILL.name
    return said.mailbox if is_fill and said and said.mailbox > held else None


def _over_iterations(record: Record, reading: Reading) -> list[Point]:
    """What each iteration left behind since the first began, as means over groups of neighbours.

    The first quarter is left out: there, a runtime still fills its caches.
    """
    before, loaded, _ = _readings(record, reading)
    count = min(len(before), len(loaded))
    warm = count // 4
    group = max(math.ceil((count - warm) / GROUPS), 1)
    return [
        Point(start + len(part), math.fsum(part) / len(part) - before[0], None)
        for start in range(warm, count, group)
        if (part := loaded[start : min(start + group, count)])
    ]


def _readings(record: Record, reading: Reading) -> tuple[Sequence[float], ...]:
    """The values before, loaded and after; empty where they were not read."""
    found = (record.metric(f"{reading}-{moment}") for moment in ("before", "loaded", "after"))
    return tuple(metric.values if metric else () for metric in found)

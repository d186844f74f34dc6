"""Tables of allocation sites and weighted stacks, the same whichever tool found them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from litbench.instruments.frames import UNKNOWN, Frame, is_plumbing
from litbench.record import Histogram, Table
from litbench.units import Unit

SITES_LIMIT = 300
STACKS_LIMIT = 3_000


@dataclass(frozen=True)
class Allocations:
    """What one stack (innermost frame first) allocated; None is what the tool does not tell.

    ``brief`` counts objects freed before the next allocation, ``lifetime`` is the mean in the unit
    that the tool measures it in, ``alive`` what was not freed by the end of the region.
    """

    stack: Sequence[Frame]
    count: int
    bytes: int
    brief: int | None = None
    alive: int | None = None
    alive_bytes: int | None = None
    peak_bytes: int | None = None
    lifetime: float | None = None


SITE_COLUMNS: tuple[tuple[str, Unit | None], ...] = (
    ("site", None),
    ("where", None),
    ("allocations", Unit.COUNT),
    ("bytes", Unit.BYTES),
    ("freed at once", Unit.COUNT),
    ("alive", Unit.COUNT),
    ("alive bytes", Unit.BYTES),
    ("bytes at peak", Unit.BYTES),
    ("lifetime", Unit.INSTRUCTIONS),
    ("stack", None),
)


def site_of(stack: Sequence[Frame]) -> Frame:
    """The innermost frame that is not on the way into the allocator."""
    named = (frame for frame in stack if frame.function != UNKNOWN)
    return next((f for f in named if not is_plumbing(f)), stack[0] if stack else _NOWHERE)


def folded(stack: Sequence[Frame]) -> str:
    """A stack as flame graphs have it: functions from the outermost, joined by semicolons."""
    return ";".join(frame.function for frame in reversed(stack)) or UNKNOWN


def by_site(found: Iterable[Allocations]) -> list[Allocations]:
    """Stacks that end at the same site, added up; each keeps its heaviest stack."""
    groups: dict[tuple[str, str], list[Allocations]] = defaultdict(list)
    for each in found:
        site = site_of(each.stack)
        groups[site.function, site.where].append(each)
    return [_merged(group) for group in groups.values()]


def _merged(group: list[Allocations]) -> Allocations:
    count = sum(a.count for a in group)
    lives = [a.lifetime * a.count for a in group if a.lifetime is not None]
    return Allocations(
        max(group, key=lambda a: a.count).stack,
        count,
        sum(a.bytes for a in group),
        _sum(a.brief for a in group),
        _sum(a.alive for a in group),
        _sum(a.alive_bytes for a in group),
        _sum(a.peak_bytes for a in group),
        sum(lives) / count if lives and count else None,
    )


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def sites_table(found: Iterable[Allocations]) -> Table:
    """The sites that allocate most, most allocations first."""
    ordered = sorted(
        by_site(found), key=lambda a: (-a.count, -(a.alive_bytes or 0), folded(a.stack))
    )
    return Table(
        name="sites",
        columns=tuple(name for name, _ in SITE_COLUMNS),
        units=tuple(unit for _, unit in SITE_COLUMNS),
        rows=tuple(_row(each) for each in ordered[:SITES_LIMIT]),
    )


def _row(each: Allocations) -> tuple[str | int | float | None, ...]:
    site = site_of(each.stack)
    return (
        site.function, site.where, each.count, each.bytes, each.brief, each.alive,
        each.alive_bytes, each.peak_bytes, each.lifetime, folded(each.stack),
    )  # fmt: skip


def stacks_table(name: str, weights: dict[str, int], unit: Unit) -> Table:
    """Weighted stacks, heaviest first. What exceeds the limit is added up in one row."""
    ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(weight for _, weight in ordered[STACKS_LIMIT:])
    rows = ordered[:STACKS_LIMIT] + ([("[smaller stacks]", rest)] if rest else [])
    return Table(name=name, columns=("stack", "weight"), units=(None, unit), rows=tuple(rows))


def weights_of(found: Iterable[Allocations], attribute: str) -> dict[str, int]:
    """Stacks by one of the numbers of their allocations."""
    weights: dict[str, int] = defaultdict(int)
    for each in found:
        if value := getattr(each, attribute):
            weights[folded(each.stack)] += value
    return weights


def histogram(name: str, unit: Unit, counts: dict[int, int]) -> Histogram:
    """Counts by value as a record keeps them: the top 11 bits of a value, sorted."""
    buckets: dict[int, int] = defaultdict(int)
    for value, count in counts.items():
        shift = max(value.bit_length() - 11, 0)
        buckets[value >> shift << shift] += count
    return Histogram(name=name, unit=unit, counts=tuple(sorted(buckets.items())))


_NOWHERE = Frame(UNKNOWN)

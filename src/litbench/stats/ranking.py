"""Which throughput is best, which cannot be told from it, and in what else rows differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from litbench.record import Specification
from litbench.stats import interval
from litbench.stats.interval import Interval
from litbench.stats.summary import Throughput
from litbench.stats.undetermined import Undetermined

# what a specification may differ in without being another workload
COMPARED = ("in_flight", "mailbox", "batch", "threads", "driver", "message_bytes", "policy")


class Standing(StrEnum):
    """Where a throughput stands in its ranking."""

    BEST = "best"
    TIED = "tied"  # the interval of its ratio to the best contains 1
    BEHIND = "behind"
    UNRANKED = "unranked"


class Place(msgspec.Struct, frozen=True):
    """Where a throughput stands, and what part of the best it is, with the interval of that."""

    standing: Standing
    part: float | None = None
    interval: Interval | None = None


_NOWHERE = Place(Standing.UNRANKED)


def places(rates: Sequence[Throughput | Undetermined | None]) -> tuple[Place, ...]:
    """Each throughput's place among them; all are of one unit and amount of work.

    A single one is not ranked, and neither is what has no interval.
    """
    known = [rate for rate in rates if isinstance(rate, Throughput)]
    best = max(known, key=lambda rate: rate.rate, default=None)
    if best is None or len(known) < 2 or isinstance(best.interval, Undetermined):
        return tuple(_NOWHERE for _ in rates)
    return tuple(_place(rate, best) for rate in rates)


def standings(rates: Sequence[Throughput | Undetermined | None]) -> tuple[Standing, ...]:
    """Each throughput's standing among them."""
    return tuple(place.standing for place in places(rates))


def _place(rate: Throughput | Undetermined | None, best: Throughput) -> Place:
    if not isinstance(rate, Throughput):
        return _NOWHERE
    if rate is best:
        return Place(Standing.BEST, 1.0)
    ratio = interval.ratio_interval(best.steady_times, rate.steady_times)
    if isinstance(ratio, Undetermined):
        return _NOWHERE
    ratio = ratio.scaled(rate.work / best.work)  # of an iteration, where it was scaled down
    standing = Standing.TIED if ratio.contains(1) else Standing.BEHIND
    return Place(standing, rate.rate / best.rate, ratio)


def differences(specifications: Sequence[Specification | None]) -> tuple[tuple[str, ...], ...]:
    """For each specification, what it has otherwise than most, or than others, in words."""
    known = [s for s in specifications if s is not None]
    counts = {name: Counter(getattr(s, name) for s in known) for name in COMPARED}
    return tuple(
        tuple(text for name in COMPARED for text in _difference(name, s, counts[name]))
        if s is not None
        else ()
        for s in specifications
    )


def _difference(
    name: str, specification: Specification, counts: Counter[int | str]
) -> tuple[str, ...]:
    """How one differs in ``name``: from most, or where there is no majority, from the others."""
    own = getattr(specification, name)
    usual, count = counts.most_common(1)[0]
    majority = count > counts.total() / 2
    if len(counts) == 1 or (majority and own == usual):
        return ()
    others = ", ".join(sorted(str(value) for value in counts if value != own))
    told = f"where most have {usual}" if majority else f"where others have {others}"
    return (f"{name.replace('_', ' ')} {own}, {told}",)

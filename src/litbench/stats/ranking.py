"""Which throughput is best, which cannot be told from it, and in what else rows differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from litbench.record import Specification
from litbench.stats import interval
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


def standings(rates: Sequence[Throughput | Undetermined | None]) -> tuple[Standing, ...]:
    """Each throughput's standing among them; all are of one unit and amount of work.

    A single one is not ranked, and neither is what has no interval.
    """
    known = [rate for rate in rates if isinstance(rate, Throughput)]
    best = max(known, key=lambda rate: rate.rate, default=None)
    if best is None or len(known) < 2 or isinstance(best.interval, Undetermined):
        return tuple(Standing.UNRANKED for _ in rates)
    return tuple(_standing(rate, best) for rate in rates)


def _standing(rate: Throughput | Undetermined | None, best: Throughput) -> Standing:
    if not isinstance(rate, Throughput):
        return Standing.UNRANKED
    if rate is best:
        return Standing.BEST
    ratio = interval.ratio_interval(rate.steady_times, best.steady_times)
    if isinstance(ratio, Undetermined):
        return Standing.UNRANKED
    work = rate.work / best.work  # of an iteration, where it was scaled down
    return Standing.TIED if ratio.contains(work) else Standing.BEHIND


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

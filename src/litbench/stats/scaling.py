"""Speed-up over worker threads: measured at each number of threads, never derived from it.

Efficiency is the speed-up over what perfect scaling from the fewest threads would give.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from litbench.stats import interval
from litbench.stats.interval import Interval
from litbench.stats.summary import Throughput
from litbench.stats.undetermined import Undetermined


class Step(msgspec.Struct, frozen=True):
    """One number of threads against the fewest; the interval is that of the speed-up."""

    threads: int
    rate: float
    speed_up: float
    interval: Interval | Undetermined
    efficiency: float


def scaling(rates: Mapping[int, Throughput]) -> tuple[Step, ...]:
    """Speed-ups by threads, ascending; the first is 1 by definition."""
    threads = sorted(rates)
    base = rates[threads[0]]
    return tuple(_step(count, rates[count], threads[0], base) for count in threads)


def _step(threads: int, rate: Throughput, fewest: int, base: Throughput) -> Step:
    speed_up = rate.rate / base.rate
    found: Interval | Undetermined
    if rate is base:
        found = Undetermined("what the others are compared with")
    else:
        found = interval.ratio_interval(base.steady_times, rate.steady_times)
        if isinstance(found, Interval):
            found = found.scaled(rate.work / base.work)
    return Step(threads, rate.rate, speed_up, found, speed_up * fewest / threads)

"""Axes for bars: where a value is, as a percentage of the plot's width, and round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TINY = 1e-9  # no quantity of a report is so small that it needs an axis of its own


@dataclass(frozen=True)
class Scale:
    """A linear or logarithmic axis from ``low`` to ``high``; only some of its ticks are named."""

    low: float
    high: float
    ticks: tuple[float, ...]
    named: tuple[float, ...]
    logarithmic: bool

    def place(self, value: float) -> float:
        """Percent of the width, kept inside the plot."""
        if self.logarithmic:
            if value <= 0:
                return 0.0
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(part, 0.0), 1.0), 3)


def linear(values: Sequence[float]) -> Scale:
    """From 0, or from the lowest where that is negative, to a round number above the highest."""
    low, high = min(0.0, *values), max(0.0, *values)
    span = high - low
    step = _round((span if span > TINY else 1.0) / 4)
    first, last = math.floor(low / step), max(math.ceil(high / step), 1)
    ticks = tuple(step * i for i in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], ticks, ticks[::2], logarithmic=False)


def logarithmic(values: Sequence[float]) -> Scale:
    """From below the lowest positive value to above the highest, ticks at powers of ten.

    Where those are too few, there are ticks at twice and five times them, too.
    """
    positive = [value for value in values if value > 0] or [1.0]
    low, high = _below(min(positive) * 0.8), _round(max(positive))
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    ticks = _inside(low, high, (10.0**power for power in powers))
    if len(ticks) < 2:
        ticks = _inside(low, high, (nice * 10.0**power for power in powers for nice in (1, 2, 5)))
    return Scale(low, high, ticks, ticks[:: -(-len(ticks) // 4)], logarithmic=True)


def _inside(low: float, high: float, ticks: Iterable[float]) -> tuple[float, ...]:
    return tuple(tick for tick in ticks if 0.999 * low <= tick <= 1.001 * high)


def _round(step: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= step * 0.999)


def _below(value: float) -> float:
    """The last of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * nice for nice in (5, 2, 1) if power * nice <= value * 1.001)

"""Axes for bars: where a value is, as a percentage of the plot's width, and round ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A linear or logarithmic axis from ``low`` to ``high`` with its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]
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
    step = _round((high - low or 1.0) / 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple(step * i for i in range(first, last + 1))
    return Scale(ticks[0], ticks[-1] if len(ticks) > 1 else step, ticks, logarithmic=False)


def logarithmic(values: Sequence[float]) -> Scale:
    """From the power of ten below the lowest positive value to the one above the highest."""
    positive = [value for value in values if value > 0] or [1.0]
    first = math.floor(math.log10(min(positive)) - 0.1)
    last = max(math.ceil(math.log10(max(positive))), first + 1)
    stride = -(-(last - first) // 6)
    ticks = tuple(10.0**power for power in range(first, last + 1, stride))
    return Scale(10.0**first, 10.0**last, ticks, logarithmic=True)


def _round(step: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= step * 0.999)

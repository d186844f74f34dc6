"""Bytes per actor or per message: a line fitted through several sizes, with an interval.

Ordinary least squares over the mean at each size, so that many runs of one size do not pass for
many sizes. The interval is the wider of the classical one and one from HC3 (MacKinnon & White,
Journal of Econometrics 29, 1985). HC3 is close to a jackknife, and sees what the classical error
does not: that the largest size decides the line, and that memory steps when a table doubles. Its
degrees of freedom are Satterthwaite's, since only the outer sizes carry it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from litbench.stats import student
from litbench.stats.undetermined import Undetermined

SIZES = 5


class Slope(msgspec.Struct, frozen=True):
    """A fitted line ``intercept + slope * size``, and the interval of its slope."""

    slope: float
    low: float
    high: float
    intercept: float
    sizes: int
    points: int
    confidence: float
    misfit: float  # largest distance from the line, as a fraction of the range of the means

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval says that the slope is not nought."""
        return self.low > 0 or self.high < 0


def fit(points: Sequence[tuple[float, float]], confidence: float = 0.95) -> Slope | Undetermined:
    """The line through (size, bytes) points of at least five sizes, or why there is none."""
    by_size: dict[float, list[float]] = defaultdict(list)
    for size, value in points:
        by_size[size].append(value)
    count = len(by_size)
    if count < SIZES:
        return Undetermined(f"{count} sizes: a slope needs at least {SIZES}")
    x = sorted(by_size)
    y = [math.fsum(by_size[size]) / len(by_size[size]) for size in x]
    middle, level = math.fsum(x) / count, math.fsum(y) / count
    spread = math.fsum((size - middle) ** 2 for size in x)
    slope = math.fsum((a - middle) * (b - level) for a, b in zip(x, y, strict=True)) / spread
    intercept = level - slope * middle
    residuals = [b - intercept - slope * a for a, b in zip(x, y, strict=True)]
    level_of_t = (1 + confidence) / 2
    half = max(
        student.quantile(level_of_t, count - 2) * _classical(residuals, spread),
        student.quantile(level_of_t, _freedom(x, middle)) * _hc3(x, residuals, middle, spread),
    )
    span = max(y) - min(y)
    return Slope(
        slope=slope,
        low=slope - half,
        high=slope + half,
        intercept=intercept,
        sizes=count,
        points=len(points),
        confidence=confidence,
        misfit=max(map(abs, residuals)) / span if span > 0 else 0.0,
    )


def _classical(residuals: list[float], spread: float) -> float:
    return math.sqrt(math.fsum(r * r for r in residuals) / (len(residuals) - 2) / spread)


def _freedom(x: list[float], middle: float) -> float:
    """Satterthwaite's degrees of freedom of a sum of squares with these weights."""
    weights = [(size - middle) ** 2 for size in x]
    return math.fsum(weights) ** 2 / math.fsum(w * w for w in weights)


def _hc3(x: list[float], residuals: list[float], middle: float, spread: float) -> float:
    """Each residual is weighed as if its own size had been left out of the fit."""
    total = 0.0
    for size, residual in zip(x, residuals, strict=True):
        distance = size - middle
        leverage = 1 / len(x) + distance**2 / spread
        total += (distance * residual / max(1 - leverage, 1e-9)) ** 2
    return math.sqrt(total) / spread

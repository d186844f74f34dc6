"""Student's t distribution, small: quantiles for intervals from few samples.

The distribution function is a regularised incomplete beta function, evaluated by its continued
fraction (Press et al., Numerical Recipes, section 6.4) and inverted by bisection.
"""

from __future__ import annotations

import math
from functools import lru_cache

_TINY = 1e-300


@lru_cache(maxsize=1024)
def quantile(probability: float, freedom: float) -> float:
    """The value that a t-distributed variable is below with ``probability``.

    ``probability`` in [0.5, 1), ``freedom`` > 0 and not necessarily whole (Welch).
    """
    low, high = 0.0, 1.0
    while distribution(high, freedom) < probability:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        if distribution(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def distribution(t: float, freedom: float) -> float:
    """The probability that a t-distributed variable with ``freedom`` degrees is below ``t``."""
    square = t * t
    if square < freedom:  # about the middle, where one minus the tail would lose its digits
        half = 0.5 * _incomplete_beta(square / (freedom + square), 0.5, freedom / 2)
        return 0.5 + math.copysign(half, t)
    tail = 0.5 * _incomplete_beta(freedom / (freedom + square), freedom / 2, 0.5)
    return 1 - tail if t > 0 else tail


def _incomplete_beta(x: float, a: float, b: float) -> float:
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(scale + a * math.log(x) + b * math.log1p(-x))
    return front * _continued_fraction(x, a, b) / a


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Lentz's evaluation of the incomplete beta function's continued fraction."""
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 500):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY

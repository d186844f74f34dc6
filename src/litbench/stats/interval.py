"""Intervals of a mean time and of a ratio of two, over forks and iterations.

Times vary from process to process (layout, placement) and from iteration to iteration inside one,
so both levels are resampled: forks with replacement, then iterations of each drawn fork (Kalibera &
Jones, "Rigorous benchmarking in reasonable time", ISMM 2013; Barrett et al., OOPSLA 2017).

A plain bootstrap of a handful of forks is far too sure of itself, and resampling both levels counts
the iterations' noise twice (Davison & Hinkley, Bootstrap Methods, 1997, section 3.8). So the
bootstrap gives the interval's shape, and its size comes from the unbiased variance of the fork
means and from Student's t, which knows how few forks there were. All of it happens on logarithms of
times: an interval is never below zero, and a throughput's is that of its time turned over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import TYPE_CHECKING

import msgspec

from litbench.stats import student
from litbench.stats.undetermined import Undetermined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 2000
CONFIDENCE = 0.95
SEED = 20260101

Times = Sequence[Sequence[float]]  # one sequence of iterations for each fork


class Scope(StrEnum):
    """What variation an interval covers."""

    FORKS = "forks"
    ITERATIONS = "iterations"  # of a single fork: what differs between processes is not in it


class Interval(msgspec.Struct, frozen=True):
    """A confidence interval, what it covers, and how many forks and iterations it is from."""

    low: float
    high: float
    confidence: float
    scope: Scope
    forks: int
    iterations: int

    def contains(self, value: float) -> bool:
        """Whether ``value`` is inside, ends included."""
        return self.low <= value <= self.high

    def scaled(self, factor: float) -> Interval:
        """The interval of the quantity times a positive factor."""
        return msgspec.structs.replace(self, low=self.low * factor, high=self.high * factor)

    def inverted(self) -> Interval:
        """The interval of one over the quantity."""
        return msgspec.structs.replace(self, low=1 / self.high, high=1 / self.low)


@dataclass(frozen=True)
class _Bootstrap:
    """The bootstrap distribution of a log mean, the variance it should have, and its freedom."""

    centre: float
    resampled: Floats
    variance: float
    freedom: float
    scope: Scope
    forks: int
    iterations: int


def mean(times: Times) -> float | Undetermined:
    """The mean over forks of each fork's mean, or why there is none."""
    forks = [fork for fork in times if fork]
    if not forks:
        return Undetermined("no iterations")
    if any(value <= 0 for fork in forks for value in fork):
        return Undetermined("an iteration took no time on this clock: make iterations longer")
    return math.fsum(math.fsum(fork) / len(fork) for fork in forks) / len(forks)


def mean_interval(times: Times, confidence: float = CONFIDENCE) -> Interval | Undetermined:
    """The interval of ``mean(times)``, the same on every call, or why there is none."""
    drawn = _bootstrap(times, SEED)
    if isinstance(drawn, Undetermined):
        return drawn
    low, high = _limits(drawn.centre, drawn.resampled, drawn.variance, drawn.freedom, confidence)
    return Interval(low, high, confidence, drawn.scope, drawn.forks, drawn.iterations)


def ratio_interval(
    numerator: Times, denominator: Times, confidence: float = CONFIDENCE
) -> Interval | Undetermined:
    """The interval of ``mean(numerator) / mean(denominator)``, or why there is none.

    Degrees of freedom after Welch, since the two need not vary alike.
    """
    a, b = _bootstrap(numerator, SEED), _bootstrap(denominator, SEED + 1)
    if isinstance(a, Undetermined):
        return a
    if isinstance(b, Undetermined):
        return b
    variance = a.variance + b.variance
    parts = a.variance**2 / a.freedom + b.variance**2 / b.freedom
    freedom = variance**2 / parts if parts > 0 else a.freedom + b.freedom
    low, high = _limits(
        a.centre - b.centre, a.resampled - b.resampled, variance, freedom, confidence
    )
    scope = Scope.FORKS if a.scope is b.scope is Scope.FORKS else Scope.ITERATIONS
    forks, iterations = min(a.forks, b.forks), min(a.iterations, b.iterations)
    return Interval(low, high, confidence, scope, forks, iterations)


def _bootstrap(times: Times, seed: int) -> _Bootstrap | Undetermined:
    import numpy as np

    centre = mean(times)
    if isinstance(centre, Undetermined):
        return centre
    forks = [np.asarray(fork, dtype=np.float64) for fork in times if len(fork)]
    iterations = sum(len(fork) for fork in forks)
    if iterations == 1:
        return Undetermined("one iteration of one fork: nothing shows how much it varies")
    random = np.random.default_rng(seed)
    if len(forks) == 1:
        units, resampled, scope = forks[0], _resample_one(forks[0], random), Scope.ITERATIONS
    else:
        units = np.array([fork.mean() for fork in forks])
        resampled, scope = _resample_two_levels(forks, random), Scope.FORKS
    n = len(units)
    return _Bootstrap(
        centre=math.log(centre),
        resampled=np.log(resampled),
        variance=float(units.var(ddof=1)) / n / centre**2,  # of a logarithm, to first order
        freedom=n - 1,
        scope=scope,
        forks=len(forks),
        iterations=iterations,
    )


def _resample_one(fork: Floats, random: np.random.Generator) -> Floats:
    drawn = random.integers(len(fork), size=(RESAMPLES, len(fork)))
    means: Floats = fork[drawn].mean(axis=1)
    return means


def _resample_two_levels(forks: list[Floats], random: np.random.Generator) -> Floats:
    """Means over forks drawn with replacement of means over iterations drawn with replacement."""
    import numpy as np

    drawn = random.integers(len(forks), size=(RESAMPLES, len(forks)))
    means = np.empty(drawn.shape)
    for index, fork in enumerate(forks):
        where = drawn == index
        choice = random.integers(len(fork), size=(int(where.sum()), len(fork)))
        means[where] = fork[choice].mean(axis=1)
    averages: Floats = means.mean(axis=1)
    return averages


def _limits(
    centre: float, resampled: Floats, variance: float, freedom: float, confidence: float
) -> tuple[float, float]:
    """The bootstrap's quantiles, stretched about the centre to the size that t says."""
    import numpy as np

    tail = (1 - confidence) / 2
    spread = float(resampled.std())
    if spread == 0 or variance == 0:
        half = student.quantile(1 - tail, freedom) * math.sqrt(variance)
        return math.exp(centre - half), math.exp(centre + half)
    low, high = np.quantile(resampled, (tail, 1 - tail))
    reach = student.quantile(1 - tail, freedom) / NormalDist().inv_cdf(1 - tail)
    stretch = reach * math.sqrt(variance) / spread
    return (
        math.exp(centre - stretch * max(centre - float(low), 0.0)),
        math.exp(centre + stretch * max(float(high) - centre, 0.0)),
    )

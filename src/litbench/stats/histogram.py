"""Histograms with three significant digits that merge without loss.

The bucket scheme is that of HdrHistogram with three significant digits and a unit of 1 (Gil Tene,
http://hdrhistogram.org): values below 2048 are exact, a larger value keeps its 11 highest bits.
A bucket is named by its lowest value.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate
from operator import itemgetter

from litbench.record import Histogram
from litbench.units import Unit

BITS = 11
EXACT = 1 << BITS

P50 = Fraction(1, 2)
P95 = Fraction(95, 100)
P99 = Fraction(99, 100)
P999 = Fraction(999, 1000)

Counts = Sequence[tuple[int, int]]


def lowest(value: int) -> int:
    """The lowest value of ``value``'s bucket."""
    shift = max(value.bit_length() - BITS, 0)
    return value >> shift << shift


def highest(value: int) -> int:
    """The highest value of ``value``'s bucket."""
    return lowest(value) + width(value) - 1


def width(value: int) -> int:
    """How many values share ``value``'s bucket."""
    return 1 << max(value.bit_length() - BITS, 0)


class Recorder:
    """A histogram under construction."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def record(self, value: int, count: int = 1) -> None:
        """Count ``value`` ``count`` times. Raises ValueError for a negative value or no count."""
        if value < 0 or count < 1:
            raise ValueError(f"a histogram cannot count {count} times {value}")
        shift = value.bit_length() - BITS
        if shift > 0:  # as ``lowest``, without the cost of a call for every sample
            value = value >> shift << shift
        counts = self._counts
        counts[value] = counts.get(value, 0) + count

    def add(self, counts: Counts) -> None:
        """Add the sparse counts of another histogram, without loss."""
        mine = self._counts
        for value, count in counts:
            mine[value] = mine.get(value, 0) + count

    @property
    def counts(self) -> tuple[tuple[int, int], ...]:
        """Sorted (lowest value of the bucket, count)."""
        return tuple(sorted(self._counts.items()))

    def histogram(self, name: str, unit: Unit = Unit.NS) -> Histogram:
        """What was recorded so far, as part of a record."""
        return Histogram(name=name, unit=unit, counts=self.counts)


def merge(histograms: Iterable[Histogram]) -> Histogram:
    """One histogram with all counts of several; name of the first.

    Raises ValueError when there is none, or when their units differ.
    """
    several = list(histograms)
    units = {histogram.unit for histogram in several}
    if len(units) != 1:
        raise ValueError(f"cannot merge histograms of {sorted(units) or 'nothing'}")
    recorder = Recorder()
    for histogram in several:
        recorder.add(histogram.counts)
    return recorder.histogram(several[0].name, units.pop())


def total(counts: Counts) -> int:
    """How many values were counted."""
    return sum(map(itemgetter(1), counts))


def percentiles(counts: Counts, fractions: Sequence[Fraction]) -> tuple[int, ...]:
    """For each ascending fraction p in [0, 1], the value that p of all are at or below.

    HdrHistogram's convention: the highest value equivalent to the one of rank ceil(p * n), at
    least 1. Fractions are exact, because a rank computed in floats can land a bucket off.
    Raises ValueError when nothing was counted.
    """
    seen = list(accumulate(map(itemgetter(1), counts)))
    n = seen[-1] if seen else 0
    if n == 0:
        raise ValueError("an empty histogram has no percentiles")
    ranks = (max(-(-p.numerator * n // p.denominator), 1) for p in fractions)
    return tuple(highest(counts[bisect_left(seen, rank)][0]) for rank in ranks)


def mean(counts: Counts) -> float:
    """The mean, each value taken at the middle of its bucket as HdrHistogram does.

    Raises ValueError when nothing was counted.
    """
    n = total(counts)
    if n == 0:
        raise ValueError("an empty histogram has no mean")
    return sum((bucket + width(bucket) // 2) * count for bucket, count in counts) / n


def least(counts: Counts) -> int:
    """The lowest value equivalent to the smallest one. Raises ValueError on an empty histogram."""
    return _first(counts)


def most(counts: Counts) -> int:
    """The highest value equivalent to the largest one. Raises ValueError on an empty histogram."""
    return highest(_first(reversed(counts)))


def _first(counts: Iterable[tuple[int, int]]) -> int:
    """The first bucket that something was counted in."""
    for bucket, count in counts:
        if count:
            return bucket
    raise ValueError("an empty histogram has no values")

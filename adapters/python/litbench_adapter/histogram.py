"""A sparse histogram with three significant digits, as it travels in the protocol."""

from __future__ import annotations

from collections.abc import Iterable

SIGNIFICANT_BITS = 11


def bucket(value: int) -> int:
    """The lowest value of ``value``'s bucket: its 11 highest bits, the lower ones cleared.

    >>> bucket(2047), bucket(2049), bucket(88_123)
    (2047, 2048, 88064)
    """
    shift = value.bit_length() - SIGNIFICANT_BITS
    return value >> shift << shift if shift > 0 else value


class Histogram:
    """Counts of whole, non-negative values. Not thread-safe: keep one a thread and merge them."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def record(self, value: int) -> None:
        """Count one value. Raises ValueError when it is negative: a clock went backwards."""
        if value < 0:
            raise ValueError(f"a duration of {value} ns: the clock went backwards")
        lowest = bucket(value)
        counts = self._counts
        counts[lowest] = counts.get(lowest, 0) + 1

    def record_all(self, values: Iterable[int]) -> None:
        """Count many values."""
        for value in values:
            self.record(value)

    def merge(self, other: Histogram) -> None:
        """Add the counts of another histogram; nothing is lost by merging."""
        counts = self._counts
        for lowest, count in other._counts.items():
            counts[lowest] = counts.get(lowest, 0) + count

    def pairs(self) -> list[tuple[int, int]]:
        """The protocol's ``counts``: (lowest value of the bucket, count), sorted."""
        return sorted(self._counts.items())

    @property
    def count(self) -> int:
        """How many values were counted. (No ``__len__``: an empty histogram is no false one.)"""
        return sum(self._counts.values())

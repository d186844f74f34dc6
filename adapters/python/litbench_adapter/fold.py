"""The checksum that every handler folds its messages into."""

from __future__ import annotations

MASK = (1 << 64) - 1


class Fold:
    """What one receiver keeps for one sender: ``order`` and ``sum`` modulo 2**64.

    A message that is lost, repeated, reordered or not looked at changes one of them.
    """

    __slots__ = ("count", "order", "sum")

    def __init__(self) -> None:
        self.count = 0
        self.order = 0
        self.sum = 0

    def add(self, value: int) -> None:
        """Fold the value of one handled message, in the order of handling."""
        step = value + 1
        self.count += 1
        self.order = (self.order * 31 + step) & MASK
        self.sum = (self.sum + step) & MASK

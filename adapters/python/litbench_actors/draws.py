"""What the workloads draw and compute, as PROTOCOL.md says."""

from __future__ import annotations

from litbench_adapter import MASK


class Xorshift:
    """Marsaglia's xorshift64 (13, 7, 17), started for actor number ``n``."""

    __slots__ = ("_x",)

    def __init__(self, n: int) -> None:
        self._x = (n + 1) * 0x9E3779B97F4A7C15 & MASK

    def draw(self) -> int:
        """One step, and its result."""
        x = self._x
        x ^= x << 13 & MASK
        x ^= x >> 7
        self._x = x = x ^ (x << 17 & MASK)
        return x


def work(value: int, steps: int) -> int:
    """``steps`` steps of Knuth's MMIX linear congruential generator from ``value``."""
    for _ in range(steps):
        value = (value * 6364136223846793005 + 1442695040888963407) & MASK
    return value

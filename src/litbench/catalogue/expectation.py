"""How expected ledgers and checksums are computed from a definition's parameters."""

from __future__ import annotations

from functools import lru_cache

from litbench.catalogue.definition import Parameter
from litbench.record import Expected, Ledger, Measure

MASK = (1 << 64) - 1
TIMED = (Measure.THROUGHPUT, Measure.LATENCY)


def mailbox(default: int) -> Parameter:
    """The parameter that nearly every workload has."""
    return Parameter("mailbox", default, "bound of each mailbox, in messages", most=10_000_000)


def expect(messages: int, errored: int = 0, **checks: int) -> Expected:
    """Every message sent and handled (but for those that fail), and checks modulo 2**64."""
    return Expected(
        ledger=Ledger(sent=messages, handled=messages - errored, errored=errored),
        checks={name: value & MASK for name, value in checks.items()},
    )


def streams(count: int, messages: int) -> Expected:
    """``count`` (sender, receiver) pairs, each with its own 0, 1, ... stream."""
    order = count * cached_fold(messages)
    return expect(count * messages, order=order, sum=count * triangle(messages))


def fold(count: int, start: int = 0, step: int = 1) -> int:
    """``h`` after a receiver folded the values start, start + step, ... (``count`` of them).

    h = h * 31 + (v + 1) modulo 2**64, from 0.
    """
    h = 0
    for value in range(start + 1, start + 1 + count * step, step):
        h = (h * 31 + value) & MASK
    return h


def triangle(count: int) -> int:
    """1 + 2 + ... + count modulo 2**64: the sum of v + 1 over the values 0 .. count - 1."""
    return (count * (count + 1) // 2) & MASK


@lru_cache(maxsize=256)
def cached_fold(count: int, start: int = 0, step: int = 1) -> int:
    """``fold``, remembered: a plan asks for the same one again and again."""
    return fold(count, start, step)


class Xorshift:
    """Marsaglia's xorshift64 (13, 7, 17), started for actor number ``n`` as PROTOCOL.md says."""

    def __init__(self, n: int = 0) -> None:
        self._x = (n + 1) * 0x9E3779B97F4A7C15 & MASK

    def draw(self) -> int:
        """One step, and its result."""
        x = self._x
        x ^= x << 13 & MASK
        x ^= x >> 7
        self._x = x ^ (x << 17 & MASK)
        return self._x


def work(value: int, steps: int) -> int:
    """``steps`` steps of Knuth's MMIX linear congruential generator from ``value``."""
    factor, offset = work_map(steps)
    return (factor * value + offset) & MASK


@lru_cache(maxsize=64)
def work_map(steps: int) -> tuple[int, int]:
    """(a, c) with work(v, steps) = a * v + c modulo 2**64."""
    factor, offset = 1, 0
    for _ in range(steps):
        factor = factor * 6364136223846793005 & MASK
        offset = (offset * 6364136223846793005 + 1442695040888963407) & MASK
    return factor, offset

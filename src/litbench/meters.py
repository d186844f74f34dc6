"""Meters for use inside a program or its tests: latencies and rates with their percentiles.

    meter = LatencyMeter()
    for request in requests:
        with meter.time():
            handle(request)
    assert meter.stats().p99 < 1_000_000  # ns

Both may be shared by threads: every call is atomic. Where threads would wait for one another, give
each a meter of its own and ``merge`` them: that takes a snapshot of the other meter under its lock
and adds it under one's own, never holding both, so meters may even merge each other at once.
What the other one records after its snapshot is not in the result.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from litbench.record import Histogram
from litbench.stats.histogram import P50, P95, P99, Recorder, percentiles
from litbench.units import Unit

_NS = 1_000_000_000


@dataclass(frozen=True)
class LatencyStats:
    """Durations in ns. Percentiles have three significant digits, the others are exact."""

    count: int
    mean: float
    p50: int
    p95: int
    p99: int
    max: int


@dataclass(frozen=True)
class ThroughputStats:
    """Rates in messages a second: ``mean`` is all messages over all measured time.

    The others are over the batches: 95 % of them had a rate of at most ``p95``.
    """

    batches: int
    messages: int
    elapsed_ns: int
    mean: float
    p50: float
    p95: float
    p99: float
    max: float


class LatencyMeter:
    """Counts durations in a histogram of constant size, from 1 ns to hours."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recorder = Recorder()
        self._count = 0
        self._total = 0
        self._most = 0

    def record(self, seconds: float) -> None:
        """Count one duration in seconds. Raises ValueError when it is negative."""
        self.record_ns(round(seconds * _NS))

    def record_ns(self, duration: int) -> None:
        """Count one duration in ns. Raises ValueError when it is negative."""
        with self._lock:
            self._recorder.record(duration)
            self._count += 1
            self._total += duration
            self._most = max(self._most, duration)

    def time(self) -> Timing:
        """A context manager that counts how long its block took, unless the block raises."""
        return Timing(self.record_ns)

    def merge(self, other: LatencyMeter) -> None:
        """Add what another meter has counted so far. Raises ValueError when it is this one."""
        _refuse_self(self, other)
        with other._lock:
            counts = other._recorder.counts
            count, total, most = other._count, other._total, other._most
        with self._lock:
            self._recorder.add(counts)
            self._count += count
            self._total += total
            self._most = max(self._most, most)

    def stats(self) -> LatencyStats:
        """Everything counted so far. Raises ValueError when that is nothing."""
        with self._lock:
            if not self._count:
                raise ValueError("nothing was recorded, so there are no statistics")
            p50, p95, p99 = percentiles(self._recorder.counts, (P50, P95, P99))
            return LatencyStats(
                count=self._count,
                mean=self._total / self._count,
                p50=min(p50, self._most),
                p95=min(p95, self._most),
                p99=min(p99, self._most),
                max=self._most,
            )

    def histogram(self, name: str = "latency") -> Histogram:
        """What was counted so far, as a record keeps it."""
        with self._lock:
            return self._recorder.histogram(name, Unit.NS)


class ThroughputMeter:
    """Keeps batches of messages and how long each took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batches: list[tuple[int, int]] = []

    def record(self, messages: int, seconds: float) -> None:
        """Keep a batch that took so many seconds. Raises ValueError when it took no time."""
        self.record_ns(messages, round(seconds * _NS))

    def record_ns(self, messages: int, duration: int) -> None:
        """Keep a batch that took so many ns. Raises ValueError when it took no time."""
        if messages < 0 or duration <= 0:
            raise ValueError(f"{messages} messages in {duration} ns make no rate")
        with self._lock:
            self._batches.append((messages, duration))

    def time(self, messages: int) -> Timing:
        """A context manager that keeps its block as a batch, unless the block raises."""
        return Timing(lambda duration: self.record_ns(messages, max(duration, 1)))

    def merge(self, other: ThroughputMeter) -> None:
        """Add the batches of another meter. Raises ValueError when it is this one.

        Measured times add up: the mean over meters that ran side by side is the rate of one of
        them, not of all together.
        """
        _refuse_self(self, other)
        with other._lock:
            batches = tuple(other._batches)
        with self._lock:
            self._batches += batches

    def stats(self) -> ThroughputStats:
        """Everything kept so far. Raises ValueError when that is nothing."""
        with self._lock:
            batches = tuple(self._batches)
        if not batches:
            raise ValueError("nothing was recorded, so there are no statistics")
        messages = sum(count for count, _ in batches)
        elapsed = sum(duration for _, duration in batches)
        rates = sorted(count / duration * _NS for count, duration in batches)
        p50, p95, p99 = (_ranked(rates, fraction) for fraction in (P50, P95, P99))
        return ThroughputStats(
            batches=len(batches),
            messages=messages,
            elapsed_ns=elapsed,
            mean=messages / elapsed * _NS,
            p50=p50,
            p95=p95,
            p99=p99,
            max=rates[-1],
        )


class Timing:
    """Times a ``with`` block; each use is its own, so meters can be timed in nested blocks."""

    __slots__ = ("_keep", "_start")

    def __init__(self, keep: Callable[[int], None]) -> None:
        self._keep = keep
        self._start = 0

    def __enter__(self) -> None:
        self._start = time.perf_counter_ns()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._keep(time.perf_counter_ns() - self._start)


def _ranked(ordered: list[float], fraction: Fraction) -> float:
    """The value of rank ceil(p * n), at least 1."""
    rank = max(-(-fraction.numerator * len(ordered) // fraction.denominator), 1)
    return ordered[rank - 1]


def _refuse_self(meter: object, other: object) -> None:
    if meter is other:
        raise ValueError("a meter cannot be merged into itself")

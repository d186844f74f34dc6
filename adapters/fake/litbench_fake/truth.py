"""What the fake pretends to have measured: durations, latencies and memory with known truth."""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from litbench_fake.arithmetic import Pattern
    from litbench_fake.options import Options

WORD = (1 << 64) - 1
BASE_BYTES = 20 << 20
DRAWS = 2000


class Random:
    """SplitMix64: a generator in three lines, where importing ``random`` takes 5 ms."""

    def __init__(self, seed: int) -> None:
        self.state = seed & WORD

    def uniform(self) -> float:
        """A number in (0, 1)."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & WORD
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
        return (((z ^ (z >> 31)) >> 11) + 0.5) / (1 << 53)

    def normal(self) -> float:
        """A standard normal number (Box and Muller)."""
        radius = math.sqrt(-2 * math.log(self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())


# (index, warmup, factor): how many times slower iteration `index` is
SHAPES: dict[str, Callable[[int, int, float], float]] = {
    "flat": lambda *_: 1.0,
    "warmup": lambda index, length, factor: 1 + (factor - 1) * math.exp(-3 * index / length),
    "step": lambda index, length, factor: factor if index < length else 1.0,
    "slowdown": lambda index, length, factor: 1.0 if index < length else factor,
    "drift": lambda index, length, factor: 1 + (factor - 1) * index / length,
    "cycle": lambda index, length, factor: 1.0 if index // length % 2 else factor,
}


class Truth:
    """Draws a run's numbers around the true values in the options."""

    def __init__(self, options: Options, pattern: Pattern, seed: int) -> None:
        self._options = options
        self._pattern = pattern
        self._random = Random(options.seed * 0x2545F4914F6CDD1D + seed)
        self._run_factor = self._factor(options.fork_noise)

    def duration(self, index: int) -> int:
        """How long iteration ``index`` takes, in ns."""
        options = self._options
        true = self._pattern.lasts or self._pattern.messages / options.throughput * 1e9
        shape = SHAPES[options.shape](index, max(options.warmup, 1), options.factor)
        return max(1, round(true * shape * self._run_factor * self._factor(options.noise)))

    def latencies(self, total: int) -> list[tuple[int, int]]:
        """A histogram of ``total`` log-normal latencies."""
        draws = min(total, DRAWS)
        counts: dict[int, int] = {}
        given = 0
        for index in range(draws):
            due = total * (index + 1) // draws
            lowest = self._latency()
            counts[lowest] = counts.get(lowest, 0) + due - given
            given = due
        return sorted(counts.items())

    def memory(self) -> dict[str, int]:
        """Readings before, loaded and after, of live bytes and of the resident set."""
        options = self._options
        each = options.slope + self._pattern.state
        taken = options.intercept + each * self._pattern.size
        taken = round(taken * self._factor(options.memory_noise))
        live = {"before": 4096, "loaded": 4096 + taken, "after": 4096}
        resident = {"before": BASE_BYTES, "loaded": BASE_BYTES + taken, "after": BASE_BYTES}
        return {f"live-{moment}": value for moment, value in live.items()} | {
            f"rss-{moment}": value for moment, value in resident.items()
        }

    def _latency(self) -> int:
        options = self._options
        value = round(options.latency * math.exp(options.spread * self._random.normal()))
        shift = max(value.bit_length() - 11, 0)
        return value >> shift << shift

    def _factor(self, deviation: float) -> float:
        """A log-normal factor with median 1."""
        return math.exp(deviation * self._random.normal()) if deviation else 1.0


def with_one(value: int, counts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The histogram, the last of its samples in ``value``'s bucket instead."""
    found = dict(counts)
    last = max(found)
    found[last] -= 1
    shift = max(value.bit_length() - 11, 0)
    bucket = value >> shift << shift
    found[bucket] = found.get(bucket, 0) + 1
    return sorted((at, count) for at, count in found.items() if count)

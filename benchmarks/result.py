"""What a benchmark says, and how several commands are timed fairly."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One figure beside its limit; ``unit`` is empty for a ratio."""

    name: str
    value: float
    limit: float
    unit: str = ""

    @property
    def kept(self) -> bool:
        """Whether the figure keeps its limit."""
        return self.value <= self.limit

    def __str__(self) -> str:
        verdict = "ok  " if self.kept else "MISS"
        return (
            f"{verdict}  {self.name:<66} {self.value:8.3f} {self.unit:<3} (at most {self.limit:g})"
        )


def interleaved(actions: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Seconds that each action took in each round; the actions take turns."""
    took: list[list[float]] = [[] for _ in actions]
    for _ in range(rounds):
        for action, times in zip(actions, took, strict=True):
            began = time.perf_counter()
            action()
            times.append(time.perf_counter() - began)
    return took


def median_ratio(numerator: Sequence[float], denominator: Sequence[float]) -> float:
    """The median of the ratios of neighbours in time."""
    return statistics.median(a / b for a, b in zip(numerator, denominator, strict=True))


def quiet(command: Sequence[str]) -> Callable[[], object]:
    """An action that runs a command and throws away what it prints."""
    return lambda: subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )

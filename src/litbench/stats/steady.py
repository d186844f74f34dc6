"""Whether and from where a run's iterations are in a steady state.

Change points of the iteration times divide them into levels; the classes are those of Barrett et
al., "Virtual machine warmup blows hot and cold", OOPSLA 2017. The change points are those of PELT
(Killick, Fearnhead & Eckley, JASA 107, 2012) with a change in the mean of log times. Three things
keep it from finding changes where there are none: spikes are clipped, the noise is judged from
differences of neighbours (levels do not inflate it), and its autocorrelation from how those
differences grow with distance (Chakar et al., Bernoulli 23, 2017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST = 10  # fewer iterations cannot show a change for what it is
BLIP = 3  # fewer iterations at a level of their own, or less than a 20th, are a disturbance
SAME = 0.005  # levels closer than half a percent are the same for every purpose
CLIP = 12.0  # standard deviations from the running median at which a spike stops to count


class State(StrEnum):
    """What a run's iterations did, after Barrett et al."""

    STEADY = "steady"
    WARMUP = "warm-up, then steady"
    SLOWDOWN = "slowdown, then steady"
    NONE = "no steady state"
    SHORT = "too short to tell"


class Steady(msgspec.Struct, frozen=True):
    """The class of a run, the index of its first steady iteration, and where levels change."""

    state: State
    start: int
    changes: tuple[int, ...] = ()


def classify(times: Sequence[float]) -> Steady:
    """What the iterations of one process did.

    Where there is no steady state or too little to tell, ``start`` is 0: everything is kept, and
    the class says what it is worth.
    """
    import numpy as np

    if len(times) < LEAST or min(times) <= 0:
        return Steady(State.SHORT, 0)
    values = np.log(np.asarray(times, dtype=np.float64))
    noise = _noise(values)
    if noise == 0:
        noise = SAME / 4
    clipped = _clip(values, noise)
    inflation = _inflation(clipped)
    scaled = clipped / (noise * inflation)
    changes = _change_points(scaled, _penalty(len(scaled)))
    return _judge(clipped, changes, max(noise, SAME))


def _judge(values: Floats, changes: list[int], same: float) -> Steady:
    """The class, from the levels between the change points."""
    bounds = [0, *changes, len(values)]
    levels = [(start, end, float(values[start:end].mean())) for start, end in pairwise(bounds)]
    levels = _without_blips(levels, max(BLIP, len(values) // 20), same)
    last = levels[-1][2]
    steady = len(levels) - 1
    while steady > 0 and abs(levels[steady - 1][2] - last) <= same:
        steady -= 1
    start = levels[steady][0]
    found = tuple(changes)
    if start == 0:
        return Steady(State.STEADY, 0, found)
    if len(values) - start < max(LEAST // 2, len(values) // 4):
        return Steady(State.NONE, 0, found)
    slower = float(values[:start].mean()) < last
    return Steady(State.SLOWDOWN if slower else State.WARMUP, start, found)


def _without_blips(
    levels: list[tuple[int, int, float]], least: int, same: float
) -> list[tuple[int, int, float]]:
    """Levels of some length, and the short ones that a run starts with: those are its warm-up."""
    long = [(a, b, mean) for a, b, mean in levels if b - a >= (least if a else BLIP)]
    if not long:
        return levels
    kept: list[tuple[int, int, float]] = []
    for level in levels:
        starting = (kept[-1][1] if kept else 0) == level[0] < long[0][0]
        if level in long or (starting and abs(level[2] - long[-1][2]) > same):
            kept.append(level)
    return kept


def _noise(values: Floats) -> float:
    """Standard deviation of the noise, from the upper quartile of differences of neighbours.

    The quartile, not the median: where times fall into two clusters, half of the differences are
    within one of them.
    """
    return _typical_step(values, 1) / (1.1503 * math.sqrt(2))


def _typical_step(values: Floats, apart: int) -> float:
    import numpy as np

    return float(np.quantile(np.abs(values[apart:] - values[:-apart]), 0.75))


def _clip(values: Floats, noise: float) -> Floats:
    """Values, no further than a few deviations from the median of their neighbourhood."""
    import numpy as np

    reach = 3
    padded = np.pad(values, reach, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    medians = np.median(windows, axis=1)
    clipped: Floats = np.clip(values, medians - CLIP * noise, medians + CLIP * noise)
    return clipped


def _inflation(values: Floats) -> float:
    """How much more a mean varies than it would if neighbours were independent (AR(1))."""
    near, far = _typical_step(values, 1), _typical_step(values, 2)
    if near == 0:
        return 1.0
    shrunk = len(values) / (len(values) + 20)  # a short series says little about it
    correlation = min(max((far / near) ** 2 - 1, 0.0), 0.8) * shrunk
    return math.sqrt(1 + correlation) / (1 - correlation)


def _penalty(count: int) -> float:
    """The cost of a change, in variances of the noise."""
    return 6.0 + 3.0 * math.log(count)


def _change_points(values: Floats, penalty: float) -> list[int]:
    """Where the mean changes: the division with the least squared error plus penalties (PELT)."""
    import numpy as np

    n = len(values)
    sums = np.concatenate(([0.0], np.cumsum(values - values.mean())))
    squares = np.concatenate(([0.0], np.cumsum((values - values.mean()) ** 2)))
    best = np.zeros(n + 1)
    best[0] = -penalty
    previous = np.zeros(n + 1, dtype=np.int64)
    starts = np.array([0])
    for end in range(1, n + 1):
        length = end - starts
        error = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / length
        costs = best[starts] + error
        choice = int(np.argmin(costs))
        best[end] = costs[choice] + penalty
        previous[end] = starts[choice]
        starts = np.append(starts[costs <= best[end]], end)
    changes: list[int] = []
    at = int(previous[n])
    while at > 0:
        changes.append(at)
        at = int(previous[at])
    return changes[::-1]

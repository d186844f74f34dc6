"""Steady states on made-up shapes, and how often noise alone is taken for a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from litbench.stats.steady import State, classify

Shape = Callable[[np.random.Generator, int], "np.ndarray[tuple[int], np.dtype[np.float64]]"]

NORMAL: Shape = lambda r, n: r.normal(0, 0.02, n)  # noqa: E731


def outcomes(shape: Shape, count: int, runs: int = 200, seed: int = 21) -> Counter[State]:
    random = np.random.default_rng(seed)
    return Counter(
        classify([float(t) for t in 1e6 * np.exp(shape(random, count))]).state for _ in range(runs)
    )


def autoregressive(r: np.random.Generator, n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    noise = r.normal(0, 0.02, n)
    for i in range(1, n):
        noise[i] += 0.5 * noise[i - 1]
    return noise


STATIONARY: dict[str, Shape] = {
    "normal": NORMAL,
    "heavy tails": lambda r, n: 0.02 * r.standard_t(3, n),
    "skewed": lambda r, n: r.exponential(0.05, n),
    "two clusters": lambda r, n: r.normal(0, 0.01, n) + 0.3 * (r.random(n) < 0.5),
    "autocorrelated": autoregressive,
}


@pytest.mark.parametrize("count", [10, 20, 50, 200])
@pytest.mark.parametrize("name", STATIONARY)
def test_noise_is_steady(name: str, count: int) -> None:
    """At most one in ten, and one in fifty for plain noise, is taken for something else."""
    wrong = 200 - outcomes(STATIONARY[name], count)[State.STEADY]
    assert wrong <= (4 if name == "normal" else 26 if name == "autocorrelated" else 20)


@pytest.mark.parametrize("count", [20, 50, 200])
def test_spikes_are_no_change(count: int) -> None:
    """One iteration in thirty is hit hard; when it is the first, it counts as warm-up."""
    spikes: Shape = lambda r, n: NORMAL(r, n) + (r.random(n) < 1 / 30) * 0.5  # noqa: E731
    found = outcomes(spikes, count)
    assert found[State.STEADY] >= 170
    assert found[State.NONE] <= 10


SHAPES: dict[str, tuple[State, Shape]] = {
    "first one slow": (State.WARMUP, lambda r, n: NORMAL(r, n) + 0.4 * (np.arange(n) < 1)),
    "first three slow": (State.WARMUP, lambda r, n: NORMAL(r, n) + 0.2 * (np.arange(n) < 3)),
    "decay": (State.WARMUP, lambda r, n: NORMAL(r, n) + 0.5 * np.exp(-np.arange(n) / (n / 8))),
    "slower half-way": (State.SLOWDOWN, lambda r, n: NORMAL(r, n) + 0.1 * (np.arange(n) > n / 2)),
}


@pytest.mark.parametrize("count", [20, 50, 200])
@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_told(name: str, count: int) -> None:
    expected, shape = SHAPES[name]
    assert outcomes(shape, count)[expected] >= 180


def test_what_ends_elsewhere_or_goes_round_has_no_steady_state() -> None:
    late: Shape = lambda r, n: NORMAL(r, n) + 0.3 * (np.arange(n) >= 0.9 * n)  # noqa: E731
    cycle: Shape = lambda r, n: 0.5 * NORMAL(r, n) + 0.2 * (np.arange(n) // (n // 6) % 2)  # noqa: E731
    trend: Shape = lambda r, n: NORMAL(r, n) + 0.6 * np.arange(n) / n  # noqa: E731
    for shape in (late, cycle, trend):
        assert outcomes(shape, 200)[State.NONE] >= 190


@pytest.mark.parametrize("warm", [1, 3, 8])
def test_the_steady_part_starts_where_the_warm_up_ends(warm: int) -> None:
    random = np.random.default_rng(23)
    right = 0
    for _ in range(50):
        times = 1e6 * np.exp(NORMAL(random, 40) + 0.5 * (np.arange(40) < warm))
        found = classify([float(t) for t in times])
        right += found.state is State.WARMUP and abs(found.start - warm) <= 1
    assert right >= 47


def test_too_few_iterations_are_not_judged() -> None:
    assert classify([100.0, 1.0, 1.0]).state is State.SHORT
    assert classify([]).state is State.SHORT
    assert classify([0.0] * 50).state is State.SHORT


def test_a_counter_that_never_varies_is_steady() -> None:
    assert classify([4096.0] * 30).state is State.STEADY
    found = classify([9000.0] + [4096.0] * 30)
    assert (found.state, found.start) == (State.WARMUP, 1)

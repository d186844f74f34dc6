"""Intervals mean what they say: coverage by simulation, against t where t is exact, and edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from litbench.stats import student
from litbench.stats.interval import Interval, Scope, mean, mean_interval, ratio_interval
from litbench.stats.undetermined import Undetermined


def forks(
    random: np.random.Generator, count: int, iterations: int, between: float, within: float
) -> list[list[float]]:
    """Forks with a level of their own; the mean of all levels is 1."""
    levels = np.exp(random.normal(-(between**2) / 2, between, count))
    noise = random.normal(0, within, (count, iterations))
    return [list(row) for row in levels[:, None] * (1 + noise)]


def known(found: Interval | Undetermined) -> Interval:
    assert isinstance(found, Interval)
    return found


@pytest.mark.parametrize(
    ("count", "iterations", "between", "within"),
    [(3, 5, 0.03, 0.02), (5, 20, 0.0, 0.05), (10, 10, 0.03, 0.02)],
)
def test_95_percent_of_intervals_contain_the_mean(
    count: int, iterations: int, between: float, within: float
) -> None:
    random = np.random.default_rng(11)
    runs = 200
    hits = sum(
        known(mean_interval(forks(random, count, iterations, between, within))).contains(1.0)
        for _ in range(runs)
    )
    # 182 of 200 would be seen in less than 1 of 100 repetitions if the coverage were 95 %.
    assert hits >= 182
    assert count == 3 or hits < runs


def test_95_percent_of_ratios_of_a_thing_to_itself_contain_1() -> None:
    random = np.random.default_rng(12)
    runs = 200
    hits = 0
    for _ in range(runs):
        a, b = (forks(random, 5, 10, 0.03, 0.02) for _ in range(2))
        hits += known(ratio_interval(a, b)).contains(1.0)
    assert 182 <= hits < runs


def test_a_real_difference_is_found() -> None:
    random = np.random.default_rng(13)
    slow = [[1.2 * t for t in fork] for fork in forks(random, 6, 10, 0.02, 0.02)]
    found = known(ratio_interval(slow, forks(random, 6, 10, 0.02, 0.02)))
    assert found.low > 1.1
    assert found.contains(1.2)


def test_close_to_t_where_t_is_exact() -> None:
    random = np.random.default_rng(14)
    times = [[float(t)] for t in random.normal(1000, 10, 20)]
    exact = scipy.stats.t.interval(
        0.95, 19, loc=np.mean(times), scale=np.std(times, ddof=1) / math.sqrt(20)
    )
    found = known(mean_interval(times))
    width = exact[1] - exact[0]
    assert found.low == pytest.approx(exact[0], abs=0.1 * width)
    assert found.high == pytest.approx(exact[1], abs=0.1 * width)


def test_the_same_samples_give_the_same_interval() -> None:
    times = forks(np.random.default_rng(15), 4, 8, 0.02, 0.02)
    assert mean_interval(times) == mean_interval(times)
    assert ratio_interval(times, times) == ratio_interval(times, times)


def test_one_iteration_of_one_fork_has_no_interval() -> None:
    assert mean_interval([[5.0]]) == Undetermined(
        "one iteration of one fork: nothing shows how much it varies"
    )
    assert isinstance(ratio_interval([[5.0]], [[4.0, 5.0], [4.0]]), Undetermined)
    assert isinstance(ratio_interval([[4.0, 5.0], [4.0]], [[5.0]]), Undetermined)


def test_one_fork_speaks_of_its_iterations_only() -> None:
    assert known(mean_interval([[5.0, 6.0, 5.5]])).scope is Scope.ITERATIONS
    assert known(mean_interval([[5.0], [6.0]])).scope is Scope.FORKS
    assert known(ratio_interval([[5.0], [6.0]], [[5.0, 6.0]])).scope is Scope.ITERATIONS


def test_nothing_and_no_time_are_undetermined() -> None:
    assert isinstance(mean([]), Undetermined)
    assert isinstance(mean_interval([[], []]), Undetermined)
    assert isinstance(mean_interval([[1.0, 0.0], [1.0]]), Undetermined)


def test_what_never_varies_has_an_interval_of_no_width() -> None:
    found = known(mean_interval([[1250.0] * 5] * 3))
    assert found.low == pytest.approx(1250)
    assert found.high == pytest.approx(1250)


@given(st.lists(st.lists(st.floats(1, 1e12), min_size=1, max_size=6), min_size=2, max_size=6))
def test_an_interval_holds_its_estimate_and_stays_positive(times: list[list[float]]) -> None:
    found, estimate = known(mean_interval(times)), mean(times)
    assert isinstance(estimate, float)
    assert 0 < found.low <= estimate * (1 + 1e-9)
    assert estimate * (1 - 1e-9) <= found.high < math.inf
    turned = found.inverted()
    assert turned.low <= 1 / estimate * (1 + 1e-9)
    assert turned.scaled(10).high == pytest.approx(10 * turned.high)


@given(st.floats(1, 500), st.floats(0.5, 0.9999))
def test_students_t_is_scipys(freedom: float, probability: float) -> None:
    assert student.quantile(probability, freedom) == pytest.approx(
        scipy.stats.t.ppf(probability, freedom), rel=1e-7, abs=1e-6
    )


@given(st.floats(1, 500), st.floats(-50, 50))
def test_its_distribution_is_scipys(freedom: float, t: float) -> None:
    assert student.distribution(t, freedom) == pytest.approx(
        scipy.stats.t.cdf(t, freedom), rel=1e-8, abs=1e-12
    )

"""A slope is recovered with its interval, and nothing is claimed that the points do not say."""

from __future__ import annotations

import random

import numpy as np
import pytest
import scipy.stats

from litbench.stats import slope
from litbench.stats.slope import Slope
from litbench.stats.undetermined import Undetermined

SIZES = (1_000, 5_000, 10_000, 50_000, 100_000)


def known(found: Slope | Undetermined) -> Slope:
    assert isinstance(found, Slope)
    return found


def test_a_kibibyte_is_recovered_within_5_percent() -> None:
    source = random.Random(3)
    points = [
        (size, 300_000 + 1024 * size + source.gauss(0, 60_000)) for size in SIZES for _ in range(3)
    ]
    found = known(slope.fit(points))
    assert found.slope == pytest.approx(1024, rel=0.05)
    assert found.low <= 1024 <= found.high
    assert found.high - found.low < 0.1 * 1024
    assert (found.sizes, found.points) == (5, 15)


def test_the_line_is_scipys() -> None:
    points = [(s, 17.0 * s + 400 + (s % 7) * 900) for s in SIZES]
    found = known(slope.fit(points))
    oracle = scipy.stats.linregress(*zip(*points, strict=True))
    assert found.slope == pytest.approx(oracle.slope)
    assert found.intercept == pytest.approx(oracle.intercept)
    classical = scipy.stats.t.ppf(0.975, 3) * oracle.stderr
    assert (found.high - found.low) / 2 >= classical * (1 - 1e-9)


def test_an_exact_line_has_no_doubt() -> None:
    found = known(slope.fit([(size, 2616.0 * size) for size in SIZES]))
    assert found.low == pytest.approx(2616)
    assert found.high == pytest.approx(2616)
    assert found.misfit == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("relative", [False, True])
def test_95_percent_of_intervals_contain_the_slope(relative: bool) -> None:
    """Nearly so, too, where noise grows with size: a classical interval does in 65 of 100."""
    random_ = np.random.default_rng(4)
    runs, hits = 400, 0
    for _ in range(runs):
        scale = [0.02 * 1024 * s if relative else 50_000.0 for s in SIZES]
        points = [(s, 1024 * s + random_.normal(0, w)) for s, w in zip(SIZES, scale, strict=True)]
        found = known(slope.fit(points))
        hits += found.low <= 1024 <= found.high
    assert hits >= (0.9 if relative else 0.95) * runs


def test_noise_is_no_cost_and_no_proof_of_none() -> None:
    source = random.Random(6)
    found = known(slope.fit([(s, source.gauss(2_000_000, 400_000)) for s in SIZES]))
    assert not found.excludes_zero
    assert found.high > 0


def test_a_step_shows_as_misfit() -> None:
    """A table that doubles: the points are far from any line."""
    found = known(slope.fit([(s, 1e6 if s < 50_000 else 1.6e7) for s in SIZES]))
    assert found.misfit > 0.1


def test_four_sizes_are_too_few_however_many_points() -> None:
    points = [(size, 10.0 * size) for size in SIZES[:4] for _ in range(20)]
    assert slope.fit(points) == Undetermined("4 sizes: a slope needs at least 5")
    assert isinstance(slope.fit([]), Undetermined)


def test_repeating_a_size_does_not_make_the_interval_narrow() -> None:
    source = random.Random(8)
    points = [(size, 100 * size + source.gauss(0, 200_000)) for size in SIZES]
    once, often = known(slope.fit(points)), known(slope.fit(points * 50))
    assert often.high - often.low == pytest.approx(once.high - once.low)

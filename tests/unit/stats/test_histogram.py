"""The histogram against HdrHistogram itself, and its laws."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from litbench.record import Histogram
from litbench.stats import histogram as hdr
from litbench.stats.histogram import Recorder
from litbench.units import Unit

LONGEST = 100_000_000_000  # 100 s in ns
VALUES = st.integers(min_value=0, max_value=LONGEST)
SAMPLES = st.lists(VALUES, min_size=1, max_size=300)


def recorded(values: list[int]) -> hdr.Counts:
    recorder = Recorder()
    for value in values:
        recorder.record(value)
    return recorder.counts


def oracle(values: list[int]) -> HdrHistogram:
    histogram = HdrHistogram(1, LONGEST, 3)
    for value in values:
        histogram.record_value(value)
    return histogram


@given(VALUES)
def test_buckets_are_those_of_hdrhistogram(value: int) -> None:
    histogram = HdrHistogram(1, LONGEST, 3)
    assert hdr.lowest(value) == histogram.get_lowest_equivalent_value(value)
    assert hdr.highest(value) == histogram.get_highest_equivalent_value(value)


@given(SAMPLES, st.data())
def test_the_value_of_every_rank_is_that_of_hdrhistogram(
    values: list[int], data: st.DataObject
) -> None:
    rank = data.draw(st.integers(1, len(values)))
    (found,) = hdr.percentiles(recorded(values), [Fraction(rank, len(values))])
    # The Python port rounds the rank to the nearest; a quarter below it both choose the same.
    assert found == oracle(values).get_value_at_percentile(100 * (rank - 0.25) / len(values))


@given(SAMPLES)
def test_mean_and_extremes_are_those_of_hdrhistogram(values: list[int]) -> None:
    counts, histogram = recorded(values), oracle(values)
    assert hdr.mean(counts) == pytest.approx(histogram.get_mean_value(), rel=1e-12)
    assert hdr.most(counts) == histogram.get_max_value()
    assert hdr.least(counts) == hdr.lowest(min(values))


@given(SAMPLES, SAMPLES)
def test_merging_loses_nothing(a: list[int], b: list[int]) -> None:
    parts = [
        Histogram(name=name, unit=Unit.NS, counts=tuple(recorded(values)))
        for name, values in (("a", a), ("b", b))
    ]
    assert hdr.merge(parts).counts == recorded(a + b)
    assert hdr.merge(parts).counts == hdr.merge(parts[::-1]).counts


@given(SAMPLES)
def test_three_significant_digits(values: list[int]) -> None:
    for value, (bucket, _) in zip(sorted(set(values)), recorded(sorted(set(values))), strict=False):
        assert hdr.width(bucket) <= max(bucket / 1000, 1)
        assert hdr.lowest(value) <= value <= hdr.highest(value)
        assert hdr.highest(value) - hdr.lowest(value) <= value / 1000


def test_ranks_are_exact_where_floats_are_not() -> None:
    values = list(range(1, 1001))
    (found,) = hdr.percentiles(recorded(values), [Fraction(999, 1000)])
    assert found == 999
    assert math.ceil(99.9 / 100 * 1000) == 1000  # the trap: a float lands a bucket off


def test_percentiles_are_of_sorted_samples() -> None:
    source = random.Random(5)
    values = [int(source.lognormvariate(8, 2)) for _ in range(10_000)]
    ranks = (hdr.P50, hdr.P95, hdr.P99, hdr.P999)
    exact = [sorted(values)[int(p * 10_000) - 1] for p in ranks]
    assert list(hdr.percentiles(recorded(values), ranks)) == [hdr.highest(v) for v in exact]


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot count"):
        Recorder().record(-1)
    with pytest.raises(ValueError, match="empty"):
        hdr.percentiles((), [hdr.P50])
    with pytest.raises(ValueError, match="empty"):
        hdr.mean(())
    two = [Histogram(name="x", unit=unit, counts=((1, 1),)) for unit in (Unit.NS, Unit.CYCLES)]
    with pytest.raises(ValueError, match="cannot merge"):
        hdr.merge(two)

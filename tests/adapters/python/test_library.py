"""Properties of the library's histogram, fold and clock."""

from __future__ import annotations

import math
import time

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from litbench_adapter import Fold, Histogram, now
from litbench_adapter.clock import calibrate
from litbench_adapter.histogram import bucket
from litbench_adapter.memory import Tracer, rss

WORDS = st.integers(0, 2**64 - 1)
LATENCIES = st.lists(st.integers(0, 100 * 10**9), max_size=200)


@given(WORDS)
def test_a_bucket_keeps_three_significant_digits(value: int) -> None:
    lowest = bucket(value)
    assert lowest <= value
    assert value - lowest <= value / 1024
    assert bucket(lowest) == lowest


@given(WORDS, WORDS)
def test_buckets_keep_the_order(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert bucket(low) <= bucket(high)


@given(LATENCIES)
def test_hdrhistogram_has_the_same_buckets(values: list[int]) -> None:
    theirs = HdrHistogram(1, 100 * 10**9, 3)
    ours = Histogram()
    for value in values:
        theirs.record_value(value)
    ours.record_all(values)
    counted = [
        (item.value_iterated_to, item.count_added_in_this_iter_step)
        for item in theirs.get_recorded_iterator()
    ]
    assert [(theirs.get_highest_equivalent_value(v), n) for v, n in ours.pairs()] == counted


@given(LATENCIES, LATENCIES)
def test_merging_is_recording_both(one: list[int], other: list[int]) -> None:
    merged, second, whole = Histogram(), Histogram(), Histogram()
    merged.record_all(one)
    second.record_all(other)
    merged.merge(second)
    whole.record_all(one + other)
    assert merged.pairs() == whole.pairs()
    assert merged.count == len(one) + len(other)


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="backwards"):
        Histogram().record(-1)


@given(st.lists(WORDS))
def test_the_fold_is_a_polynomial(values: list[int]) -> None:
    fold = Fold()
    for value in values:
        fold.add(value)
    powers = range(len(values) - 1, -1, -1)
    order = sum((v + 1) * pow(31, p, 2**64) for v, p in zip(values, powers, strict=True))
    assert fold.order == order % 2**64
    assert fold.sum == (sum(values) + len(values)) % 2**64


@given(st.lists(st.integers(0, 10**6), min_size=2, unique=True), st.data())
def test_swapping_neighbours_changes_the_order_alone(
    values: list[int], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(values) - 2))
    swapped = [*values[:at], values[at + 1], values[at], *values[at + 2 :]]
    folds = []
    for each in (values, swapped):
        fold = Fold()
        for value in each:
            fold.add(value)
        folds.append(fold)
    assert folds[0].sum == folds[1].sum
    assert folds[0].order != folds[1].order


def test_the_clock_is_monotonic_and_calibrated() -> None:
    said = calibrate()
    assert said["unit"] == "ns"
    assert 0 < float(said["cost"]) < 100_000
    assert float(said["resolution"]) >= 1
    before = now()
    time.sleep(0.01)
    assert now() - before >= 10_000_000


def test_the_resident_set_grows_with_what_is_touched() -> None:
    before = rss()
    block = bytearray(b"x") * (64 << 20)
    after = rss()
    if before is None or after is None:
        pytest.skip("there is no /proc here")
    assert math.isclose(after - before, len(block), rel_tol=0.1)


def test_traced_bytes_are_those_of_live_objects() -> None:
    with Tracer() as live:
        before = live()
        kept = bytearray(10 << 20)
        full = live()
        del kept
        after = live()
    assert math.isclose(full - before, 10 << 20, rel_tol=0.01)
    assert after - before < 10_000

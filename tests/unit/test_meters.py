"""Meters: their statistics against numpy's, merging, threads."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import litbench
from litbench.meters import LatencyMeter, ThroughputMeter

DURATIONS = st.lists(st.integers(0, 10**11), min_size=1, max_size=300)
BATCHES = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(1, 10**10)), min_size=1, max_size=100
)


def latencies(durations: list[int]) -> LatencyMeter:
    meter = LatencyMeter()
    for duration in durations:
        meter.record_ns(duration)
    return meter


def throughputs(batches: list[tuple[int, int]]) -> ThroughputMeter:
    meter = ThroughputMeter()
    for messages, duration in batches:
        meter.record_ns(messages, duration)
    return meter


@given(DURATIONS)
def test_latencies_agree_with_numpy(durations: list[int]) -> None:
    stats = latencies(durations).stats()
    assert (stats.count, stats.max) == (len(durations), max(durations))
    assert stats.mean == pytest.approx(np.mean(durations))
    for percent, value in ((50, stats.p50), (95, stats.p95), (99, stats.p99)):
        true = np.percentile(durations, percent, method="inverted_cdf")
        assert true <= value <= true * 1.001
    assert stats.p50 <= stats.p95 <= stats.p99 <= stats.max


@given(BATCHES)
def test_rates_agree_with_numpy(batches: list[tuple[int, int]]) -> None:
    stats = throughputs(batches).stats()
    messages, elapsed = map(sum, zip(*batches, strict=True))
    assert (stats.batches, stats.messages, stats.elapsed_ns) == (len(batches), messages, elapsed)
    assert stats.mean == pytest.approx(messages / elapsed * 1e9)
    rates = [m / d * 1e9 for m, d in batches]
    assert stats.max == max(rates)
    for percent, value in ((50, stats.p50), (95, stats.p95), (99, stats.p99)):
        assert value == np.percentile(rates, percent, method="inverted_cdf")


@given(DURATIONS, DURATIONS)
def test_merging_is_recording_both(one: list[int], other: list[int]) -> None:
    meter = latencies(one)
    meter.merge(latencies(other))
    assert meter.stats() == latencies(one + other).stats()
    assert meter.histogram() == latencies(one + other).histogram()


@given(BATCHES, BATCHES)
def test_merging_rates_is_recording_both(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    meter = throughputs(one)
    meter.merge(throughputs(other))
    assert meter.stats() == throughputs(one + other).stats()


def test_a_merged_meter_is_a_snapshot() -> None:
    whole, part = latencies([1]), latencies([2])
    whole.merge(part)
    part.record_ns(3)
    assert whole.stats().count == 2
    assert part.stats().count == 2


@pytest.mark.parametrize("make", [LatencyMeter, ThroughputMeter])
def test_nothing_recorded_has_no_statistics(make: Callable[[], LatencyMeter]) -> None:
    meter = make()
    meter.merge(make())
    with pytest.raises(ValueError, match="nothing was recorded"):
        meter.stats()
    with pytest.raises(ValueError, match="itself"):
        meter.merge(meter)


def test_seconds_are_kept_as_ns() -> None:
    meter = litbench.LatencyMeter()
    meter.record(0.25)
    assert meter.stats().max == 250_000_000
    rate = litbench.ThroughputMeter()
    rate.record(500, 0.25)
    assert rate.stats().mean == 2000


def test_impossible_values_are_refused_and_leave_no_trace() -> None:
    meter = latencies([5])
    with pytest.raises(ValueError, match="-1"):
        meter.record_ns(-1)
    assert meter.stats().count == 1
    rate = ThroughputMeter()
    for messages, duration in ((-1, 5), (1, 0), (1, -5)):
        with pytest.raises(ValueError, match="no rate"):
            rate.record_ns(messages, duration)


def test_timing_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100, 1100, 2000, 2050, 3000, 5000])
    monkeypatch.setattr("litbench.meters.time.perf_counter_ns", lambda: next(clock))
    outer, inner, rate = LatencyMeter(), LatencyMeter(), ThroughputMeter()
    with outer.time():
        pass
    with inner.time():
        pass
    with rate.time(4):
        pass
    assert outer.stats().max == 1000
    assert inner.stats().max == 50
    assert rate.stats().mean == 4 / 2000 * 1e9


def test_a_block_that_raises_is_not_counted() -> None:
    meter = LatencyMeter()
    with pytest.raises(KeyError), meter.time():
        raise KeyError
    meter.record_ns(1)
    assert meter.stats().count == 1


def test_threads_share_a_meter_and_merge_each_others() -> None:
    shared, mine = LatencyMeter(), [LatencyMeter() for _ in range(4)]

    def work(number: int) -> None:
        for duration in range(2000):
            shared.record_ns(duration)
            mine[number].record_ns(duration)
        shared.merge(mine[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = shared.stats()
    assert stats.count == 16_000
    assert stats.mean == 999.5


def test_meters_that_merge_each_other_do_not_wait_for_ever() -> None:
    one, other = latencies([1]), latencies([2])

    def merge(into: LatencyMeter, what: LatencyMeter) -> None:
        for _ in range(200):
            into.merge(what)

    threads = [
        threading.Thread(target=merge, args=pair, daemon=True)
        for pair in ((one, other), (other, one))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()
    assert one.stats().count > 200

"""Runs to summaries: what is pooled, what is left out, and what cannot be said."""

from __future__ import annotations

import random

import msgspec
import pytest

from litbench.record import Clock, Iteration, Ledger, Measure, Metric, Note, Record
from litbench.stats import memory, ranking, summary
from litbench.stats.interval import Interval, Scope
from litbench.stats.memory import Reading
from litbench.stats.ranking import Standing
from litbench.stats.slope import Slope
from litbench.stats.steady import State
from litbench.stats.summary import Throughput
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit
from tests.records import latencies, memory_run, run, times

BAD = Note(code="ledger", message="one message is missing")


def rate(records: list[Record]) -> Throughput:
    found = summary.throughput(records)
    assert isinstance(found, Throughput)
    return found


def forks(mean: float, count: int = 5, target: str = "tokio-mt", **more: int) -> list[Record]:
    source = random.Random(mean)
    return [
        run(target, elapsed=times(source, mean), fork=f, turn=f, **more)  # type: ignore[arg-type]
        for f in range(count)
    ]


def test_a_rate_is_the_works_over_the_mean_time() -> None:
    found = rate([run(elapsed=[10_000_000] * 5, fork=f) for f in range(3)])
    assert found.rate == pytest.approx(80_000 / 0.01)  # 40,000 round trips are 80,000 messages
    assert (found.work, found.work_unit, found.per) == (80_000, Unit.MESSAGES, Unit.NS)
    assert isinstance(found.interval, Interval)
    assert found.interval.contains(found.rate) or found.interval.low == pytest.approx(found.rate)


def test_work_is_what_the_catalogue_says_it_is() -> None:
    spawn = rate([run(workload="mass-spawn", elapsed=[10**9] * 2)])
    assert spawn.rate == pytest.approx(100_000)
    tree = rate([run(workload="skynet", parameters={"levels": 2}, elapsed=[10**9] * 2)])
    assert tree.rate == pytest.approx(111)
    assert spawn.work_unit is tree.work_unit is Unit.ACTORS


def test_an_unknown_workload_counts_what_its_ledger_handled() -> None:
    record = run(elapsed=[10**9] * 3)
    own = msgspec.structs.replace(record.workload, name="my-own", parameters={"rounds": 7})
    newer = msgspec.structs.replace(record.workload, version=99)
    for workload in (own, newer):
        found = rate([msgspec.structs.replace(record, workload=workload)])
        assert found.rate == pytest.approx(80_000)


@pytest.mark.parametrize("unit", [Unit.INSTRUCTIONS, Unit.CYCLES])
def test_another_clocks_rate_is_per_million_of_its_unit(unit: Unit) -> None:
    clock = Clock(name="qemu-icount", unit=unit)
    found = rate([run(elapsed=[160_000_000] * 3, clock=clock)])
    assert found.rate == pytest.approx(500)
    assert found.per is unit


def test_clocks_are_never_pooled() -> None:
    icount = Clock(name="icount", unit=Unit.INSTRUCTIONS)
    dwt, other = (Clock(name=name, unit=Unit.CYCLES) for name in ("dwt", "mcycle"))
    groups = summary.group(
        [
            run(elapsed=[9], clock=c, turn=i)
            for i, c in enumerate((None, icount, dwt, other, Clock(name="CLOCK_MONOTONIC_RAW")))
        ]
    )
    assert [len(group.records) for group in groups] == [2, 1, 1, 1]  # wall clocks do pool


def test_builds_parameters_and_threads_are_kept_apart() -> None:
    a = run(elapsed=[9])
    newer = msgspec.structs.replace(a, subject=msgspec.structs.replace(a.subject, digest="other"))
    groups = summary.group(
        [a, newer, run(elapsed=[9], threads=4), run(elapsed=[9], parameters={"rounds": 5})]
    )
    assert len(groups) == 4


def test_invalid_runs_are_kept_and_give_no_number() -> None:
    good, bad = run(elapsed=[10**7] * 3), run(elapsed=[10] * 3, reasons=[BAD], turn=1)
    (group,) = summary.group([good, bad])
    assert (len(group.records), group.invalid) == (2, (bad,))
    assert rate(list(group.valid(Measure.THROUGHPUT))).rate == pytest.approx(8_000_000)
    assert summary.throughput([]) == Undetermined("no valid throughput run")


def test_a_run_that_died_before_it_said_how_it_runs_joins_its_group() -> None:
    good = run(elapsed=[10**7])
    dead = msgspec.structs.replace(
        run(reasons=[BAD], turn=1), specification=None, clock=None, expected=None
    )
    (group,) = summary.group([dead, good])
    assert group.invalid == (dead,)
    assert group.key.threads == 2
    alone = summary.group([dead])
    assert alone[0].key.threads is None


@pytest.mark.parametrize("expected", [True, False])
def test_no_rate_without_a_proven_ledger(expected: bool) -> None:
    record = run(elapsed=[10**7] * 3)
    lost = msgspec.structs.replace(record.iterations[1], ledger=Ledger(sent=80_000, handled=79_999))
    record = msgspec.structs.replace(
        record,
        iterations=(record.iterations[0], lost),
        expected=record.expected if expected else None,
    )
    found = summary.throughput([record])
    assert isinstance(found, Undetermined)
    assert "ledger" in found.reason


def test_a_clock_that_stood_still_gives_no_rate() -> None:
    still = Iteration(start=5, end=5, ledger=Ledger(sent=80_000, handled=80_000))
    record = msgspec.structs.replace(run(elapsed=[9]), iterations=(still, still), expected=None)
    assert isinstance(summary.throughput([record]), Undetermined)


def test_warm_up_is_not_in_the_rate() -> None:
    warm = [run(elapsed=[40_000_000] * 4 + [10_000_000] * 16, fork=f) for f in range(3)]
    found = rate(warm)
    assert {s.state for s in found.states} == {State.WARMUP}
    assert {s.start for s in found.states} == {4}
    assert found.rate == pytest.approx(8_000_000)
    assert summary.count_states(found.states) == {State.WARMUP: 3}


def test_one_fork_is_flagged_and_one_iteration_has_no_interval() -> None:
    one = rate([run(elapsed=[10, 12, 11])]).interval
    assert isinstance(one, Interval)
    assert one.scope is Scope.ITERATIONS
    single = rate([run(elapsed=[10])]).interval
    assert isinstance(single, Undetermined)


def test_latency_merges_forks_and_names_its_own_histogram_first() -> None:
    source = random.Random(1)
    records = [
        run(
            measure=Measure.LATENCY,
            elapsed=[9],
            histograms=[latencies(source, n, 900, 500) for n in ("a-first", "round-trip")],
        )
        for _ in range(3)
    ]
    found = summary.latencies(records)
    assert isinstance(found, tuple)
    assert [one.name for one in found] == ["round-trip", "a-first"]
    own = found[0]
    assert own.count == 1500
    assert own.p50 <= own.p95 <= own.p99 <= own.p999 <= own.max
    assert own.p50 == pytest.approx(900, rel=0.03)


def test_a_latency_near_the_clocks_cost_is_flagged() -> None:
    source = random.Random(1)
    near, far = (
        summary.latencies(
            [run(measure=Measure.LATENCY, histograms=[latencies(source, "round-trip", median, 99)])]
        )
        for median in (200, 2_000)
    )
    assert isinstance(near, tuple)
    assert isinstance(far, tuple)
    assert (near[0].near_clock, far[0].near_clock) == (23.5, None)


def test_no_latency_is_undetermined() -> None:
    assert isinstance(summary.latencies([]), Undetermined)
    empty = run(measure=Measure.LATENCY, elapsed=[9])
    assert summary.latencies([empty]) == Undetermined("no latency was recorded")


SIZES = (1_000, 5_000, 20_000, 50_000, 100_000)


def test_memory_is_a_slope_and_readings_stay_apart() -> None:
    source = random.Random(2)
    live, rss = memory.memory([memory_run(source, "smol", "mass-spawn", s, 1024) for s in SIZES])
    assert (live.reading, rss.reading) == (Reading.LIVE, Reading.RSS)
    assert live.counted == "actors"
    assert isinstance(live.slope, Slope)
    assert isinstance(rss.slope, Slope)
    assert live.slope.slope == pytest.approx(1024, rel=0.001)
    assert rss.slope.slope == pytest.approx(1024 * 1.12, rel=0.05)
    assert live.points[0].left == 128


def test_memory_of_messages_and_too_few_sizes() -> None:
    source = random.Random(2)
    found = memory.memory([memory_run(source, "smol", "mailbox-fill", s, 40) for s in SIZES[:3]])
    assert found[0].counted == "messages"
    assert found[0].slope == Undetermined("3 sizes: a slope needs at least 5")


def test_a_reading_without_both_ends_is_no_point() -> None:
    metrics = [Metric(name="live-loaded", unit=Unit.BYTES, values=(5,))]
    assert memory.memory([run(workload="mass-spawn", metrics=metrics)]) == ()


def test_the_best_is_marked_and_what_cannot_be_told_from_it() -> None:
    fast, same, slow = (rate(forks(mean)) for mean in (10e6, 10.05e6, 14e6))
    found = ranking.standings([slow, fast, None, same])
    assert found[0] is Standing.BEHIND
    assert found[2] is Standing.UNRANKED
    assert {found[1], found[3]} == {Standing.BEST, Standing.TIED}
    assert ranking.standings([fast]) == (Standing.UNRANKED,)
    assert ranking.standings([fast, Undetermined("x")]) == (Standing.UNRANKED,) * 2


def test_without_intervals_nothing_is_ranked() -> None:
    a, b = rate([run(elapsed=[10])]), rate([run(elapsed=[20])])
    assert ranking.standings([a, b]) == (Standing.UNRANKED, Standing.UNRANKED)


def test_specifications_that_differ_are_told() -> None:
    usual = run(threads=1).specification
    other = run(threads=2, driver="block_on", batch=8).specification
    none, told, missing, _ = ranking.differences([usual, other, None, usual])
    assert (none, missing) == ((), ())
    assert told == (
        "batch 8, where most have 1",
        "threads 2, where most have 1",
        "driver block_on, where most have worker",
    )
    assert ranking.differences([None]) == ((),)


def test_without_a_majority_nobody_is_called_the_usual() -> None:
    one, other = run(threads=1).specification, run(threads=2).specification
    assert ranking.differences([one, other]) == (
        ("threads 1, where others have 2",),
        ("threads 2, where others have 1",),
    )
    assert ranking.differences([other, one])[0] == ("threads 2, where others have 1",)

"""Records to a report: which tables there are, what stands in them, and what is said about it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest

from litbench.record import Clock, Kind, Measure, Metric, Note, Record
from litbench.report import html, markdown, text
from litbench.report.model import Report, build
from litbench.report.notes import Notes, letter
from litbench.report.parts import Ranking, Row
from litbench.stats.ranking import Standing
from litbench.stats.slope import Slope
from litbench.stats.summary import Latency, Throughput
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit
from tests.records import latencies, memory_run, run, session, times

BAD = Note(code="hang", message="no line for 10 s")
SCALED = Note(code="scaled-down", message="levels 3, not 6")


def forks(target: str, mean: float, count: int = 4, **more: object) -> list[Record]:
    source = random.Random(f"{target}{mean}")
    return [
        run(target, elapsed=times(source, mean), fork=f, turn=f, **more)  # type: ignore[arg-type]
        for f in range(count)
    ]


def ranking(report: Report, workload: str) -> Ranking:
    return next(found for found in report.rankings if found.workload == workload)


def row(found: Ranking, target: str) -> Row:
    return next(row for row in found.rows if row.target == target)


def notes(found: Ranking, one: Row) -> list[str]:
    return [found.notes[index] for index in one.notes]


@pytest.fixture(scope="module")
def report() -> Report:
    return build(session())


def test_one_ranking_a_workload_in_the_catalogues_order(report: Report) -> None:
    names = [found.workload for found in report.rankings]
    assert names == ["ping-pong", "counting", "skynet", "isolated-latency"]
    assert [found.workload for found in report.memory] == ["mass-spawn", "mailbox-fill"]
    assert all(len(found.rows) == 10 for found in report.rankings)


def test_rows_are_ordered_by_throughput_and_invalid_ones_come_last(report: Report) -> None:
    found = ranking(report, "counting")
    rates = [r.throughput.rate for r in found.rows if isinstance(r.throughput, Throughput)]
    assert rates == sorted(rates, reverse=True)
    last = found.rows[-1]
    assert (last.target, last.valid, last.invalid) == ("trio", 0, 10)
    assert isinstance(last.throughput, Undetermined)
    assert last.reasons[0].code == "ledger"
    assert notes(found, last)[0].startswith("invalid: 10 of 10 runs: 1,000,000 messages sent")


def test_throughput_and_latency_of_a_configuration_share_a_row(report: Report) -> None:
    for one in ranking(report, "ping-pong").rows:
        assert isinstance(one.throughput, Throughput)
        assert isinstance(one.latency, Latency)
        assert len(one.runs) == one.valid == 10


def test_a_latency_run_gives_no_rate(report: Report) -> None:
    assert all(one.throughput is None for one in ranking(report, "isolated-latency").rows)


def test_what_was_scaled_down_is_shown_in_its_table_and_not_ranked(report: Report) -> None:
    found = ranking(report, "skynet")
    threads = row(found, "threads")
    assert threads.standing is Standing.UNRANKED
    assert "not ranked: ran with levels=3" in notes(found, threads)
    assert "levels 3, not 6: every actor is a thread" in notes(found, threads)
    assert found.parameters["levels"] == 6


def test_a_table_of_nothing_but_scaled_down_runs_exists() -> None:
    records = [
        run("threads", "skynet", parameters={"levels": 3}, elapsed=[9, 8], cautions=[SCALED])
    ]
    (found,) = build(records).rankings
    assert found.parameters["levels"] == 3


def test_differences_of_specification_are_told_beside_the_row(report: Report) -> None:
    found = ranking(report, "counting")
    assert "mailbox 0, where most have 16" in notes(found, row(found, "embassy-std"))
    assert "threads 2, where most have 1" in notes(found, row(found, "tokio-mt"))


def test_warm_up_and_the_clocks_cost_are_told(report: Report) -> None:
    found = ranking(report, "ping-pong")
    assert any("5 of 5 forks warmed up" in n for n in notes(found, row(found, "asyncio")))
    assert any("cost of reading the clock" in n for n in notes(found, row(found, "futures-lite")))


def test_instructions_are_never_ranked_beside_nanoseconds() -> None:
    icount = Clock(name="icount", unit=Unit.INSTRUCTIONS)
    records = forks("tokio-mt", 1e7) + forks("embassy", 1e7, clock=icount, kind=Kind.BOARD)
    found = build(records).rankings
    assert [(r.per, len(r.rows)) for r in found] == [(Unit.NS, 1), (Unit.INSTRUCTIONS, 1)]


def test_other_parameters_are_another_table() -> None:
    records = forks("smol", 1e7) + forks("smol", 2e7, parameters={"rounds": 80_000})
    assert [r.parameters["rounds"] for r in build(records).rankings] == [40_000, 80_000]


def test_tables_of_one_workload_have_titles_that_tell_them_apart() -> None:
    icount = Clock(name="icount", unit=Unit.INSTRUCTIONS)
    records = [*forks("smol", 1e7), *forks("smol", 2e7, parameters={"rounds": 80_000})]
    titles = [r.title for r in build(records).rankings]
    assert titles == ["ping-pong, rounds 40000", "ping-pong, rounds 80000"]
    (one,) = build(forks("embassy", 1e7, clock=icount)).rankings
    assert one.title == "ping-pong, instructions of icount"


def test_one_fork_and_one_iteration_are_told() -> None:
    source = random.Random(1)
    records = [
        run("smol", elapsed=times(source, 1e7)),
        run("trio", elapsed=[10_000_000]),
        *forks("asyncio", 1.1e7, 3),
    ]
    (found,) = build(records).rankings
    assert any("one fork" in note for note in notes(found, row(found, "smol")))
    assert any("interval undetermined" in note for note in notes(found, row(found, "trio")))
    assert any("too few iterations" in note for note in notes(found, row(found, "trio")))


@pytest.mark.parametrize("both", [False, True])
def test_too_few_iterations_of_the_latency_alone_are_told_as_its_own(both: bool) -> None:
    source = random.Random(2)
    timed = [run("trio", elapsed=[10_000_000])] if both else forks("trio", 1e7)
    latency = run(
        "trio",
        measure=Measure.LATENCY,
        elapsed=[10_000_000],
        histograms=[latencies(source, "round-trip", 5_000, 200)],
        turn=9,
    )
    (found,) = build([*timed, latency]).rankings
    short = [n for n in notes(found, row(found, "trio")) if "too few iterations" in n]
    ours = "too few iterations to tell whether it was in a steady state"
    assert short == [ours if both else f"latency: {ours}"]


def test_two_cautions_of_one_code_are_both_told() -> None:
    departs = [Note(code="departs", message=text) for text in ("small messages", "one thread")]
    (found,) = build(forks("smol", 1e7, cautions=departs)).rankings
    assert {"small messages", "one thread"} <= set(notes(found, row(found, "smol")))


def test_some_invalid_runs_leave_the_others_numbers() -> None:
    records = [*forks("smol", 1e7), run("smol", reasons=[BAD], fork=9, turn=9)]
    (found,) = build(records).rankings
    (one,) = found.rows
    assert isinstance(one.throughput, Throughput)
    assert notes(found, one)[0] == "invalid: 1 of 5 runs: no line for 10 s"


def test_two_builds_of_one_target_are_told_apart() -> None:
    old = forks("smol", 1e7)
    subject = msgspec.structs.replace(old[0].subject, digest="feedface00000000")
    new = [msgspec.structs.replace(record, subject=subject) for record in forks("smol", 2e7)]
    (found,) = build(old + new).rankings
    labels = {one.label for one in found.rows}
    assert len(labels) == 2
    assert "smol, feedface" in labels


def test_machines_that_differ_are_warned_of() -> None:
    a, b = forks("smol", 1e7, 2)
    other = msgspec.structs.replace(a.environment, facts={**a.environment.facts, "cpus": 64})
    report = build([a, msgspec.structs.replace(b, environment=other)])
    assert any("cpus differ" in warning for warning in report.warnings)
    assert build([a, b]).warnings == ()


def test_memory_rows_keep_readings_apart_and_start_with_the_smallest(report: Report) -> None:
    rows = report.memory[0].rows
    assert [str(one.memory.reading) for one in rows[:4]] == ["live", "rss", "live", "rss"]
    assert rows[0].target == "embassy-std"


def test_memory_that_cannot_be_told_is_told() -> None:
    source = random.Random(1)
    few = [memory_run(source, "smol", "mass-spawn", s, 300, turn=s) for s in (1000, 2000)]
    bad = run("trio", "mass-spawn", Measure.MEMORY, reasons=[BAD])
    blind = run("uvloop", "mass-spawn", Measure.MEMORY, elapsed=[9])
    (found,) = build([*few, bad, blind]).memory
    told = " | ".join(found.notes)
    assert "bytes each undetermined: 2 sizes" in told
    assert "trio: all 1 runs are invalid: no line for 10 s" in told
    assert "uvloop: its runs read no memory" in told


def test_no_cost_is_claimed_where_the_interval_contains_zero() -> None:
    source = random.Random(4)
    records = [
        run(
            "smol",
            "mass-spawn",
            Measure.MEMORY,
            parameters={"actors": size},
            metrics=[
                Metric(name="rss-before", unit=Unit.BYTES, values=(0,)),
                Metric(name="rss-loaded", unit=Unit.BYTES, values=(source.randint(0, 90_000),)),
            ],
        )
        for size in (1000, 2000, 3000, 4000, 5000)
    ]
    (found,) = build(records).memory
    assert any("contains 0" in note for note in found.notes)


def reading(
    before: Sequence[int], loaded: Sequence[int], after: Sequence[int] = ()
) -> list[Metric]:
    named = {"live-before": before, "live-loaded": loaded, "live-after": after}
    return [Metric(name=n, unit=Unit.BYTES, values=tuple(v)) for n, v in named.items() if v]


def test_what_has_one_size_shows_what_it_used_and_what_it_left() -> None:
    metrics = reading([1_000], [6_000_000], [3_048])
    report = build([run("smol", "churn", Measure.MEMORY, elapsed=[9], metrics=metrics)])
    (row,) = report.memory[0].rows
    assert row.memory.slope is None
    for shown in (text.render(report), markdown.render(report), html.render(report)):
        for word in ("5.72 MiB", "left", "2.00 KiB"):
            assert word in shown
        assert "bytes each" not in shown


@pytest.mark.parametrize("leak", [0, 512])
def test_a_soak_is_a_slope_over_its_iterations(leak: int) -> None:
    """The first quarter grows, as caches do; after it, only what leaks does."""
    source = random.Random(9)
    at = [20_000 + 5_000 * min(i, 40) + leak * i + source.randint(0, 64) for i in range(400)]
    metrics = reading(at[:-1], at[1:])
    (found,) = build([run("smol", "soak", Measure.MEMORY, metrics=metrics)]).memory
    (row,) = found.rows
    assert row.memory.counted == "iterations"
    assert isinstance(row.memory.slope, Slope)
    assert row.memory.slope.low <= leak <= row.memory.slope.high
    assert row.memory.slope.excludes_zero == bool(leak)
    assert len(row.memory.points) <= 20


def test_too_short_a_soak_has_no_slope() -> None:
    metrics = reading([1, 2, 3], [2, 3, 4])
    (found,) = build([run("smol", "soak", Measure.MEMORY, metrics=metrics)]).memory
    assert any("needs at least 5 iterations" in note for note in found.notes)


def test_crashes_are_counted_as_crashes() -> None:
    source = random.Random(4)
    sizes = (500, 1_000, 2_000, 5_000, 10_000)
    runs = [memory_run(source, "smol", "supervision", size, 0.0, turn=size) for size in sizes]
    for shown in (render(build(runs)) for render in (text.render, markdown.render, html.render)):
        assert "crashes" in shown
        assert "10,000 actors" not in shown


def test_the_order_of_records_does_not_matter(report: Report) -> None:
    shuffled = session()
    random.Random(3).shuffle(shuffled)
    assert build(shuffled) == report


def test_no_records_make_a_report_that_says_so() -> None:
    report = build([])
    assert len(report.rankings) + len(report.memory) + len(report.runs) == 0
    assert report.warnings == ("There are no runs: nothing was measured.",)


def test_runs_of_other_kinds_are_listed_with_what_they_found() -> None:
    metric = Metric(name="flash", unit=Unit.BYTES, values=(40_960,))
    record = msgspec.structs.replace(
        run(metrics=[metric]), kind=Kind.FOOTPRINT, measure=None, specification=None
    )
    report = build([record])
    assert report.rankings == ()
    (one,) = report.runs
    assert one.measure == "footprint"
    assert ("flash", "40.0 KiB") in next(s for s in one.sections if s.title == "Metrics").items


def test_every_run_is_there_with_its_ledger(report: Report) -> None:
    assert len(report.runs) == report.valid + report.invalid == 450
    ledger = next(s for s in report.runs[0].sections if s.title == "Ledger")
    assert ledger.items[0] == ("expected", "sent 80,000, handled 80,000, sum = 7")
    assert ledger.items[1][0] == "all 20 iterations"


def test_a_note_is_written_once_and_letters_do_not_run_out() -> None:
    kept = Notes()
    assert kept.add(["x", "y", "x"]) == (0, 1)
    assert kept.add(["y", "z"]) == (1, 2)
    assert kept.texts == ("x", "y", "z")
    assert [letter(i) for i in (0, 25, 26, 27, 52)] == ["a", "z", "aa", "ab", "ba"]


def test_extra_histograms_come_after_the_workloads_own() -> None:
    source = random.Random(9)
    histograms = [latencies(source, name, 5_000, 200) for name in ("naive", "round-trip")]
    (found,) = build([run(measure=Measure.LATENCY, histograms=histograms)]).rankings
    measured = found.rows[0].latencies
    assert isinstance(measured, tuple)
    assert [one.name for one in measured] == ["round-trip", "naive"]


def test_a_ratio_to_the_best_has_the_interval_of_the_ratio() -> None:
    report = build([*forks("tokio-ct", 1e7), *forks("smol", 2e7)])
    best, half = report.rankings[0].rows
    assert (best.part, best.part_interval) == (1, None)
    assert half.part_interval is not None
    assert half.part == pytest.approx(0.5, rel=0.05)
    assert half.part_interval.contains(0.5)
    assert half.part_interval.high < 0.6


def test_a_driver_that_could_not_keep_its_schedule_is_told() -> None:
    def loaded(late_ns: int) -> str:
        source = random.Random(2)
        found = [latencies(source, "corrected", 9_000, 500), latencies(source, "naive", 5_000, 500)]
        found.append(latencies(source, "pacing", late_ns, 500))
        record = run(
            "smol", "loaded-latency", Measure.LATENCY, histograms=found, elapsed=[3 * 10**8]
        )
        return " ".join(text.render(build([record])).split())

    assert "the driver sent late (p99" in loaded(20_000)
    assert "the driver sent late" not in loaded(100)

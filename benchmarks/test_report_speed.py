"""How long a report takes, as ratios in one run: pytest benchmarks/test_report_speed.py -s"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from tests.records import TARGETS, latencies, run, times

from litbench.record import Measure, Record, decode, encode
from litbench.report import html, text
from litbench.report.model import build
from litbench.stats.histogram import Recorder
from litbench.stats.interval import mean_interval

WORKLOADS = ("ping-pong", "counting", "fan-in", "fan-out", "thread-ring")


def records(count: int) -> list[Record]:
    """Runs of ten targets and five workloads, each with iterations and ten histograms."""
    source = random.Random(1)
    histograms = [latencies(source, f"h{i}", 1000 * 2**i, 3000) for i in range(10)]
    return [
        run(
            list(TARGETS)[turn % 10],
            WORKLOADS[turn // 10 % 5],
            Measure.LATENCY if turn // 50 % 2 else Measure.THROUGHPUT,
            turn=turn,
            fork=turn // 100,
            elapsed=times(source, 1e7),
            histograms=histograms,
        )
        for turn in range(count)
    ]


def seconds(work: Callable[[], object]) -> float:
    """The shortest of three."""
    durations = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        durations.append(time.perf_counter() - start)
    return min(durations)


def test_a_report_costs_as_much_as_its_records() -> None:
    """500 runs, 10 histograms each: the page takes at most 60 times what decoding them takes."""
    many, few = records(500), records(100)
    encoded = [encode(record) for record in many]
    reading = seconds(lambda: [decode(line) for line in encoded])
    page = seconds(lambda: html.render(build(many)))
    smaller = seconds(lambda: html.render(build(few)))
    print(f"\n500 runs: decoding {reading:.2f} s, page {page:.2f} s; 100 runs: {smaller:.2f} s")
    assert page <= 60 * reading
    assert page <= 8 * smaller  # five times the runs: no worse than linear with room for noise


def test_the_terminal_costs_less_than_the_statistics() -> None:
    many = records(500)
    report = build(many)
    statistics = seconds(lambda: build(many))
    terminal = seconds(lambda: text.render(report))
    print(f"\nstatistics {statistics:.2f} s, terminal {terminal:.2f} s")
    assert terminal <= statistics


def test_an_interval_costs_less_than_its_runs() -> None:
    """10 forks of 50 iterations of 10 ms, 5 s of measuring, against its interval."""
    source = random.Random(2)
    forks = [times(source, 1e7, 50) for _ in range(10)]
    interval = seconds(lambda: mean_interval(forks))
    print(f"\ninterval {1e3 * interval:.1f} ms")
    assert interval <= 0.01 * sum(map(sum, forks)) / 1e9


def test_recording_a_sample_in_python() -> None:
    """At most 40 times what a call of ``abs`` takes: a meter in a user's own tests."""
    values = [random.Random(3).randrange(10**6) for _ in range(100_000)]

    def loop() -> None:
        for value in values:
            abs(value)

    def recording() -> None:
        record = Recorder().record
        for value in values:
            record(value)

    bare, recorded = seconds(loop), seconds(recording)
    print(f"\nrecording one sample: {(recorded - bare) / len(values) * 1e9:.0f} ns")
    assert recorded <= 40 * bare

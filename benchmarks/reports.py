"""What statistics and reports cost, beside the work that they are about."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
from tests.records import TARGETS, latencies, times
from tests.records import run as record_of

from benchmarks.result import Result, interleaved, median_ratio
from litbench.record import Measure, Record, decode, encode
from litbench.report import html, text
from litbench.report.model import build
from litbench.stats.histogram import Recorder
from litbench.stats.interval import mean_interval

WORKLOADS = ("ping-pong", "counting", "fan-in", "fan-out", "thread-ring")


def run() -> Iterator[Result]:
    """Ratios of things that take turns."""
    yield from _reports()
    yield _interval()
    yield _sample()


def _records(count: int) -> list[Record]:
    """Runs of ten targets and five workloads, each with iterations and ten histograms."""
    source = random.Random(1)
    histograms = [latencies(source, f"h{i}", 1000 * 2**i, 3000) for i in range(10)]
    return [
        record_of(
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


def _reports() -> Iterator[Result]:
    many, few = _records(500), _records(100)
    encoded = [encode(record) for record in many]
    report = build(many)
    reading, page, smaller, statistics, terminal = interleaved(
        [
            lambda: [decode(line) for line in encoded],
            lambda: html.render(build(many)),
            lambda: html.render(build(few)),
            lambda: build(many),
            lambda: text.render(report),
        ],
        rounds=3,
    )
    name = "HTML report of 500 runs with 10 histograms each / reading them"
    yield Result(name, median_ratio(page, reading), 10)
    yield Result("HTML report of 500 runs / of 100", median_ratio(page, smaller), 8)
    yield Result("building a report of 5,000 runs / of 500", _growth(many), 13)
    yield Result("terminal tables / their statistics", median_ratio(terminal, statistics), 1)


def _growth(few: list[Record]) -> float:
    """How much longer ten times the runs take, ten times the forks of each combination."""
    many = [
        msgspec.structs.replace(r, id=f"{copy}-{r.id}", session=str(copy))
        for copy in range(10)
        for r in few
    ]
    large, small = interleaved([lambda: build(many), lambda: build(few)], rounds=2)
    return median_ratio(large, small)


def _interval() -> Result:
    """10 forks of 50 iterations of 10 ms: what the interval takes of what measuring took."""
    source = random.Random(2)
    forks = [times(source, 1e7, 50) for _ in range(10)]
    (took,) = interleaved([lambda: mean_interval(forks)], rounds=5)
    return Result("an interval / the 5 s that its runs took", min(took) / 5, 0.01)


def _sample() -> Result:
    values = [random.Random(3).randrange(10**6) for _ in range(100_000)]

    def loop() -> None:
        for value in values:
            abs(value)

    def recording() -> None:
        record = Recorder().record
        for value in values:
            record(value)

    bare, recorded = interleaved([loop, recording], rounds=5)
    return Result("recording a sample / a call of abs", median_ratio(recorded, bare), 40)

"""The A/A test: a target compared with itself, 200 times; how often the 95 % interval misses 1.

Each comparison interleaves forks of "A" and "A again" in shuffled rounds as any plan does, and
takes the interval of the ratio over forks and iterations. Of 200 intervals of 95 %, 14 may miss.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.result import Result
from litbench.catalogue import workload
from litbench.plan import Preset, Selection, make
from litbench.record import Measure, Record
from litbench.runner.run import Prepared, Setting, run_plan
from litbench.stats import interval
from litbench.targets import all_targets, build, describe, find_target

TARGET = "tokio-ct"
COMPARISONS = 200
ALLOWED_MISSES = 14
PRESET = Preset("a/a", forks=4, iterations=8, time_limit_s=1, timeout_s=60, meaning="")


def run() -> Iterator[Result]:
    """All comparisons; the result is how many missed."""
    adapter = build(find_target(TARGET, all_targets()))
    target = Prepared(adapter, describe(adapter))
    misses = sum(not _contains_one(target, seed) for seed in range(COMPARISONS))
    name = f"A/A: {TARGET} with itself, intervals of {COMPARISONS} that miss 1"
    yield Result(name, misses, ALLOWED_MISSES)


def _contains_one(target: Prepared, seed: int) -> bool:
    definition = workload("ping-pong")
    values = definition.values({"rounds": 2_000})
    chosen = [Selection(n, definition, values, Measure.THROUGHPUT, 1) for n in ("a", "a again")]
    plan = make(chosen, PRESET, seed)
    times: dict[str, list[list[int]]] = {"a": [], "a again": []}
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting("a/a", {}, Path(folder))
        for item, record in run_plan(plan, dict.fromkeys(times, target), setting, _forget):
            assert record is not None
            assert record.valid, record.reasons
            times[item.selection.target].append([i.elapsed for i in record.iterations])
    found = interval.ratio_interval(times["a"], times["a again"])
    assert isinstance(found, interval.Interval), found
    return found.low <= 1 <= found.high


def _forget(record: Record) -> None:
    """Nothing is kept: the intervals are all that matters here."""
    del record

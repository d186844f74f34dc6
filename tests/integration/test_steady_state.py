"""Warm-up is found, not assumed, and having no steady state is a result, in every format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from litbench.catalogue import workload
from litbench.plan import Preset, Selection, make
from litbench.record import Measure, Record
from litbench.report import html, json, markdown, text
from litbench.report.model import Report, build
from litbench.runner.run import Setting, run_plan
from litbench.stats.steady import State
from litbench.stats.summary import Latency, Throughput
from tests.integration.fake import fake

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": lambda report: text.render(report, 100),
    "narrow": lambda report: text.render(report, 50),
    "markdown": markdown.render,
    "html": html.render,
    "json": json.render,
}
# The fake's shapes on a virtual clock: 60 iterations that need no time.
SHAPES = {
    "drift": (("--shape", "drift", "--warmup", "60", "--factor", "3"), State.NONE),
    "warm": (("--shape", "warmup", "--warmup", "8", "--factor", "2"), State.WARMUP),
    "flat": (("--shape", "flat"), State.STEADY),
}
DEFINITION = workload("ping-pong")


def records_of(tmp_path: Path, measure: Measure) -> list[Record]:
    prepared = {
        name: fake("--clock", "cycles", "--noise", "0.002", *options, name=name)
        for name, (options, _) in SHAPES.items()
    }
    values = DEFINITION.values({"rounds": 100})
    chosen = [Selection(name, DEFINITION, values, measure, 1) for name in SHAPES]
    plan = make(chosen, Preset("test", 2, 60, 20, 60, "for tests"), seed=1)
    setting = Setting("session", {}, tmp_path)
    return [record for _, record in run_plan(plan, prepared, setting, lambda _: None) if record]


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_is_what_it_is(tmp_path: Path, name: str) -> None:
    (ranking,) = build(records_of(tmp_path, Measure.THROUGHPUT)).rankings
    (row,) = (row for row in ranking.rows if row.target == name)
    assert isinstance(row.throughput, Throughput)
    assert {fork.state for fork in row.throughput.states} == {SHAPES[name][1]}
    told = " ".join(ranking.notes[note] for note in row.notes)
    assert ("no steady state in 2 of 2 forks" in told) == (name == "drift")
    assert ("2 of 2 forks warmed up first" in told) == (name == "warm")


@pytest.mark.parametrize("measure", [Measure.THROUGHPUT, Measure.LATENCY])
@pytest.mark.parametrize("shown_as", FORMATS)
def test_every_format_says_that_there_is_no_steady_state(
    tmp_path: Path, shown_as: str, measure: Measure
) -> None:
    report = build(records_of(tmp_path, measure))
    shown = " ".join(FORMATS[shown_as](report).split())
    assert "no steady state in 2 of 2 forks" in shown
    if shown_as == "html":  # and beside its trace
        assert '"state":"no steady state"' in shown


def test_latencies_say_what_their_iterations_did(tmp_path: Path) -> None:
    (ranking,) = build(records_of(tmp_path, Measure.LATENCY)).rankings
    for row in ranking.rows:
        assert isinstance(row.latency, Latency)
        assert {fork.state for fork in row.latency.states} == {SHAPES[row.target][1]}
        assert [len(fork) for fork in row.latency.times] == [60, 60]

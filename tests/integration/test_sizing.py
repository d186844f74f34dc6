"""What would take too long for its preset is made smaller or left out, and the report says so."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from litbench.catalogue import workload
from litbench.plan import PRESETS, Item, Preset, Selection, make
from litbench.record import Measure, Note, Record, Status
from litbench.report import html, json, markdown, text
from litbench.report.model import build
from litbench.runner.run import Setting, run_plan
from litbench.runner.sizing import Sizing
from tests.integration.fake import fake
from tests.records import memory_run, run

PRESET = Preset("hasty", 2, 10, 0.05, 60, "", longest_s=0.5)
SKYNET = workload("skynet")
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)


def skynet(target: str, levels: int = 6, *, fixed: bool = False) -> Selection:
    values = SKYNET.values({"levels": levels})
    return Selection(target, SKYNET, values, Measure.THROUGHPUT, 1, fixed=fixed)


def records_of(tmp_path: Path, *selections: Selection, throughput: float = 1e6) -> list[Record]:
    """A slow fake of 1 M messages a second, and a fast one."""
    prepared = {
        "slow": fake("--throughput", str(throughput), name="slow"),
        "fast": fake("--throughput", "1e9", name="fast"),
    }
    setting = Setting("session", {}, tmp_path)
    plan = make(selections, PRESET, seed=3)
    return [record for _, record in run_plan(plan, prepared, setting, lambda _: None) if record]


def test_a_tree_that_would_take_too_long_has_a_level_less_and_says_why(tmp_path: Path) -> None:
    records = records_of(tmp_path, skynet("slow"), skynet("fast"))
    assert all(record.status is Status.VALID for record in records)
    levels = {r.subject.name: r.workload.parameters["levels"] for r in records}
    assert levels == {"slow": 5, "fast": 6}
    assert len(records) == 4  # the trials are no records
    report = build(records)
    (ranking,) = report.rankings
    (row,) = (row for row in ranking.rows if row.target == "slow")
    assert row.rescaled
    for shown in (render(report) for render in (text.render, markdown.render, html.render)):
        plain = " ".join(shown.replace("\\", "").split())
        assert "not ranked: ran with levels=5" in plain
        assert "scaled down to levels=5 from 6: by a trial with levels=5" in plain
    assert "scaled down to levels=5" in json.render(report)


def test_all_measures_have_the_size_that_the_first_trial_gave(tmp_path: Path) -> None:
    latency = replace(skynet("slow"), measure=Measure.LATENCY)
    records = records_of(tmp_path, skynet("slow"), latency)
    assert {r.workload.parameters["levels"] for r in records} == {5}
    assert {r.measure for r in records} == {Measure.THROUGHPUT, Measure.LATENCY}
    assert len(build(records).rankings[0].rows) == 1


def test_what_the_user_gave_is_made_as_it_is(tmp_path: Path) -> None:
    records = records_of(tmp_path, skynet("slow", fixed=True))
    assert {record.workload.parameters["levels"] for record in records} == {6}


def test_a_workload_of_few_actors_is_not_tried_first() -> None:
    plan = make([skynet("slow", levels=5)], PRESET, seed=1)
    assert Sizing(plan).trial(plan.items[0]) is None
    large = make([skynet("slow")], PRESET, seed=1)
    trial = Sizing(large).trial(large.items[0])
    assert trial is not None
    assert (trial.job.parameters["levels"], trial.job.iterations) == (5, 1)
    endless = make([skynet("slow")], PRESETS["rigorous"], seed=1)
    assert Sizing(endless).trial(endless.items[0]) is None


def memory_items(seed: int = 1) -> Sequence[Item]:
    definition = workload("mass-spawn")
    selections = [
        Selection(target, definition, definition.values({"actors": size}), Measure.MEMORY, 1)
        for target in ("a", "b")
        for size in SIZES
    ]
    return make(selections, PRESETS["quick"], seed).items


@pytest.mark.parametrize("seed", range(5))
def test_memory_goes_from_small_to_large_within_a_target(seed: int) -> None:
    items = memory_items(seed)
    for target in ("a", "b"):
        sizes = [i.selection.values["actors"] for i in items if i.selection.target == target]
        assert sizes == sorted(sizes)
    assert [item.turn for item in items] == list(range(14))


def test_a_size_that_would_not_end_in_time_is_left_out_with_all_larger_ones() -> None:
    """b takes a millisecond an actor: 300 s, the limit, would be over at 300,000 and more."""
    items = memory_items()
    plan = make([], PRESETS["quick"], 1)
    sizing = Sizing(replace(plan, items=tuple(items)))
    made: dict[str, list[int]] = {"a": [], "b": []}
    told: dict[tuple[str, int], Note] = {}
    for item in items:
        target, size = item.selection.target, item.selection.values["actors"]
        if sizing.passes_over(item):
            continue
        made[target].append(size)
        took = size * 1_001_000 if target == "b" else 1
        record = sizing.judged(item, bare(took))
        for note in record.cautions:
            told[target, size] = note
    assert made == {"a": list(SIZES), "b": list(SIZES[:5])}
    assert list(told) == [("b", 100_000)]
    (note,) = told.values()
    assert note.code == "sizes-left-out"
    assert note.message == (
        "no run with 300,000 actors or more: with 100,000 it took 100 s, and a run may take 300 s"
    )


def bare(duration_ns: int) -> Record:
    return msgspec.structs.replace(run(), duration_ns=duration_ns)


def test_a_table_says_which_sizes_were_left_out() -> None:

    from litbench.record import Note

    records = [
        memory_run(random.Random(1), "trio", "mass-spawn", s, 7_310, turn=s) for s in SIZES[:5]
    ]
    note = Note(code="sizes-left-out", message="no run with 300,000 actors or more: it is slow")
    records[-1] = msgspec.structs.replace(records[-1], cautions=(note,))
    report = build(records)
    for shown in (text.render(report), markdown.render(report), html.render(report)):
        assert "no run with 300,000 actors or more" in shown
        assert "100,000" in shown

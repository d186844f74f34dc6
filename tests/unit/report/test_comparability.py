"""Runs that differ in what they did are not put side by side without a word, in any format."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from litbench.record import Record
from litbench.report import goals, html, json, markdown, text
from litbench.report.goals import Goal, GoalSet, Relation
from litbench.report.model import Report, build
from litbench.report.parts import Verdict
from litbench.stats.ranking import Standing
from tests.records import run, times

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": lambda report: text.render(report, 100),
    "narrow": lambda report: text.render(report, 50),
    "markdown": markdown.render,
    "html": html.render,
    "json": json.render,
}
FIELDS: dict[str, tuple[int | str, int | str, str]] = {
    "in_flight": (1, 16, "in flight 16, where most have 1"),
    "batch": (1, 8, "batch 8, where most have 1"),
    "mailbox": (16, 0, "mailbox 0, where most have 16"),
    "driver": ("worker", "block_on", "driver block_on, where most have worker"),
    "threads": (1, 2, "threads 2, where most have 1"),
    "message_bytes": (24, 4_096, "message bytes 4096, where most have 24"),
    "policy": ("backpressure", "fail-fast", "policy fail-fast, where most have backpressure"),
}


def forks(target: str, workload: str = "ping-pong", **specification: int | str) -> list[Record]:
    source = random.Random(target)
    return [
        run(
            target,
            workload,
            elapsed=times(source, 1e7),
            fork=fork,
            turn=sum(map(ord, target)) * 10 + fork,
            **specification,  # type: ignore[arg-type]
        )
        for fork in range(3)
    ]


def plain(shown: str) -> str:
    return " ".join(shown.replace("\\", "").split())


@pytest.mark.parametrize("shown_as", FORMATS)
@pytest.mark.parametrize("field", FIELDS)
def test_a_difference_in_a_ranking_is_printed(field: str, shown_as: str) -> None:
    usual, other, sentence = FIELDS[field]
    same: dict[str, Any] = {"threads": 1, field: usual}
    records = [
        *forks("tokio-ct", **same),
        *forks("smol", **same),
        *forks("asyncio", **{**same, field: other}),
    ]
    report = build(records)
    (ranking,) = report.rankings
    assert [row.target for row in ranking.rows if row.differs] == ["asyncio"]
    assert sentence in plain(FORMATS[shown_as](report))
    alike = build([*forks("tokio-ct", **same), *forks("smol", **same)])
    assert sentence not in plain(FORMATS[shown_as](alike))


@pytest.mark.parametrize("field", set(FIELDS) - {"threads"})
def test_runs_of_one_target_that_differ_are_rows_of_their_own(field: str) -> None:
    usual, other, _ = FIELDS[field]
    set_ups: list[dict[str, Any]] = [{field: usual}, {field: other}]
    records = [record for set_up in set_ups for record in forks("tokio-ct", **set_up)]
    (ranking,) = build(records).rankings
    name = field.replace("_", " ")
    assert {row.label for row in ranking.rows} == {
        f"tokio-ct, {name} {usual}",
        f"tokio-ct, {name} {other}",
    }
    assert all(row.differs and row.valid == 3 for row in ranking.rows)


def test_a_size_of_its_own_is_a_ranking_of_its_own() -> None:
    """Unless the target was scaled down: then it stands in the others' and is not ranked."""
    small = [run("smol", "ping-pong", parameters={"rounds": 100}, elapsed=[10_000, 11_000], turn=9)]
    report = build([*forks("tokio-ct"), *forks("asyncio"), *small])
    titles = {ranking.title: [row.target for row in ranking.rows] for ranking in report.rankings}
    assert sorted(titles) == ["ping-pong, rounds 100", "ping-pong, rounds 40000"]
    assert titles["ping-pong, rounds 100"] == ["smol"]
    for name, render in FORMATS.items():
        shown = plain(render(report))
        assert "rounds 100" in shown or "rounds=100" in shown or '"rounds":100' in shown, name
    alone = report.rankings[[r.title for r in report.rankings].index("ping-pong, rounds 100")]
    assert alone.rows[0].standing is Standing.UNRANKED


def test_the_overview_marks_what_differs() -> None:
    records = [
        record
        for workload in ("ping-pong", "counting")
        for target, driver in (("tokio-ct", "worker"), ("smol", "worker"), ("asyncio", "block_on"))
        for record in forks(target, workload, driver=driver, threads=1)
    ]
    page = html.render(build(records))
    overview = page[page.index('id="overview"') :].split("</section>")[0]
    assert overview.count(" ≠</a>") == 2
    assert "driver block_on, where most have worker" in overview
    assert "another specification" in overview


def test_goals_are_not_held_against_runs_that_differ() -> None:
    wanted = Goal(
        name="rate",
        kind="target",
        stated="> 1/s",
        on=("tokio-ct",),
        workload="ping-pong",
        quantity="rate",
        relation=Relation.ABOVE,
        limit=1,
    )
    mixed = [*forks("tokio-ct", driver="worker"), *forks("tokio-ct", driver="block_on")]
    (table,) = goals.build(mixed, [GoalSet(title="t", about="a", goals=(wanted,))])
    assert table.rows[0].verdict is Verdict.UNDETERMINED
    assert any("2 kinds" in note for note in table.notes)

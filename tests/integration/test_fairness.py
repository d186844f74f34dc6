"""Isolation at the real seam: the fake fair and unfair, and real runtimes beside one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from litbench.record import Record, Status
from litbench.report import html, json, markdown, text
from litbench.report.model import build
from litbench.report.parts import Row
from litbench.runner.run import Setting, run_plan
from litbench.stats import quantity
from litbench.stats.fairness import Fairness
from litbench.stats.quantity import Quantity
from tests.integration.fake import fake, plan_of

MS = 1_000_000


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """Three forks each of a fair fake and of one whose others wait 50 ms, and get 2 % done."""
    prepared = {
        "fair": fake("--share", "0.9", "--latency", "2000", name="fair"),
        "unfair": fake("--share", "0.02", "--gap", str(50 * MS), name="unfair"),
    }
    plan = plan_of("isolation", targets=("fair", "unfair"), forks=3, iterations=3)
    setting = Setting("session", {}, tmp_path_factory.mktemp("artifacts"))
    return [record for _, record in run_plan(plan, prepared, setting, lambda _: None) if record]


def row_of(records: list[Record], target: str) -> Row:
    (ranking,) = build(records).rankings
    (row,) = (row for row in ranking.rows if row.target == target)
    return row


@pytest.mark.parametrize(
    ("target", "share", "gap"), [("fair", 0.9, (2_000, MS)), ("unfair", 0.02, (49 * MS, 51 * MS))]
)
def test_share_and_worst_gap_are_what_the_fake_did(
    records: list[Record], target: str, share: float, gap: tuple[int, int]
) -> None:
    found = row_of(records, target).fairness
    assert isinstance(found, Fairness)
    assert found.share == found.low == found.high == pytest.approx(share)
    assert gap[0] <= found.worst_gap <= gap[1]
    assert len(found.worst_gaps) == 3
    runs = [record for record in records if record.subject.name == target]
    measured = {name: quantity.quantity(name, runs) for name in ("share", "worst-gap")}
    assert all(isinstance(one, Quantity) and one.high is not None for one in measured.values())


def test_every_format_shows_both(records: list[Record]) -> None:
    report = build(records)
    for shown in (
        text.render(report, 100),
        text.render(report, 50),
        markdown.render(report),
        html.render(report),
    ):
        for word in ("share", "worst gap", "90.0 %", "2.0 %", "50.0 ms"):
            assert word in shown, word
    rows = json.to_builtins(report)["rankings"][0]["rows"]
    assert {row["target"]: round(row["fairness"]["share"], 9) for row in rows} == {
        "fair": 0.9,
        "unfair": 0.02,
    }


def test_other_workloads_have_no_such_columns(tmp_path: Path) -> None:
    plan = plan_of("ping-pong")
    setting = Setting("session", {}, tmp_path)
    records = [r for _, r in run_plan(plan, {"fake": fake()}, setting, lambda _: None) if r]
    assert build(records).rankings[0].rows[0].fairness is None
    assert "worst gap" not in text.render(build(records))


@pytest.mark.parametrize(
    ("options", "code"),
    [(("--share", "1.5"), "metric-range"), (("--fault", "missing-samples"), "metric-missing")],
)
def test_a_share_that_cannot_be_or_is_not_there_makes_a_run_invalid(
    tmp_path: Path, options: tuple[str, ...], code: str
) -> None:
    setting = Setting("session", {}, tmp_path)
    plan = plan_of("isolation", iterations=2)
    ((_, record),) = run_plan(plan, {"fake": fake(*options)}, setting, lambda _: None)
    assert record is not None
    assert record.status is Status.INVALID
    assert code in {note.code for note in record.reasons}

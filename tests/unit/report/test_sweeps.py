"""Speed-up over threads and latency over load, from the rankings that have them."""

from __future__ import annotations

import json
import random

import msgspec
import pytest

from litbench.record import Record
from litbench.report import html, markdown, text
from litbench.report.goals import Goal, GoalSet, Relation
from litbench.report.model import Report, build
from litbench.report.parts import Sweep
from litbench.units import Unit
from tests.records import loads, run, scaling, times


@pytest.fixture(scope="module")
def report() -> Report:
    return build([*scaling(), *loads()])


def sweep(report: Report, over: str) -> Sweep:
    return next(found for found in report.sweeps if found.over == over)


def test_speed_up_is_measured_against_the_fewest_threads(report: Report) -> None:
    found = sweep(report, "threads")
    (tokio,) = (row for row in found.rows if row.target == "tokio-mt")
    assert [point.at for point in tokio.points] == [1, 2, 4]
    assert tokio.points[0].value == 1
    assert tokio.points[0].low is None
    for point, truth in zip(tokio.points[1:], (1.8, 3.0), strict=True):
        assert point.low is not None
        assert point.high is not None
        assert point.low < truth < point.high
        assert point.value == pytest.approx(truth, rel=0.05)
    efficiency = float(tokio.points[2].cells[-1].removesuffix(" %"))
    assert efficiency == pytest.approx(75, abs=4)


def test_threads_differ_in_labels_but_not_in_the_sweep(report: Report) -> None:
    assert {row.label for row in sweep(report, "threads").rows} == {"tokio-mt", "smol"}
    labels = {row.label for row in report.rankings[0].rows}
    assert "tokio-mt, 4 threads" in labels


def test_latency_by_load_has_corrected_and_naive(report: Report) -> None:
    found = sweep(report, "load")
    assert found.unit is Unit.NS
    for row in found.rows:
        assert [point.at for point in row.points] == [10, 50, 90]
        values = [point.value for point in row.points]
        assert values == sorted(values)
    assert found.columns[-2:] == ("naive p99", "offered")
    assert all(point.cells[-2].endswith("s") for row in found.rows for point in row.points)


def batches(forks: int = 3) -> list[Record]:
    """Counting with three batches: 100, 50 and 20 ns a message on tokio-ct, no gain on asyncio."""
    source = random.Random(5)
    each = {"tokio-ct": (100.0, 50.0, 20.0), "asyncio": (4_000.0, 4_000.0, 4_000.0)}
    return [
        run(
            target,
            "counting",
            parameters={"batch": batch},
            elapsed=times(source, 1e6 * ns, between=0.002),
            batch=batch,
            fork=fork,
            turn=40_000 + 1_000 * fork + batch,
        )
        for fork in range(forks)
        for target, found in each.items()
        for batch, ns in zip((1, 16, 256), found, strict=True)
    ]


def test_a_rate_by_batch_has_its_interval_and_its_gain_over_the_smallest() -> None:
    (found,) = build(batches()).sweeps
    assert (found.over, found.value, found.unit) == ("batch", "messages/s", Unit.MESSAGES)
    (tokio,) = (row for row in found.rows if row.target == "tokio-ct")
    assert [point.at for point in tokio.points] == [1, 16, 256]
    for point, truth in zip(tokio.points, (1e7, 2e7, 5e7), strict=True):
        assert point.low is not None
        assert point.high is not None
        assert point.low < point.value < point.high
        assert point.value == pytest.approx(truth, rel=0.02)
    gains = [float(point.cells[2]) for point in tokio.points]
    assert gains == pytest.approx([1, 2, 5], rel=0.02)


def test_claims_of_the_goals_stand_beside_what_is_swept() -> None:
    claim = Goal(
        name="README",
        kind="claim",
        stated="> 1M msg/s",
        on=("tokio-ct",),
        workload="counting",
        quantity="rate",
        relation=Relation.ABOVE,
        limit=1e6,
        parameters={"batch": 1},
    )
    target = msgspec.structs.replace(claim, kind="target", limit=2e6)
    other = msgspec.structs.replace(claim, on=("smol",), limit=3e6)
    sets = [GoalSet(title="t", about="a", goals=(claim, target, other))]
    report = build(batches(), goal_sets=sets)
    (found,) = report.sweeps
    assert [(one.label, one.value) for one in found.claims] == [
        ("README: > 1M msg/s at batch 1", 1e6)
    ]
    for shown in (text.render(report), markdown.render(report), html.render(report)):
        assert "1M msg/s at batch 1" in shown.replace("\\", "")


def test_what_is_a_choice_and_no_amount_has_no_curve() -> None:
    runs = [
        run("tokio-ct", "fan-in", parameters={"fail_fast": f}, elapsed=[10, 11], fork=i, turn=i)
        for i in range(2)
        for f in (0, 1)
    ]
    assert build(runs).sweeps == ()


def test_intervals_of_a_latency_sweep_are_over_forks(report: Report) -> None:
    found = sweep(report, "load")
    for row in found.rows:
        for point in row.points:
            assert point.low is not None
            assert point.high is not None
            assert point.low <= point.value <= point.high


def test_one_point_is_no_sweep() -> None:
    assert build([run(elapsed=[10, 11]), run("smol", elapsed=[10, 11], threads=2)]).sweeps == ()
    assert (
        build([record for record in loads() if record.workload.parameters["load"] == 50]).sweeps
        == ()
    )


@pytest.mark.parametrize("width", [100, 84, 60])
def test_no_figure_of_a_sweep_is_lost_in_the_terminal(report: Report, width: int) -> None:
    shown = text.render(report, width)
    for found in report.sweeps:
        for cell in (cell for row in found.rows for point in row.points for cell in point.cells):
            assert cell in shown


def test_every_format_shows_sweeps(report: Report) -> None:
    for shown in (text.render(report, 100), markdown.render(report), html.render(report)):
        assert "speed-up" in shown
        assert "naive p99" in shown
    for width in (60, 100):
        assert max(map(len, text.render(report, width).splitlines())) <= width
    page = html.render(report)
    start = page.index('id="data">') + len('id="data">')
    data = json.loads(page[start : page.index("</script>", start)])
    assert {chart["over"] for chart in data["sweep"].values()} == {"threads", "load"}

"""Speed-up over threads and latency over load, from the rankings that have them."""

from __future__ import annotations

import json

import pytest

from litbench.report import html, markdown, text
from litbench.report.model import Report, build
from litbench.report.parts import Sweep
from litbench.units import Unit
from tests.records import loads, run, scaling


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
    assert found.columns[-1] == "naive p99"
    assert all(point.cells[-1].endswith("s") for row in found.rows for point in row.points)


def test_one_point_is_no_sweep() -> None:
    assert build([run(elapsed=[10, 11]), run("smol", elapsed=[10, 11], threads=2)]).sweeps == ()
    assert (
        build([record for record in loads() if record.workload.parameters["load"] == 50]).sweeps
        == ()
    )


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

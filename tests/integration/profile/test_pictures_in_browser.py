"""Flame graphs in a real browser: in the report under its policy, and as files of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from litbench.record import Instrument as Watcher
from litbench.record import Kind, Record, Status, Subject, Table, Workload, new_id
from litbench.report import html, profile_page
from litbench.report.model import build
from litbench.report.profile_pictures import files_of
from litbench.units import Unit
from tests.integration.chromium import PROGRAM, Chromium, Page

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")

HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=2>"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture(scope="module")
def record() -> Record:
    stacks = (("main;send;malloc", 300), ("main;recv", 600), (f"main;{HOSTILE}", 100))
    return Record(
        id=new_id(), session="s", kind=Kind.PROFILE, started="2026-01-01T00:00:00.000+00:00",
        subject=Subject(name=HOSTILE), workload=Workload(name="ping-pong"), status=Status.VALID,
        tables=(
            Table(name="stacks", columns=("stack", "weight"), units=(None, Unit.NS), rows=stacks),
        ),
        instruments=(Watcher(name="perf", settings={"question": "cpu", "region": "go..finish"}),),
    )  # fmt: skip


def search(page: Page, word: str) -> str:
    page.run(
        "(() => { const i = document.querySelector('svg.flame input');"
        f"i.value = '{word}'; i.dispatchEvent(new Event('input')); }})()"
    )
    return str(page.run("document.querySelector('svg.flame .said').textContent"))


def width_of(page: Page, name: str) -> float:
    frame = f"document.querySelector(\"svg.flame g[data-name='{name}'] rect\")"
    return float(page.run(f"{frame}.getAttribute('width')"))


@pytest.mark.parametrize("where", ["report", "page", "file"])
def test_search_and_zoom(browser: Chromium, record: Record, tmp_path: Path, where: str) -> None:
    path = tmp_path / ("flame.svg" if where == "file" else "page.html")
    text = {
        "report": lambda: html.render(build([record])),
        "page": lambda: profile_page.render([record]),
        "file": lambda: next(svg for name, _, svg in files_of(record) if name.startswith("flame")),
    }[where]()
    path.write_text(text, "utf-8")
    page = browser.open(path)
    assert search(page, "RECV") == "matched: 60.0 %"
    assert search(page, "") == ""
    whole = width_of(page, "main")
    assert width_of(page, "recv") == pytest.approx(0.6 * whole, rel=0.01)
    page.run(
        "document.querySelector(\"svg.flame g[data-name='recv']\")"
        ".dispatchEvent(new MouseEvent('click'))"
    )
    assert width_of(page, "recv") == pytest.approx(whole, rel=0.01)
    page.run("document.querySelector('svg.flame .reset').dispatchEvent(new MouseEvent('click'))")
    assert width_of(page, "recv") == pytest.approx(0.6 * whole, rel=0.01)
    assert page.run("window.pwned === undefined")
    assert page.complaints() == []

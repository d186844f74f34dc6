"""The HTML report in a real browser: it draws, obeys, asks nobody, and cannot be injected into.

With LITBENCH_SCREENSHOTS=FOLDER the page is also photographed, to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from litbench.record import Note, Record
from litbench.report import html
from litbench.report.goals import Goal, GoalSet, Relation
from litbench.report.model import Report, build
from tests.integration.chromium import PROGRAM, Chromium, Page
from tests.records import loads, run, scaling, session

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium on this machine (apt-get install chromium)"
)

HOSTILE = (
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=2>",
    '"><svg onload=window.pwned=3>',
    "'; window.pwned=4; //",
    "${window.pwned=5}\u2028\u202e<!--",
    "]]></style><b>",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture(scope="module")
def report() -> Report:
    return build(session(forks=3, iterations=14))


@pytest.fixture(scope="module")
def path(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(html.render(report), "utf-8")
    return file


def drawn(page: Page, kind: str) -> list[int]:
    """For each chart of a kind, how many distinct colours are on its canvas."""
    canvases = f"document.querySelectorAll('[data-chart={kind}] canvas')"
    pixels = "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer"
    colours: list[int] = page.run(
        f"[...{canvases}].map((c) => new Set(new Uint32Array({pixels})).size)"
    )
    return colours


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_it_opens_without_a_word_and_without_a_request(
    browser: Chromium, path: Path, width: int, theme: str
) -> None:
    page = browser.open(path, width, theme=theme)
    page.wait("document.querySelectorAll('canvas').length >= 8")
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.wait("document.querySelectorAll('.multiple canvas').length === 39")
    page.run("scrollTo(0, document.body.scrollHeight)")
    assert page.complaints() == []
    assert [url for url in page.requests() if url != path.as_uri()] in ([], ["data:,"])
    overflow = page.run(
        "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0
    if folder := os.environ.get("LITBENCH_SCREENSHOTS"):
        page.run("document.querySelectorAll('details').forEach((one) => { one.open = false; })")
        page.run("scrollTo(0, 0)")
        page.screenshot(Path(folder) / f"report-{width}-{theme}.png", 5000)


def test_charts_are_drawn_and_have_names(browser: Chromium, path: Path) -> None:
    page = browser.open(path)
    page.wait("document.querySelectorAll('canvas').length >= 8")
    assert len(drawn(page, "latency")) == 4
    assert len(drawn(page, "memory")) == 4
    for colours in (*drawn(page, "latency"), *drawn(page, "memory")):
        assert colours > 20  # ten lines and their edges; an empty plot has a handful
    unnamed = (
        "[...document.querySelectorAll('.chart')].filter((c) => !c.getAttribute('aria-label'))"
    )
    assert page.run(f"{unnamed}.length") == 0
    assert page.run("document.querySelectorAll('.bars svg .lin rect').length") >= 48
    widths = page.run(
        "[...document.querySelectorAll('.bars:not(.log-shown) rect, .log-shown .stem')]"
        ".map((one) => one.getBoundingClientRect().width)"
    )
    assert max(widths) > 100


def test_iterations_are_drawn_when_they_are_opened(browser: Chromium, path: Path) -> None:
    page = browser.open(path)
    assert page.run("document.querySelectorAll('.multiple').length") == 0
    page.run("document.querySelector('details.traces > summary').click()")
    page.wait("document.querySelectorAll('.multiple canvas').length === 10")
    assert min(drawn(page, "traces")) > 3
    states = page.run(
        "[...document.querySelectorAll('.multiple figcaption')].map((c) => c.textContent)"
    )
    assert sum("asyncio" in state and "warm-up" in state for state in states) == 1


def test_the_theme_can_be_switched_and_charts_follow(browser: Chromium, path: Path) -> None:
    page = browser.open(path)
    page.wait("document.querySelectorAll('canvas').length >= 8")
    background = "getComputedStyle(document.body).backgroundColor"
    picture = "document.querySelector('canvas').toDataURL()"
    before = page.run(background), page.run(picture)
    page.run("document.getElementById('theme').click()")
    page.wait("document.documentElement.dataset.theme === 'dark'")
    page.wait("document.querySelectorAll('canvas').length >= 8")
    after = page.run(background), page.run(picture)
    assert before[0] == "rgb(255, 255, 255)"
    assert after[0] == "rgb(20, 23, 27)"
    assert before[1] != after[1]
    page.run("document.getElementById('theme').click()")
    page.wait(f"{background} === 'rgb(255, 255, 255)'")
    assert page.complaints() == []


def test_a_table_sorts_by_its_numbers(browser: Chromium, path: Path) -> None:
    page = browser.open(path)
    rows = "document.querySelectorAll('#t1-ping-pong tbody tr')"
    names = f"[...{rows}].map((row) => row.cells[0].textContent)"
    header = "document.querySelectorAll('#t1-ping-pong th')[3]"
    fastest = page.run(names)
    page.run(f"{header}.querySelector('button').click()")
    assert page.run(f"{header}.getAttribute('aria-sort')") == "descending"
    assert page.run(names)[0] == "threads"
    page.run(f"{header}.querySelector('button').click()")
    assert page.run(f"{header}.getAttribute('aria-sort')") == "ascending"
    assert page.run(names) == fastest


def test_the_axis_of_bars_can_be_switched(browser: Chromium, path: Path) -> None:
    page = browser.open(path)
    shown = "getComputedStyle(document.querySelector('.bars .log')).display !== 'none'"
    assert page.run(shown) is True  # a span of 700 times starts on the logarithmic axis
    page.run("document.querySelector('.scale-toggle').click()")
    assert page.run(shown) is False
    assert page.run("document.querySelector('.scale-toggle').ariaPressed") == "false"


def test_runs_can_be_filtered_and_tell_their_reasons(browser: Chromium, path: Path) -> None:
    page = browser.open(path)
    page.run("document.getElementById('run-invalid').click()")
    visible = "[...document.querySelectorAll('.run')].filter((one) => !one.hidden)"
    assert page.run(f"{visible}.length") == 6
    assert page.run(f"{visible}.every((one) => one.textContent.includes('127 are missing'))")
    page.run(
        "{ const f = document.getElementById('run-filter'); f.value = 'smol';"
        " f.dispatchEvent(new Event('input')); }"
    )
    assert page.run("document.getElementById('run-count').textContent") == "0 of 310"


def test_the_cursor_reads_values(browser: Chromium, path: Path) -> None:
    page = browser.open(path)
    page.wait("document.querySelectorAll('canvas').length >= 8")
    chart = "document.querySelector('[data-chart=latency]')"
    page.run(f"{chart}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    box = page.run(
        "(() => { const b = document.querySelector('[data-chart=latency] .u-over')"
        ".getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()"
    )
    page.move(box[0] + box[2] / 2, box[1] + box[3] / 2)
    page.wait("document.querySelector('.tooltip') && !document.querySelector('.tooltip').hidden")
    rows = page.run("[...document.querySelectorAll('.tooltip-row')].map((row) => row.textContent)")
    assert len(rows) == 10
    assert rows[0].startswith("threads")
    assert all(row.endswith(("s", "ns")) for row in rows)


@pytest.mark.parametrize("width", [390, 1400])
def test_goals_are_first_and_a_phone_shows_their_verdicts(
    browser: Chromium, tmp_path: Path, width: int
) -> None:
    path = tmp_path / "goals.html"
    goal = Goal(
        name="round trip, p99",
        kind="target",
        stated="p99 < 1 s",
        on=("tokio-ct", "asyncio"),
        workload="isolated-latency",
        quantity="p99",
        relation=Relation.BELOW,
        limit=1e9,
    )
    goals = GoalSet(title="Ours", about="what we want", goals=(goal,))
    runs = session(("tokio-ct", "asyncio"), ("isolated-latency", "ping-pong"), forks=3)
    path.write_text(html.render(build(runs, goal_sets=[goals])), "utf-8")
    page = browser.open(path, width, theme="dark")
    assert page.run("document.querySelector('main section').id") == "tgoals-1"
    boxes = page.run(
        "[...document.querySelectorAll('.cards .verdict')]"
        ".map((v) => [v.textContent, v.getBoundingClientRect().right])"
    )
    assert [text for text, _ in boxes] == ["✓ pass", "✓ pass"]
    assert all(0 < right <= width for _, right in boxes)
    assert page.complaints() == []


def test_sweeps_are_drawn(browser: Chromium, tmp_path: Path) -> None:
    path = tmp_path / "sweeps.html"
    path.write_text(html.render(build([*scaling(), *loads()])), "utf-8")
    page = browser.open(path)
    page.wait("document.querySelectorAll('[data-chart=sweep] canvas').length === 2")
    assert min(drawn(page, "sweep")) > 10
    assert page.complaints() == []
    if folder := os.environ.get("LITBENCH_SCREENSHOTS"):
        page.screenshot(Path(folder) / "sweeps.png", 5600)


def hostile_records() -> list[Record]:
    records = []
    for index, name in enumerate(HOSTILE):
        for fork in range(2):
            record = run(elapsed=[10_000_000, 11_000_000], fork=fork, turn=10 * index + fork)
            workload = name if index % 2 else "ping-pong"
            environment = msgspec.structs.replace(record.environment, facts={name: name})
            records.append(
                msgspec.structs.replace(
                    record,
                    id=name + str(fork),
                    session=name,
                    subject=msgspec.structs.replace(record.subject, name=name, runtime=name),
                    workload=msgspec.structs.replace(
                        record.workload,
                        name=workload,
                        parameters={name: 1},
                    ),
                    cautions=(Note(code=name, message=name),),
                    environment=environment,
                )
            )
    return records


def test_hostile_names_stay_text(browser: Chromium, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(html.render(build(hostile_records(), title=HOSTILE[0])), "utf-8")
    page = browser.open(path)
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.wait("document.querySelectorAll('.multiple canvas').length === 6")
    assert page.run("window.pwned") is None
    assert page.run("document.querySelectorAll('img, svg[onload], main script').length") == 0
    assert page.run("document.querySelector('h1').textContent") == HOSTILE[0]
    assert page.run("document.querySelector('main').textContent.includes('onerror=window.pwned')")
    assert page.complaints() == []
    assert [url for url in page.requests() if url != path.as_uri()] in ([], ["data:,"])


def test_the_policy_would_stop_a_script_and_a_request(browser: Chromium, path: Path) -> None:
    """Seeded faults: what escaping is there to prevent would not run either."""
    page = browser.open(path)
    page.run(
        "{ const s = document.createElement('script'); s.textContent = 'window.pwned = 6';"
        " document.body.append(s); }"
    )
    page.run(
        "{ const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i); }"
    )
    refused = page.run("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')")
    assert page.run("window.pwned") is None
    assert refused == "refused"
    assert len(page.complaints()) >= 3
    assert page.blocked() == len([url for url in page.requests() if url.startswith("http")])

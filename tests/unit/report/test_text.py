"""The terminal report fits, loses nothing when narrow, and obeys nobody's escape sequences."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from litbench.report import text
from litbench.report.model import Report, build
from tests.records import run, session

LONG = "a-company-internal-actor-framework-with-a-very-long-name"
HOSTILE = "\x1b[31mred\x1b[0m\r\n\u202eevil [bold]x[/bold] \x07"


@pytest.fixture(scope="module")
def report() -> Report:
    return build(session(forks=3, iterations=12))


@pytest.mark.parametrize("width", [40, 60, 84, 100, 160])
def test_it_fits(report: Report, width: int) -> None:
    lines = text.render(report, width).splitlines()
    assert max(map(len, lines)) <= width


def test_long_names_of_ten_targets_fit_100_columns_and_are_not_cut() -> None:
    records = [
        msgspec.structs.replace(
            record,
            subject=msgspec.structs.replace(record.subject, name=f"{LONG}-{record.subject.name}"),
        )
        for record in session(forks=2, iterations=12)
    ]
    shown = text.render(build(records), 100)
    assert max(map(len, shown.splitlines())) <= 100
    first_cells = "".join(line[:30].strip() for line in shown.splitlines())
    assert all(f"{LONG}-{name}" in first_cells for name in ("smol", "uvloop", "async-std"))


@pytest.mark.parametrize("width", [50, 100])
def test_every_width_shows_the_same_figures(report: Report, width: int) -> None:
    shown = text.render(report, width)
    for figure in ("p50", "p95", "p99", "max", "invalid", "skynet", "bytes each"):
        assert figure in shown
    wide = text.render(report, 100)
    for rate in ("★", "not ranked: ran with levels=3"):
        assert (rate in shown) == (rate in wide)


def test_plain_has_no_escape_sequence_and_colour_has(report: Report) -> None:
    assert "\x1b" not in text.render(report, 100)
    assert "\x1b[" in text.render(report, 100, colour=True)


def test_hostile_names_cannot_speak_to_the_terminal() -> None:
    record = run(elapsed=[10, 11, 12])
    hostile = msgspec.structs.replace(
        record, subject=msgspec.structs.replace(record.subject, name=HOSTILE)
    )
    for width in (50, 100):
        shown = text.render(build([hostile]), width)
        assert not {"\x1b", "\r", "\u202e", "\x07"} & set(shown)
        assert "[bold]" in "".join(shown.split())


def test_rendering_needs_no_numpy() -> None:
    """Footprints and other runs without intervals are shown without its 70 ms of start."""
    code = (
        "import sys\n"
        "from litbench.report import model, text\n"
        "text.render(model.build([]))\n"
        "assert 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""One workload on clocks that cannot be compared: each figure has its unit."""

from __future__ import annotations

import msgspec

from litbench.record import Clock, Histogram, Measure, Record
from litbench.report import html, json, markdown, model, text
from litbench.report.phrases import NOTHING
from litbench.units import Unit
from tests.records import run

BOARD = Clock(name="mps2-an385, QEMU 7.2.22, icount shift=6 (board timer)", unit=Unit.INSTRUCTIONS)


def embedded(rounds: int, measure: Measure) -> Record:
    """A board's run: 400 instructions a message, 900 a round trip."""
    histograms = (Histogram("round-trip", Unit.INSTRUCTIONS, ((900, rounds),)),)
    made = run(
        "embassy-m3",
        measure=measure,
        parameters={"rounds": rounds, "mailbox": 16},
        elapsed=[800 * rounds] * 3,
        histograms=histograms if measure is Measure.LATENCY else (),
        clock=BOARD,
        turn=1 if measure is Measure.LATENCY else 2,
    )
    assert made.specification is not None
    return msgspec.structs.replace(
        made, specification=msgspec.structs.replace(made.specification, message_bytes=12)
    )


def host(rounds: int) -> Record:
    """A server's run: 50 ns a message."""
    return run(
        "embassy-std",
        parameters={"rounds": rounds, "mailbox": 16},
        elapsed=[100 * rounds] * 3,
    )


def test_every_figure_has_its_unit_and_what_differs_is_told() -> None:
    records = [
        host(5_000),
        embedded(2_000, Measure.THROUGHPUT),
        embedded(2_000, Measure.LATENCY),
    ]
    (sheet,) = model.build(records).beside
    rows = {row[0]: row[1:] for row in sheet.rows}
    assert rows["embassy-std"][:3] == ("wall clock", "50.0 ns", NOTHING)
    assert rows["embassy-m3"][:3] == ("mps2-an385", "400 instr", "900 instr")
    assert "rounds 5,000" in rows["embassy-std"][-1]
    assert "rounds 2,000, message bytes 12" in rows["embassy-m3"][-1]
    assert "mailbox 16" in sheet.note
    assert "rounds" not in sheet.note


def test_one_clock_is_shown_in_the_ranking_alone() -> None:
    assert model.build([host(5_000)]).beside == ()
    assert model.build([embedded(2_000, Measure.THROUGHPUT)]).beside == ()


def test_the_same_parameters_are_told_once_below_the_table() -> None:
    (sheet,) = model.build([host(2_000), embedded(2_000, Measure.THROUGHPUT)]).beside
    assert "rounds 2,000" in sheet.note
    assert not any("rounds" in cell for row in sheet.rows for cell in row)


def test_every_format_shows_it_and_json_keeps_numbers_only() -> None:
    report = model.build([host(2_000), embedded(2_000, Measure.THROUGHPUT)])
    assert "400 instr" in text.render(report)
    assert "| 400 instr |" in markdown.render(report)
    assert '<td data-title="a message">400 instr</td>' in html.render(report)
    assert "instr" not in str(json.to_builtins(report).get("beside"))

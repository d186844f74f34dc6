"""Board runs in the report: every format shows the same tables, and nothing in a name is markup."""

from __future__ import annotations

import msgspec

from litbench.record import (
    Clock,
    Histogram,
    Iteration,
    Kind,
    Ledger,
    Metric,
    Record,
    Status,
    Subject,
    Table,
    Workload,
)
from litbench.report import boards, html, json, markdown, model, text
from litbench.units import Unit

EVIL = "<script>alert(1)</script>"


def record(**changes: object) -> Record:
    """A board run with one of everything."""
    made = Record(
        id="01",
        session="s",
        kind=Kind.BOARD,
        started="2026-01-01T00:00:00.000+00:00",
        subject=Subject(name="embassy-m3", runtime="mps2-an385"),
        workload=Workload(name="interrupt-latency", parameters={"load": 0}),
        status=Status.VALID,
        clock=Clock(name="mps2-an385, QEMU", unit=Unit.INSTRUCTIONS),
        iterations=(Iteration(start=10, end=410, ledger=Ledger(sent=4, handled=4)),),
        histograms=(Histogram("irq-to-task", Unit.INSTRUCTIONS, ((100, 3), (250, 1))),),
        metrics=(
            Metric("idle-share", Unit.RATIO, (0.875,)),
            Metric("wake-ups", Unit.COUNT, (4,)),
        ),
        tables=(
            Table("functions", ("function", "share"), (None, Unit.RATIO), ((EVIL, 0.5),)),
            Table("stacks", ("stack", "painted"), (None, Unit.BYTES), (("main", None),)),
            Table(
                "timeline",
                ("track", "start", "end"),
                (None, Unit.INSTRUCTIONS, Unit.INSTRUCTIONS),
                (("idle", 10, 100), (f"task {EVIL}", 100, 120)),
            ),
        ),
    )
    return msgspec.structs.replace(made, **changes)


def sheet(name: str, of: Record) -> tuple[tuple[str, ...], ...]:
    return next(s.rows for s in boards.sheets(of) if s.title.startswith(name))


def test_latency_has_jitter_and_time_has_its_share_of_a_message() -> None:
    found = record()
    assert sheet("latency", found) == (
        ("irq-to-task", "4", "100", "138", "100", "250", "250", "150"),
    )
    assert ("instructions a message", "100") in sheet("time", found)


def test_the_exact_extremes_of_a_firmware_go_before_the_edges_of_buckets() -> None:
    names = ("irq-to-task-least", "irq-to-task-mean", "irq-to-task-most")
    values = (100, 100.25, 101)
    exact = tuple(Metric(n, Unit.INSTRUCTIONS, (v,)) for n, v in zip(names, values, strict=True))
    histogram = Histogram("irq-to-task", Unit.INSTRUCTIONS, ((96, 4),))
    found = record(histograms=(histogram,), metrics=exact)
    (row,) = sheet("latency", found)
    assert (row[2], row[3], row[6], row[7]) == ("100", "100", "101", "1")
    assert all(100 <= int(cell) <= 101 for cell in row[2:7])
    assert not any(s.title == "readings" for s in boards.sheets(found)), "shown once"


def test_what_is_unknown_is_a_dash_and_never_zero() -> None:
    assert sheet("stacks", record()) == (("main", "-"),)


def test_the_time_line_is_a_picture_and_no_table() -> None:
    assert [s.title for s in boards.sheets(record())].count("timeline") == 0
    (part,) = boards.build([record()])
    first = part.spans[0]
    assert (first.track, first.start, first.end) == ("idle", 10, 100)
    page = html.render(model.build([record()]))
    assert page.count("<rect") == 2


def test_every_format_shows_the_run_and_escapes_names() -> None:
    report = model.build([record()])
    page, marked = html.render(report), markdown.render(report)
    assert EVIL not in page
    assert EVIL not in marked
    for shown in (page, marked, text.render(report)):
        assert "irq-to-task" in shown
    (found,) = json.to_builtins(report)["boards"]
    assert found["spans"][0] == {"track": "idle", "start": 10, "end": 100}
    assert "sheets" not in found, "words have no place in JSON"


def test_runs_stand_side_by_side_by_what_differs() -> None:
    loaded = record(
        id="02",
        workload=Workload(name="interrupt-latency", parameters={"load": 4}),
        histograms=(Histogram("irq-to-task", Unit.INSTRUCTIONS, ((900, 4),)),),
        metrics=(),
    )
    broken = record(
        id="03",
        status=Status.INVALID,
        workload=Workload(name="interrupt-latency", parameters={"load": 8}),
    )
    found = boards.comparison([record(), loaded, broken])
    first, second, third = found.rows
    assert (first[0], first[-2:]) == ("load=0", ("87.5 %", "4"))
    assert (second[0], second[7], second[-2:]) == ("load=4", "900", ("-", "-"))
    assert third[1] == "invalid"
    assert {len(row) for row in found.rows} == {len(found.columns)}


def test_records_of_other_kinds_are_left_alone() -> None:
    assert boards.build([record(kind=Kind.BENCHMARK)]) == ()

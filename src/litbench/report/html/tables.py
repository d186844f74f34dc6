"""Tables that can be sorted, and read without a script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from litbench.report import phrases
from litbench.report.html.markup import Child, Markup, tag
from litbench.report.notes import letter
from litbench.report.parts import MemoryRow, MemoryTable, Ranking, Row, Sweep
from litbench.stats.fairness import Fairness
from litbench.stats.slope import Slope
from litbench.stats.summary import Latency, Throughput


@dataclass(frozen=True)
class Cell:
    """What a cell shows and, where that is a figure, the number that it sorts by."""

    content: Child
    number: float | None = None
    kind: str = ""


def table(
    caption: str,
    columns: Sequence[tuple[str, bool]],
    rows: Sequence[Sequence[Cell]],
    kind: str = "",
) -> Markup:
    """A sortable table. A column is a title and whether it holds figures.

    Of ``kind`` cards, its rows become cards on a phone.
    """
    head = [
        tag("th", tag("button", title, type="button"), scope="col", class_=_figures(figures))
        for title, figures in columns
    ]
    body = [
        tag("tr", [_cell(cell, *column) for cell, column in zip(row, columns, strict=True)])
        for row in rows
    ]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption, class_="hidden"),
            tag("thead", tag("tr", head)),
            tag("tbody", body),
            class_=f"sortable {kind}".rstrip(),
        ),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def _figures(figures: bool) -> str | None:
    return "figures" if figures else None


def _cell(cell: Cell, title: str, figures: bool) -> Markup:
    classes = " ".join(filter(None, (_figures(figures), cell.kind))) or None
    return tag("td", cell.content, class_=classes, data_sort=cell.number, data_title=title)


def ranking(found: Ranking, colours: dict[str, int]) -> Markup:
    """The A/B table of a workload."""
    rates = any(row.throughput is not None for row in found.rows)
    latencies = phrases.has_latencies(found)
    columns = [("configuration", False)]
    columns += [(phrases.rate_unit(found), True), ("± 95 %", True)] if rates else []
    columns += [(name, True) for name, _ in phrases.LATENCIES] if latencies else []
    fair = phrases.has_fairness(found)
    columns += [(name, True) for name, _ in phrases.FAIRNESS] if fair else []
    rows = [
        [
            name_cell(row.label, colours[row.target]),
            *(_rate_cells(row) if rates else ()),
            *((_latency(row, field) for _, field in phrases.LATENCIES) if latencies else ()),
            *(_fairness_cells(row) if fair else ()),
            notes_cell(row.notes, found.anchor),
        ]
        for row in found.rows
    ]
    return table(f"{found.title}: results", [*columns, ("notes", False)], rows)


def name_cell(label: str, colour: int) -> Cell:
    """A configuration's name with its colour."""
    return Cell([tag("span", class_=f"swatch c{colour}"), label], kind="name")


def notes_cell(notes: Sequence[int], anchor: str) -> Cell:
    """Links to a row's notes."""
    links = [
        tag("a", letter(note), href=f"#{anchor}-note-{letter(note)}", class_="note")
        for note in notes
    ]
    return Cell(links, kind="notes")


def _rate_cells(row: Row) -> tuple[Cell, Cell]:
    found = row.throughput
    value = found.rate if isinstance(found, Throughput) else None
    text = f"{phrases.mark(row)} {phrases.rate(row)}".strip()
    kind = "invalid" if text == phrases.INVALID else str(row.standing)
    return Cell(text, value, kind), Cell(phrases.margin(row))


def _fairness_cells(row: Row) -> list[Cell]:
    known = row.fairness if isinstance(row.fairness, Fairness) else None
    numbers = (known.share, known.low, known.worst_gap) if known else (None, None, None)
    return [
        Cell(cell(row), number) for (_, cell), number in zip(phrases.FAIRNESS, numbers, strict=True)
    ]


def _latency(row: Row, field: str) -> Cell:
    value = getattr(row.latency, field) if isinstance(row.latency, Latency) else None
    return Cell(phrases.latency(row, field), value)


def sweep(found: Sweep, colours: dict[str, int]) -> Markup:
    """Every point of a sweep."""
    columns = [("configuration", False), (found.over, True), *((c, True) for c in found.columns)]
    rows = [
        [
            name_cell(row.label, colours[row.target]),
            Cell(str(point.at), point.at),
            *(
                Cell(text, point.value if name == found.value else None)
                for name, text in zip(found.columns, point.cells, strict=True)
            ),
        ]
        for row in found.rows
        for point in row.points
    ]
    return table(found.title, columns, rows)


def memory(found: MemoryTable, colours: dict[str, int]) -> Markup:
    """The memory table of a workload."""
    titles = [(name, True) for name, _ in phrases.memory_columns(found)]
    rows = [
        [
            name_cell(row.label, colours[row.target]),
            Cell(str(row.memory.reading)),
            *_memory_cells(row, found),
            notes_cell(row.notes, found.anchor),
        ]
        for row in found.rows
    ]
    columns = [("scenario", False), ("reading", False), *titles, ("notes", False)]
    return table(f"{found.workload}: memory", columns, rows)


def _memory_cells(row: MemoryRow, found: MemoryTable) -> list[Cell]:
    last, slope = row.memory.points[-1], row.memory.slope
    each = (slope.slope, slope.high) if isinstance(slope, Slope) else (None, None)
    numbers: dict[Callable[[MemoryRow], str], float | None] = {
        phrases.used: last.used,
        phrases.count: last.size,
        phrases.left: last.left,
        phrases.each: each[0],
        phrases.each_interval: each[1],
    }
    return [Cell(cell(row), numbers[cell]) for _, cell in phrases.memory_columns(found)]


def notes(texts: Sequence[str], anchor: str, remarks: Sequence[str] = ()) -> Markup | None:
    """A table's notes, each with its mark, and its remarks without."""
    if not texts and not remarks:
        return None
    entries = [
        tag("li", tag("b", letter(i)), tag("span", text), id=f"{anchor}-note-{letter(i)}")
        for i, text in enumerate(texts)
    ]
    entries += [tag("li", tag("span", remark)) for remark in remarks]
    return tag("ul", entries, class_="note-list")


def pairs(items: Sequence[tuple[str, str]], caption: str) -> Markup:
    """Names and values."""
    rows = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in items]
    return tag("table", tag("caption", caption), tag("tbody", rows), class_="pairs")

"""Board runs on the page: tables, and the time line as a picture."""

from __future__ import annotations

from collections.abc import Sequence

from litbench.report.html import tables
from litbench.report.html.markup import Child, Markup, join, tag
from litbench.report.html.sections import SIDE_BY_SIDE, section
from litbench.report.parts import Board, Sheet, Span
from litbench.units import format_count

ROW = 22
LEFT = 110
WIDTH = 1000
SHOWN = 1500


def board(found: Board, colours: dict[str, int]) -> Markup:
    """One run of a firmware."""
    kind = "caution" if found.valid else "invalid"
    notes = [
        tag("p", tag("b", f"{note.code}: "), note.message, class_=kind) for note in found.notes
    ]
    parts: list[Child] = [_sheet(sheet) for sheet in found.sheets]
    if found.spans:
        parts.append(_timeline(found, colours[found.target]))
    return section(found.anchor, found.title, notes, parts)


def side_by_side(sheets: Sequence[Sheet]) -> Markup | None:
    """Workloads on clocks that cannot be compared: not to be sorted by their figures."""
    if not sheets:
        return None
    parts: list[Child] = []
    for sheet in sheets:
        head = tag("tr", [tag("th", title, scope="col") for title in sheet.columns])
        pairs = [zip(row, sheet.columns, strict=True) for row in sheet.rows]
        body = [tag("tr", [tag("td", text, data_title=name) for text, name in p]) for p in pairs]
        table = tag("table", tag("thead", head), tag("tbody", body), class_="beside")
        scroll = tag(
            "div", table, class_="scroll", tabindex="0", role="region", aria_label=sheet.title
        )
        parts += [tag("h3", sheet.title), scroll, tag("p", sheet.note, class_="quiet")]
    return section(SIDE_BY_SIDE, "Side by side, on different clocks", parts)


def _sheet(sheet: Sheet) -> Markup:
    columns = [(title, index > 0) for index, title in enumerate(sheet.columns)]
    rows = [[tables.Cell(text, _number(text)) for text in row] for row in sheet.rows]
    note = tag("p", sheet.note, class_="quiet") if sheet.note else None
    return join((tag("h3", sheet.title), tables.table(sheet.title, columns, rows), note))


def _number(text: str) -> float | None:
    """What a figure in words sorts by."""
    head = text.replace(",", "").split(" ")[0]
    try:
        return float(head)
    except ValueError:
        return None


def _timeline(found: Board, colour: int) -> Markup:
    """A row for each interrupt, task and idle; a bar for each time it ran."""
    shown = found.spans[:SHOWN]
    first, last = min(s.start for s in shown), max(s.end for s in shown)
    scale = WIDTH / max(last - first, 1)
    tracks = sorted({span.track for span in shown})
    rows = []
    for index, track in enumerate(tracks):
        bars = [
            _bar(span, index, (span.start - first) * scale, scale, colour)
            for span in shown
            if span.track == track
        ]
        rows.append((tag("text", track, x=0, y=index * ROW + 15, class_="tick start"), *bars))
    height = ROW * len(tracks) + ROW
    extent = f"{format_count(last - first)} {found.unit}"
    axis = tag("text", f"{extent} from left to right", x=LEFT, y=height - 6, class_="tick start")
    left = len(found.spans) - len(shown)
    more = f", the first {SHOWN} of {len(found.spans)} spans" if left > 0 else ""
    box = f"0 0 {LEFT + WIDTH} {height}"
    title = f"Time line over {extent}{more}"
    picture = tag("svg", tag("title", title), rows, axis, viewBox=box, role="img", class_="line")
    return join((tag("h3", f"Time line{more}"), tag("div", picture, class_="scroll")))


def _bar(span: Span, row: int, left: float, scale: float, colour: int) -> Markup:
    return tag(
        "rect",
        tag("title", f"{span.track}: {span.end - span.start:,} from {span.start:,}"),
        x=round(LEFT + left, 2),
        y=row * ROW + 4,
        width=max(round((span.end - span.start) * scale, 2), 0.4),
        height=ROW - 8,
        class_=f"fill c{colour}",
    )

"""Records of firmware analyses to parts of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litbench.record import Kind, Metric, Record, Scalar, Table
from litbench.report import phrases
from litbench.report.labels import anchor
from litbench.report.parts import Image, Tile
from litbench.units import Unit, format_bytes

MAX_TILES = 400
KINDS = {Kind.FOOTPRINT, Kind.STACK, Kind.SCAN}

# the tables of each analysis that are read at a glance, with the columns that matter there
_SHOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "firmware size": {
        "sections": ("section", "kind", "address", "size", "flash", "ram"),
        "regions": (),
    },
    "firmware symbols": {
        "symbols": ("symbol", "section", "size"),
        "crates": ("crate", "size", "flash", "ram", "items"),
        "files": ("file", "size", "flash", "ram", "items"),
        "folders": ("folder", "size", "flash", "ram", "items"),
    },
    "firmware diff": {
        "symbols": ("symbol", "change", "flash", "ram"),
        "crates": ("crate", "change", "flash", "ram"),
    },
    "firmware stack": {
        "entries": ("entry", "kind", "bound", "at least", "verdict", "deepest call"),
        "task stacks": (),
        "nesting": (),
        "chains": ("entry", "function", "depth", "frame", "note"),
        "conditions": ("kind", "what the bound rests on", "answer", "annotation"),
    },
    "firmware scan": {
        "rules": ("rule", "what", "found", "size", "advice"),
        "findings": ("rule", "symbol", "size", "called by", "reached from"),
        "sources": (),
    },
}


@dataclass(frozen=True)
class Shown:
    """A table in words. ``columns`` are titles and whether they hold figures."""

    title: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[tuple[float | None, ...], ...]
    more: int


def build(records: Sequence[Record]) -> tuple[Image, ...]:
    """One part for each analysis of an image."""
    chosen = [r for r in records if r.kind in KINDS]
    return tuple(_image(index, record) for index, record in enumerate(chosen, 1))


def _image(index: int, record: Record) -> Image:
    name = record.workload.name
    return Image(
        anchor=anchor("image", index, name, record.subject.name),
        title=f"{name}: {record.subject.name}",
        target=record.subject.name,
        figures=record.metrics,
        tables=record.tables,
        shown=tuple(_SHOWN.get(name, {t.name: () for t in record.tables})),
        tiles=_tiles(record),
        notes=tuple(note.message for note in record.cautions),
    )


def _tiles(record: Record) -> tuple[Tile, ...]:
    """The largest symbols as tiles, and the rest of each section as one."""
    table = record.table("symbols")
    if table is None or "section" not in table.columns:
        return ()
    name, section, size = (table.columns.index(c) for c in ("symbol", "section", "size"))
    rows = [(str(r[name]), str(r[section]), int(r[size] or 0)) for r in table.rows]
    tiles = [Tile(name=n, group=g, value=v) for n, g, v in rows[:MAX_TILES] if v]
    rest: dict[str, int] = {}
    for _, group, value in rows[MAX_TILES:]:
        rest[group] = rest.get(group, 0) + value
    return (*tiles, *(Tile(name="[smaller ones]", group=g, value=v) for g, v in rest.items() if v))


def shown(image: Image, most: int) -> Iterator[Shown]:
    """The tables of an image that are read at a glance, at most ``most`` rows of each."""
    for name in image.shown:
        table = next((t for t in image.tables if t.name == name), None)
        if table is not None and table.rows:
            yield _shown(image, table, most)


def _shown(image: Image, table: Table, most: int) -> Shown:
    wanted = _SHOWN.get(image.title.partition(":")[0], {}).get(table.name) or table.columns
    at = [table.columns.index(column) for column in wanted if column in table.columns]
    kept = table.rows[:most]
    used = [i for i in at if any(row[i] not in {None, ""} for row in kept)]
    return Shown(
        title=table.name,
        columns=tuple((table.columns[i], table.units[i] is not None) for i in used),
        rows=tuple(tuple(cell(row[i], table.units[i]) for i in used) for row in kept),
        numbers=tuple(tuple(_number(row[i]) for i in used) for row in kept),
        more=len(table.rows) - len(kept),
    )


def cell(value: Scalar, unit: Unit | None) -> str:
    """A table's cell in words: whole bytes, never rounded."""
    if value is None:
        return phrases.NOTHING if unit is not None else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and unit is not None:
        return f"{value:,}".replace("-", phrases.MINUS)
    return f"{value}"


def _number(value: Scalar) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def figure(metric: Metric) -> str:
    """A metric in words: bytes exactly, and scaled where they are many."""
    if not metric.values:
        return phrases.UNDETERMINED
    value = max(metric.values)
    if metric.unit is not Unit.BYTES:
        return f"{value:,}"
    exact = f"{value:,.0f} B".replace("-", phrases.MINUS)
    return exact if abs(value) < 1024 else f"{exact} ({format_bytes(value)})"

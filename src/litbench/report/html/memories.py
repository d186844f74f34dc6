"""Memory in the page: what one more costs, and the points that say so."""

from __future__ import annotations

from litbench.report import phrases
from litbench.report.html import sections, tables
from litbench.report.html.bars import Bar, bars
from litbench.report.html.markup import Child, Markup, tag
from litbench.report.html.sections import Colours
from litbench.report.parts import MemoryRow, MemoryTable
from litbench.stats.slope import Slope


def memory(found: MemoryTable, colours: Colours) -> Markup:
    """What one workload costs in memory: each reading apart."""
    readings = list(dict.fromkeys(row.memory.reading for row in found.rows))
    counted = phrases.counted(found)
    each = "crash" if counted == "crashes" else counted.removesuffix("s")
    figures: list[Child] = []
    for index, reading in enumerate(readings if _has_slopes(found) else ()):
        rows = [row for row in found.rows if row.memory.reading is reading]
        title = f"Bytes for one more {each}, {phrases.READINGS[reading]}"
        figures += [
            bars(
                [_memory_bar(row, colours[row.target]) for row in rows], phrases.bytes_each, title
            ),
            sections.canvas("memory", found, f"Memory by size, {phrases.READINGS[reading]}", index),
        ]
    return sections.section(
        found.anchor,
        f"Memory: {found.workload}",
        sections.meta(found),
        tag("div", figures, class_="figures") if figures else None,
        tables.memory(found, colours),
        tables.notes(found.notes, found.anchor),
    )


def _has_slopes(found: MemoryTable) -> bool:
    return any(row.memory.slope is not None for row in found.rows)


def _memory_bar(row: MemoryRow, colour: int) -> Bar:
    slope = row.memory.slope
    if not isinstance(slope, Slope):
        return Bar(row.label, colour, None, None, phrases.UNDETERMINED)
    reach = (slope.high - slope.low) / 2 if slope.excludes_zero else 0
    return Bar(
        label=row.label,
        colour=colour,
        value=slope.slope,
        interval=(slope.low, slope.high),
        text=phrases.each(row),
        detail=f"± {phrases.bytes_each(reach)}" if reach >= 0.5 else "",
    )

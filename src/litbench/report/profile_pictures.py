"""The pictures of a profile: which of them its tables can be drawn as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from litbench.profiles.figures import number, question_of, rows
from litbench.record import Record
from litbench.report import flame_graph
from litbench.report.profile_charts import Line, Span, lanes, log_histogram, over_time, share_bar
from litbench.units import Unit

SVG = "image/svg+xml"
_STACKS = {
    "stacks": {
        "heap": "allocations by stack",
        "leaks": "allocations by stack",
        "cpu": "CPU time by stack",
    },
    "stacks alive": {"heap": "bytes alive at the end", "leaks": "bytes alive at the end"},
}
_HISTOGRAMS = {
    "allocation-size": "allocations by size",
    "allocation-lifetime": "lifetime of objects, in allocations made meanwhile",
    "wake-up-latency": "time from wake-up to running",
}


@dataclass(frozen=True)
class Picture:
    """A drawing with a name that is good for a file."""

    name: str
    svg: str


def pictures(record: Record, *, standalone: bool) -> Iterator[Picture]:
    """Every picture that a profile's tables and histograms can be drawn as.

    ``standalone``: for a file of its own, with the scripts that it needs.
    """
    yield from _flames(record, standalone=standalone)
    classes = [(str(row["class"]), number(row, "share")) for row in rows(record, "classes")]
    if classes:
        yield Picture("classes", share_bar("whose time it is", classes))
    for histogram in record.histograms:
        if histogram.name in _HISTOGRAMS and histogram.counts:
            title = _HISTOGRAMS[histogram.name]
            drawing = log_histogram(title, histogram.counts, histogram.unit)
            yield Picture(histogram.name, drawing)
    yield from _over_time(record)
    yield from _schedule(record)


def files_of(record: Record) -> list[tuple[str, str, str]]:
    """The pictures as (file name, media type, text)."""
    return [
        (f"{picture.name}.svg", SVG, picture.svg) for picture in pictures(record, standalone=True)
    ]


def _flames(record: Record, *, standalone: bool) -> Iterator[Picture]:
    question = question_of(record)
    for name, titles in _STACKS.items():
        table = record.table(name)
        if table is None or not table.rows or question not in titles:
            continue
        unit = table.units[1] or Unit.COUNT
        stacks = [(str(row["stack"]), number(row, "weight")) for row in rows(record, name)]
        title = f"{record.subject.name} {record.workload.name}: {titles[question]}"
        file = "flame-graph" if name == "stacks" else "flame-graph-alive"
        yield Picture(file, flame_graph.render(title, stacks, unit, standalone=standalone))


def _over_time(record: Record) -> Iterator[Picture]:
    for name, columns in (
        ("heap over time", ("live", "resident")),
        ("memory over time", ("allocated", "active", "resident", "retained")),
    ):
        lines = [
            Line(column, [(number(row, "time"), number(row, column))
                          for row in rows(record, name) if row.get(column) is not None])
            for column in columns
        ]  # fmt: skip
        if any(len(line.points) > 1 for line in lines):
            yield Picture(name.replace(" ", "-"), over_time(name, lines, Unit.BYTES))


def _schedule(record: Record) -> Iterator[Picture]:
    spans = [
        Span(f"{row['thread']} ({row['tid']})", str(row["state"]), number(row, "start"),
             number(row, "duration"))
        for row in rows(record, "timeline")
    ]  # fmt: skip
    if spans:
        yield Picture("schedule", lanes("who runs when", spans))

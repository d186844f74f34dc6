"""The probe's events as a time line: interrupts, tasks, idle, mailbox depth.

Written in the Trace Event Format (JSON) that Perfetto and chrome://tracing open: "Trace Event
Format", Google, https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
Its times are microseconds; one instruction, cycle or ns of the board's clock is written as one
nanosecond, and the file says which it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from litbench.boards.block import ClockBlock, EventBlock, ProbeBlock
from litbench.boards.readings import Times, unit_of
from litbench.record import Table
from litbench.units import Unit

MOST_ROWS = 2000
MARKS = 0  # the thread that marks stand on; tracks are numbered from 1

# Kind of the beginning -> (kind of the end, track).
_SPANS = {
    "interrupt-enter": ("interrupt-exit", "interrupt"),
    "handler-start": ("handler-end", "task"),
    "idle-enter": ("idle-exit", "idle"),
}
_ENDS = {end: (begin, track) for begin, (end, track) in _SPANS.items()}


@dataclass(frozen=True)
class Span:
    """Something that lasted: ``track`` is interrupt, task or idle; times in the clock's unit."""

    track: str
    id: int
    start: int
    end: int


@dataclass(frozen=True)
class Depth:
    """How many messages mailbox ``id`` held from ``time`` on."""

    id: int
    time: int
    depth: int


@dataclass(frozen=True)
class Timeline:
    """What the last events say; ``lost`` older ones fell out of the ring."""

    unit: Unit
    spans: tuple[Span, ...]
    depths: tuple[Depth, ...]
    marks: tuple[tuple[int, int], ...]
    lost: int

    def total(self, track: str) -> int:
        """Time within spans of a track."""
        return sum(span.end - span.start for span in self.spans if span.track == track)


def timeline(block: ProbeBlock) -> Timeline | None:
    """The time line of a block's events; None without a clock or without events."""
    unit = unit_of(block.clock)
    if block.clock is None or unit is None or not block.events:
        return None
    times = list(_line_of_time(block.clock, block.events))
    spans = tuple(_spans(block.events, times))
    depths = tuple(
        Depth(event.id, time, event.argument)
        for event, time in zip(block.events, times, strict=True)
        if event.kind in {"post", "take"}
    )
    marks = tuple(
        (time, event.id)
        for event, time in zip(block.events, times, strict=True)
        if event.kind == "mark"
    )
    return Timeline(unit, spans, depths, marks, block.events_made - len(block.events))


def _line_of_time(clock: ClockBlock, events: Sequence[EventBlock]) -> Iterator[int]:
    """Raw registers as times that never go back, from the first event on."""
    times = Times(clock)
    width = clock.mask + 1
    first = last = _count(clock, events[0].time)
    passed = 0
    for event in events:
        count = _count(clock, event.time)
        passed += (count - last) % width
        last = count
        ticks = first + passed
        scaled = (ticks * clock.multiply) >> (clock.shift & 63)
        yield times.duration(scaled)


def _count(clock: ClockBlock, register: int) -> int:
    return (register ^ clock.invert) & clock.mask


def _spans(events: Sequence[EventBlock], times: Sequence[int]) -> Iterator[Span]:
    """Pairs of begin and end; one whose other half is not in the ring is left out."""
    open_at: dict[tuple[str, int], int] = {}
    for event, time in zip(events, times, strict=True):
        if event.kind in _SPANS:
            open_at[event.kind, event.id] = time
        elif event.kind in _ENDS:
            begin, track = _ENDS[event.kind]
            start = open_at.pop((begin, event.id), None)
            if start is not None:
                yield Span(track, event.id, start, time)


def table_of(line: Timeline) -> Table:
    """The spans as a table of a record, the first ``MOST_ROWS`` by their start.

    A mailbox has a span for each time in which it held something; its depth is in the Perfetto
    file.
    """
    spans = sorted([*line.spans, *_filled(line)], key=lambda span: (span.start, span.end))
    rows = tuple((_name(span), span.start, span.end) for span in spans[:MOST_ROWS])
    return Table("timeline", ("track", "start", "end"), (None, line.unit, line.unit), rows)


def _filled(line: Timeline) -> Iterator[Span]:
    """The times in which each mailbox held something."""
    since: dict[int, int] = {}
    for depth in line.depths:
        if depth.depth:
            since.setdefault(depth.id, depth.time)
        elif depth.id in since:
            yield Span("mailbox", depth.id, since.pop(depth.id), depth.time)


def _name(span: Span) -> str:
    return _track_name(span.track, span.id)


def _track_name(track: str, identity: int) -> str:
    return track if track == "idle" else f"{track} {identity}"


def perfetto(line: Timeline, board: str) -> dict[str, Any]:
    """The time line in Trace Event Format."""
    tracks = sorted({(span.track, span.id) for span in line.spans})
    numbers = {track: number for number, track in enumerate(tracks, 1)}
    events: list[dict[str, Any]] = [
        {"ph": "M", "pid": 1, "name": "process_name", "args": {"name": board}}
    ]
    names = {number: _track_name(*track) for track, number in numbers.items()}
    if line.marks:
        names[MARKS] = "marks"
    for number, name in sorted(names.items()):
        of_thread = {"pid": 1, "tid": number, "name": "thread_name", "args": {"name": name}}
        events.append({"ph": "M", **of_thread})
    for span in line.spans:
        name = _name(span)
        events.append(
            {
                "ph": "X",
                "pid": 1,
                "tid": numbers[span.track, span.id],
                "name": name,
                "ts": span.start / 1000,
                "dur": (span.end - span.start) / 1000,
            }
        )
    for depth in line.depths:
        counter = {"messages": depth.depth}
        name = f"mailbox {depth.id}"
        events.append({"ph": "C", "pid": 1, "name": name, "ts": depth.time / 1000, "args": counter})
    for time, identity in line.marks:
        mark = {"ph": "i", "pid": 1, "tid": MARKS, "s": "p", "name": f"mark {identity}"}
        events.append({**mark, "ts": time / 1000})
    return {
        "traceEvents": events,
        "displayTimeUnit": "ns",
        "otherData": {"1 ns is": f"1 {line.unit}", "events lost": str(line.lost)},
    }

"""The probe's block, as ``firmware/probe/src/block.rs`` and ``litbench.h`` lay it out.

A header, a table of sections, the sections: little-endian 32-bit words. A reader takes the places
and sizes from the table, so a firmware built with other capacities reads the same.

Format history:
    1  first version
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from litbench.errors import InputError

MAGIC = b"LITBENCH"
VERSION = 1
HEADER = struct.Struct("<8s6I")
MOST_BYTES = 16 * 1024 * 1024
MOST_SECTIONS = 64

STATES = {0: "not started", 1: "running", 2: "finished", 3: "failed"}
FAILURES = {
    1: "panic",
    2: "fault",
    3: "unknown-workload",
    4: "limit",
    5: "out-of-memory",
}
SOURCES = {0: "none", 1: "cycle counter", 2: "board timer", 3: "SysTick"}
EVENT_KINDS = {
    1: "interrupt-enter",
    2: "interrupt-exit",
    3: "post",
    4: "handler-start",
    5: "handler-end",
    6: "idle-enter",
    7: "idle-exit",
    8: "mark",
    9: "take",
}


# An unpacked entry: numbers, and names as bytes.
Row = tuple[Any, ...]


@dataclass(frozen=True)
class ClockBlock:
    """``count = (register ^ invert) & mask``; the firmware's times are ``count * multiply >>
    shift``.

    ``unit``: 1 cycles, 2 instructions, 3 ticks at ``hertz``. Costs are in that unit. On an emulator
    that counts instructions the host adds how many a step of the clock is.
    """

    source: int
    unit: int
    hertz: int
    mask: int
    invert: int
    address: int
    multiply: int
    shift: int
    read_cost: int
    event_cost: int
    instructions: float | None = None

    def scale(self, register: int) -> int:
        """A reading of the counter's register in the clock's unit."""
        return (((register ^ self.invert) & self.mask) * self.multiply) >> (self.shift & 63)


@dataclass(frozen=True)
class RunBlock:
    """What the firmware says that it does."""

    workload: int
    actors: int
    messages: int
    message_bytes: int
    in_flight: int
    mailbox: int
    idle: int
    iterations: int
    extra: str


@dataclass(frozen=True)
class IterationBlock:
    """One iteration: clock readings, ledger, checksums."""

    start: int
    end: int
    sent: int
    handled: int
    dropped: int
    errored: int
    pending: int
    order: int
    sum: int
    extra: int


@dataclass(frozen=True)
class MailboxBlock:
    """Counters of one mailbox."""

    name: str
    capacity: int
    sent: int
    handled: int
    full: int
    deepest: int


@dataclass(frozen=True)
class HeapBlock:
    """The counting allocator. Bytes, and counts of calls."""

    capacity: int
    current: int
    peak_requested: int
    peak_allocated: int
    allocations: int
    frees: int
    failures: int
    largest_free: int


@dataclass(frozen=True)
class StackBlock:
    """A painted stack: ``untouched`` is the lowest address that was ever written."""

    name: str
    low: int
    high: int
    untouched: int

    @property
    def used(self) -> int:
        """Bytes ever written, as far as the paint shows."""
        return self.high - self.untouched


@dataclass(frozen=True)
class HistogramBlock:
    """Counts in buckets; values below ``2 ** (bits + 1)`` are exact."""

    name: str
    bits: int
    count: int
    least: int
    most: int
    sum: int
    counts: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class EventBlock:
    """One event; ``time`` is the clock's raw register."""

    time: int
    kind: str
    id: int
    argument: int


@dataclass(frozen=True)
class TaskBlock:
    """Execution time of a task, in the clock's unit."""

    name: str
    runs: int
    total: int
    longest: int


@dataclass(frozen=True)
class MetricBlock:
    """A free metric. ``unit``: 0 count, 1 bytes, 2 the clock's."""

    name: str
    unit: int
    value: int


@dataclass(frozen=True)
class ProbeBlock:
    """Everything that a firmware left."""

    state: str
    code: int
    clock: ClockBlock | None = None
    run: RunBlock | None = None
    iterations: tuple[IterationBlock, ...] = ()
    mailboxes: tuple[MailboxBlock, ...] = ()
    heap: HeapBlock | None = None
    stacks: tuple[StackBlock, ...] = ()
    histograms: tuple[HistogramBlock, ...] = ()
    events: tuple[EventBlock, ...] = ()
    events_made: int = 0
    tasks: tuple[TaskBlock, ...] = ()
    metrics: tuple[MetricBlock, ...] = field(default=())

    @property
    def failure(self) -> str:
        """The failure code in words."""
        return FAILURES.get(self.code, f"code {self.code}")


@dataclass(frozen=True)
class _Section:
    """Raw entries of one section."""

    data: bytes
    stride: int
    count: int

    def entries(self, layout: struct.Struct) -> Iterator[Row]:
        """The first words of each entry; a newer firmware may have longer entries."""
        for index in range(self.count):
            yield layout.unpack_from(self.data, index * self.stride)


def decode(data: bytes, source: str = "probe") -> ProbeBlock:
    """The block in ``data``, read from the symbol's address.

    Raises InputError, naming ``source`` and the offset, when it is not a block of version 1.
    """
    if len(data) < HEADER.size:
        raise InputError(source, f"{len(data)} bytes are too few for a probe block", offset=0)
    magic, version, size, state, code, made, count = HEADER.unpack_from(data)
    if magic == bytes(8):
        return ProbeBlock(state=STATES[0], code=0)
    if magic != MAGIC:
        raise InputError(source, "no probe block here: the magic is wrong", offset=0)
    if version != VERSION:
        raise InputError(
            source, f"probe block version {version}; this litbench reads {VERSION}", offset=8
        )
    if not HEADER.size <= size <= len(data):
        raise InputError(source, f"probe block of {size} bytes, {len(data)} are here", offset=12)
    sections = _sections(data[:size], count, source)
    return _assemble(sections, STATES.get(state, f"state {state}"), code, made)


# Kind of section -> layout of an entry's first words.
_CLOCK, _RUN, _ITERATION, _MAILBOX, _HEAP, _STACK = 1, 2, 3, 4, 5, 6
_HISTOGRAM, _BUCKETS, _EVENT, _TASK, _METRIC = 7, 8, 9, 10, 11
_LAYOUTS = {
    _CLOCK: struct.Struct("<10I"),
    _RUN: struct.Struct("<8I12s"),
    _ITERATION: struct.Struct("<7I4x3Q"),
    _MAILBOX: struct.Struct("<12s5I"),
    _HEAP: struct.Struct("<8I"),
    _STACK: struct.Struct("<12s3I"),
    _HISTOGRAM: struct.Struct("<12s4IQ"),
    _EVENT: struct.Struct("<2I"),
    _TASK: struct.Struct("<12sIQI"),
    _METRIC: struct.Struct("<20s2I"),
}


def _sections(data: bytes, count: int, source: str) -> dict[int, _Section]:
    if count > MOST_SECTIONS or HEADER.size + 16 * count > len(data):
        raise InputError(source, f"a table of {count} sections does not fit", offset=28)
    sections = {}
    for index in range(count):
        place = HEADER.size + 16 * index
        kind, offset, stride, entries = struct.unpack_from("<4I", data, place)
        layout = _LAYOUTS.get(kind)
        if offset + stride * entries > len(data) or (layout and entries and stride < layout.size):
            raise InputError(source, f"section {kind} lies outside the block", offset=place)
        sections[kind] = _Section(data[offset : offset + stride * entries], stride, entries)
    return sections


def _assemble(sections: dict[int, _Section], state: str, code: int, made: int) -> ProbeBlock:
    def entries(kind: int) -> list[Row]:
        section = sections.get(kind)
        return list(section.entries(_LAYOUTS[kind])) if section else []

    run = next((_run(row) for row in entries(_RUN)), None)
    done = run.iterations if run else 0
    return ProbeBlock(
        state=state,
        code=code,
        clock=next((ClockBlock(*row) for row in entries(_CLOCK)), None),
        run=run,
        iterations=tuple(IterationBlock(*row) for row in entries(_ITERATION)[:done]),
        mailboxes=tuple(MailboxBlock(_name(r[0]), *r[1:]) for r in entries(_MAILBOX) if r[1]),
        heap=next((HeapBlock(*row) for row in entries(_HEAP) if row[0]), None),
        stacks=tuple(StackBlock(_name(r[0]), *r[1:]) for r in entries(_STACK) if r[2]),
        histograms=_histograms(entries(_HISTOGRAM), sections.get(_BUCKETS)),
        events=_events(entries(_EVENT), made),
        events_made=made,
        tasks=tuple(TaskBlock(_name(r[0]), *r[1:]) for r in entries(_TASK) if _name(r[0])),
        metrics=tuple(MetricBlock(_name(r[0]), *r[1:]) for r in entries(_METRIC) if _name(r[0])),
    )


def _run(row: Row) -> RunBlock:
    return RunBlock(*(*row[:8], _name(row[8])))


def _name(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("ascii", "replace")


def _histograms(heads: list[Row], buckets: _Section | None) -> tuple[HistogramBlock, ...]:
    found = []
    for index, (name, bits, count, least, most, total) in enumerate(heads):
        if not _name(name) or buckets is None or index >= buckets.count:
            continue
        raw = buckets.data[index * buckets.stride : (index + 1) * buckets.stride]
        values = struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])
        counts = tuple((lowest(i, bits), n) for i, n in enumerate(values) if n)
        found.append(HistogramBlock(_name(name), bits, count, least, most, total, counts))
    return tuple(found)


def lowest(bucket: int, bits: int) -> int:
    """The lowest value that falls into a bucket."""
    bits = min(bits, 31)
    if bucket < 2 << bits:
        return bucket
    shift = (bucket >> bits) - 1
    return (bucket - (shift << bits)) << shift


def _events(rows: list[Row], made: int) -> tuple[EventBlock, ...]:
    """The ring's events, oldest first."""
    if made > len(rows) > 0:
        oldest = made % len(rows)
        rows = rows[oldest:] + rows[:oldest]
    return tuple(
        EventBlock(time, EVENT_KINDS.get(what >> 24, "other"), what >> 16 & 0xFF, what & 0xFFFF)
        for time, what in rows[:made]
    )

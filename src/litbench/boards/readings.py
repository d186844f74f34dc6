"""What a firmware left, in the record's terms: clock, iterations, histograms, metrics, tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from litbench.boards.block import SOURCES, ClockBlock, ProbeBlock
from litbench.boards.image import Image
from litbench.boards.machines import Machine
from litbench.boards.plugin import Profile
from litbench.record import Clock, Histogram, Iteration, Ledger, Metric, Specification, Table
from litbench.units import Unit

WORD = 1 << 32
BUCKET_BITS = 11


def unit_of(clock: ClockBlock | None) -> Unit | None:
    """The unit of the firmware's times; None where it found no clock."""
    if clock is None or clock.source == 0:
        return None
    if clock.instructions is not None:
        return Unit.INSTRUCTIONS
    return {1: Unit.CYCLES, 2: Unit.INSTRUCTIONS, 3: Unit.NS}.get(clock.unit)


class Times:
    """Turns the firmware's times into the record's: ticks become ns, others stay."""

    def __init__(self, clock: ClockBlock) -> None:
        unit = unit_of(clock)
        assert unit is not None
        self.unit = unit
        self.factor = clock.instructions
        if self.factor is None and clock.unit == 3 and clock.hertz:
            self.factor = 1e9 / clock.hertz
        scaled = clock.mask + 1
        self.wrap = ((scaled * clock.multiply) >> (clock.shift & 63)) or WORD

    def duration(self, value: int) -> int:
        """A duration in the record's unit."""
        return round(self.exactly(value))

    def exactly(self, value: int) -> float:
        """A sum of durations in the record's unit."""
        return value if self.factor is None else value * self.factor

    def between(self, start: int, end: int) -> int:
        """From one reading to a later one, over at most one wrap."""
        return (end - start) % self.wrap


def clock_of(block: ProbeBlock, where: str) -> Clock | None:
    """The record's clock."""
    unit = unit_of(block.clock)
    if block.clock is None or unit is None:
        return None
    times = Times(block.clock)
    return Clock(
        name=f"{where} ({SOURCES.get(block.clock.source, 'counter')})",
        unit=unit,
        cost=times.duration(block.clock.read_cost),
        resolution=times.duration(1) or 1,
        hertz=block.clock.hertz or None,
    )


def on_emulator(block: ProbeBlock, machine: Machine) -> ProbeBlock:
    """The block of a firmware that was not told what a step of its clock is.

    Under ``-icount`` every clock of the machine counts instructions, whatever the firmware takes it
    for: cycles and ns of an emulator would be taken for those of a real board.
    """
    clock = block.clock
    if clock is None or clock.source == 0 or clock.unit == 2:
        return block
    if clock.source == 1 and machine.cycle_scale.multiply:
        each = machine.cycle_scale.multiply / (1 << machine.cycle_scale.shift)
    elif clock.hertz:
        each = 1e9 / clock.hertz / (1 << machine.shift)
    else:
        return replace(block, clock=replace(clock, source=0))
    return replace(block, clock=replace(clock, instructions=each))


def iterations_of(block: ProbeBlock, checks: set[str] | None = None) -> tuple[Iteration, ...]:
    """Iterations on one line of time; ``checks`` are the names that the workload has, or all."""
    if block.clock is None or unit_of(block.clock) is None:
        return ()
    times, made, now = Times(block.clock), [], 0
    last = 0
    for each in block.iterations:
        start = now + times.between(last, each.start)
        now = start + times.between(each.start, each.end)
        last = each.end
        ledger = Ledger(each.sent, each.handled, each.dropped, each.errored, each.pending)
        found = {"order": each.order, "sum": each.sum}
        if block.run and block.run.extra:
            found[block.run.extra] = each.extra
        wanted = {n: value for n, value in found.items() if checks is None or n in checks}
        made.append(Iteration(times.duration(start), times.duration(now), ledger, wanted))
    return tuple(made)


def specification_of(block: ProbeBlock) -> Specification | None:
    """What the firmware says that it did."""
    run = block.run
    if run is None:
        return None
    return Specification(
        actors=run.actors,
        messages=run.messages,
        message_bytes=run.message_bytes,
        in_flight=run.in_flight,
        mailbox=run.mailbox,
        threads=1,
        driver="worker",
    )


def histograms_of(block: ProbeBlock) -> tuple[Histogram, ...]:
    """The histograms that have samples."""
    if block.clock is None or unit_of(block.clock) is None:
        return ()
    times = Times(block.clock)
    found = []
    for each in block.histograms:
        merged: Counter[int] = Counter()
        for value, count in each.counts:
            merged[rounded(times.duration(value))] += count
        if merged:
            found.append(Histogram(each.name, times.unit, tuple(sorted(merged.items()))))
    return tuple(found)


def rounded(value: int) -> int:
    """The lowest value of the record's bucket: 11 bits kept."""
    shift = max(value.bit_length() - BUCKET_BITS, 0)
    return value >> shift << shift


def metrics_of(block: ProbeBlock, *, idle_trusted: bool = True) -> tuple[Metric, ...]:
    """Heap, events, and what the firmware added. Times that rest on a miscounted idle are left
    out.
    """
    unit = unit_of(block.clock)
    found: list[Metric] = []
    if block.clock and unit:
        cost = Times(block.clock).duration(block.clock.event_cost)
        found.append(Metric("probe-event-cost", unit, (cost,)))
    units = {0: Unit.COUNT, 1: Unit.BYTES, 2: unit if idle_trusted else None}
    found += [
        Metric(metric.name, of, (metric.value,))
        for metric in block.metrics
        if (of := units.get(metric.unit)) is not None
    ]
    found += _extremes(block)
    share = _idle_share(block) if idle_trusted else None
    if share is not None:
        found.append(Metric("idle-share", Unit.RATIO, (share,)))
    if block.heap:
        heap = block.heap
        for name, value in (
            ("heap-current", heap.current),
            ("heap-peak-requested", heap.peak_requested),
            ("heap-peak-allocated", heap.peak_allocated),
            ("heap-largest-free", heap.largest_free),
            ("heap-capacity", heap.capacity),
        ):
            found.append(Metric(name, Unit.BYTES, (value,)))
        found.append(Metric("heap-allocations", Unit.COUNT, (heap.allocations,)))
        found.append(Metric("heap-failures", Unit.COUNT, (heap.failures,)))
    for stack in block.stacks:
        found.append(Metric(f"stack-painted-{stack.name}", Unit.BYTES, (stack.used,)))
    return tuple(found)


def _extremes(block: ProbeBlock) -> list[Metric]:
    """Least, mean and most of each histogram, which the firmware keeps exactly: a bucket's edges
    are not.
    """
    unit = unit_of(block.clock)
    if block.clock is None or unit is None:
        return []
    times = Times(block.clock)
    return [
        Metric(f"{each.name}-{what}", unit, (exact,))
        for each in block.histograms
        if each.count
        for what, exact in (
            ("least", times.duration(each.least)),
            ("mean", times.exactly(each.sum) / each.count),
            ("most", times.duration(each.most)),
        )
    ]


def _idle_share(block: ProbeBlock) -> float | None:
    """Idle time over the time of all iterations; outside them the core does not idle."""
    idle = next((m.value for m in block.metrics if m.name == "idle-time"), None)
    if idle is None or block.clock is None or not block.iterations:
        return None
    times = Times(block.clock)
    total = sum(times.between(i.start, i.end) for i in block.iterations)
    return min(idle / total, 1.0) if total else None


def tables_of(block: ProbeBlock) -> tuple[Table, ...]:
    """Mailboxes and tasks."""
    tables = []
    if block.mailboxes:
        rows = tuple(
            (m.name, m.capacity, m.sent, m.handled, m.full, m.deepest) for m in block.mailboxes
        )
        columns = ("mailbox", "capacity", "sent", "handled", "full", "deepest")
        units = (None, *[Unit.MESSAGES] * 5)
        tables.append(Table("mailboxes", columns, units, rows))
    unit = unit_of(block.clock)
    if block.tasks and block.clock and unit:
        times = Times(block.clock)
        task_rows = tuple(
            (t.name, t.runs, times.duration(t.total), times.duration(t.longest))
            for t in block.tasks
        )
        names = ("task", "runs", "total", "longest")
        tables.append(Table("tasks", names, (None, Unit.COUNT, unit, unit), task_rows))
    return tuple(tables)


def functions_table(profile: Profile, image: Image) -> Table:
    """Instructions by function, most first; what no symbol covers is one row."""
    functions = image.functions()
    counts: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for address, count in profile.counts.items():
        symbol = functions.at(address)
        name = symbol.name if symbol else "(no symbol)"
        counts[name] += count
        if symbol and address == symbol.address:
            calls[name] += count
    shown = demangler()
    rows = tuple(
        (shown(name), count, calls[name] or None, count / profile.total)
        for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    units = (None, Unit.INSTRUCTIONS, Unit.COUNT, Unit.RATIO)
    return Table("functions", ("function", "instructions", "entries", "share"), units, rows)


def demangler() -> Callable[[str], str]:
    """A function from a linker's name to one for people."""
    import pycxxfilt

    def show(name: str) -> str:
        try:
            return str(pycxxfilt.demangle(name) or name)
        except ValueError:
            return name

    return show

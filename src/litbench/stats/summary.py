"""Runs that may be pooled, and what they say together: a throughput, a latency.

Runs are pooled when they are of one build of one target, one workload with the same parameters, the
same set-up (threads, driver, mailboxes, ...), and the same clock. Invalid runs stay visible in
their group and give no number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from litbench import catalogue
from litbench.errors import UsageError
from litbench.record import Clock, Histogram, Measure, Record, Scalar, Specification, Subject
from litbench.stats import histogram as hdr
from litbench.stats import interval, steady
from litbench.stats.interval import Interval
from litbench.stats.steady import State, Steady
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit

NEAR_CLOCK = 10  # a latency of fewer clock readings than this is flagged

Parameters = tuple[tuple[str, Scalar], ...]
_PER = {Unit.NS: 1e9, Unit.CYCLES: 1e6, Unit.INSTRUCTIONS: 1e6}


class Key(msgspec.Struct, frozen=True, order=False):
    """What runs must share to be pooled. ``clock`` names a clock that is not a wall clock.

    ``setup`` is the specification without the counts that follow from workload and parameters.
    """

    subject: Subject
    workload: str
    version: int
    parameters: Parameters
    threads: int | None
    unit: Unit
    clock: str = ""
    setup: Specification | None = None


class Group(msgspec.Struct, frozen=True):
    """The runs of one key, in the order in which they were made."""

    key: Key
    records: tuple[Record, ...]

    def valid(self, measure: Measure) -> tuple[Record, ...]:
        """The runs of that measure whose numbers may be used."""
        return tuple(r for r in self.records if r.valid and r.measure is measure)

    @property
    def invalid(self) -> tuple[Record, ...]:
        """The runs that did not pass their checks."""
        return tuple(r for r in self.records if not r.valid)


class Throughput(msgspec.Struct, frozen=True):
    """Work a second, or a million of the clock's unit where that is not ns.

    ``times`` has every iteration of every fork in the clock's unit, ``states`` what each fork did;
    only steady iterations are in ``rate``. ``work`` is what one iteration gets through.
    """

    rate: float
    interval: Interval | Undetermined
    work: int
    work_unit: Unit
    per: Unit
    times: tuple[tuple[int, ...], ...]
    states: tuple[Steady, ...]

    @property
    def steady_times(self) -> tuple[tuple[int, ...], ...]:
        """The iterations that count, of each fork."""
        return tuple(
            times[state.start :] for times, state in zip(self.times, self.states, strict=True)
        )


class Latency(msgspec.Struct, frozen=True):
    """Percentiles of all forks' samples of one kind, merged. ``unit`` is the histogram's.

    The workload's own latency has what its forks' iterations took (``times``, in the clock's unit)
    and what they did (``states``); a histogram is over all iterations, so all are in it. Both are
    empty where an iteration lasts as long as it is told to.
    """

    name: str
    unit: Unit
    count: int
    mean: float
    p50: int
    p95: int
    p99: int
    p999: int
    max: int
    near_clock: float | None  # the clock's cost, where the median is too near to it
    counts: tuple[tuple[int, int], ...]
    times: tuple[tuple[int, ...], ...] = ()
    states: tuple[Steady, ...] = ()


def group(records: Iterable[Record]) -> tuple[Group, ...]:
    """Benchmark runs in groups, ordered by when each group's first run was made."""
    groups: dict[Key, list[Record]] = defaultdict(list)
    unknown: list[Record] = []
    for record in sorted(records, key=lambda r: (r.started, r.id)):
        if record.specification is None and not record.valid:
            unknown.append(record)
        else:
            groups[_key(record)].append(record)
    for record in unknown:
        groups[_nearest(_key(record), groups)].append(record)
    return tuple(Group(key, tuple(members)) for key, members in groups.items())


def _key(record: Record) -> Key:
    clock = record.clock or Clock(name="")
    return Key(
        subject=record.subject,
        workload=record.workload.name,
        version=record.workload.version,
        parameters=tuple(sorted(record.workload.parameters.items())),
        threads=record.specification.threads if record.specification else None,
        unit=clock.unit,
        clock="" if clock.unit is Unit.NS else clock.name,
        setup=setup_of(record),
    )


def setup_of(record: Record) -> Specification | None:
    """How a run was set up, whatever it had to do: runs that differ in it are not pooled."""
    if record.specification is None:
        return None
    return msgspec.structs.replace(record.specification, actors=0, messages=0)


def _nearest(key: Key, groups: dict[Key, list[Record]]) -> Key:
    """The only group that a run which ended before it said how it runs can belong to."""
    alike = [
        other
        for other in groups
        if msgspec.structs.replace(other, threads=None, setup=None, unit=key.unit, clock=key.clock)
        == key
    ]
    return alike[0] if len(alike) == 1 else key


def throughput(records: Sequence[Record]) -> Throughput | Undetermined:
    """The rate of a group's valid throughput runs, one fork each, or why there is none."""
    records = [record for record in records if record.iterations]
    if not records:
        return Undetermined("no valid throughput run")
    if any(not _proven(record) for record in records):
        return Undetermined("a ledger does not balance: nothing proves how much work was done")
    first = records[0]
    work, work_unit = _work(first)
    if work <= 0:
        return Undetermined("no message was handled")
    times = tuple(tuple(i.elapsed for i in record.iterations) for record in records)
    states = tuple(steady.classify(fork) for fork in times)
    kept = [fork[state.start :] for fork, state in zip(times, states, strict=True)]
    mean = interval.mean(kept)
    if isinstance(mean, Undetermined):
        return mean
    unit = first.clock.unit if first.clock else Unit.NS
    found = interval.mean_interval(kept)
    scale = work * _PER[unit]
    return Throughput(
        rate=scale / mean,
        interval=found if isinstance(found, Undetermined) else found.inverted().scaled(scale),
        work=work,
        work_unit=work_unit,
        per=unit,
        times=times,
        states=states,
    )


def _proven(record: Record) -> bool:
    """Whether every iteration's ledger is what the definition says, or at least balances."""
    if record.expected is not None:
        return all(i.ledger == record.expected.ledger for i in record.iterations)
    return all(i.ledger.balances and i.ledger.handled for i in record.iterations)


def _work(record: Record) -> tuple[int, Unit]:
    """What one iteration gets through: as the catalogue says, else the messages handled."""
    try:
        definition = catalogue.workload(record.workload.name)
        given = {k: v for k, v in record.workload.parameters.items() if isinstance(v, int)}
        if definition.version == record.workload.version:
            return definition.work_of(definition.values(given)), definition.work_unit
    except UsageError:
        pass  # a workload of another litbench, or of the user's own: its ledger still counts
    return record.iterations[0].ledger.handled, Unit.MESSAGES


def latencies(records: Sequence[Record]) -> tuple[Latency, ...] | Undetermined:
    """Percentiles of a group's valid latency runs, the workload's own histogram first."""
    by_name: dict[tuple[str, Unit], list[Histogram]] = defaultdict(list)
    for record in records:
        for histogram in record.histograms:
            if hdr.total(histogram.counts):
                by_name[histogram.name, histogram.unit].append(histogram)
    if not by_name:
        return Undetermined("no valid latency run" if not records else "no latency was recorded")
    costs = [r.clock.cost for r in records if r.clock and r.clock.cost is not None]
    own = _own_histogram(records[0])
    found = [_latency(histograms, max(costs, default=None)) for histograms in by_name.values()]
    first, *others = sorted(found, key=lambda latency: (latency.name != own, latency.name))
    return _with_iterations(first, records), *others


def _with_iterations(found: Latency, records: Sequence[Record]) -> Latency:
    try:
        if catalogue.workload(records[0].workload.name).spins:
            return found
    except UsageError:
        pass  # a workload of the user's own
    times = tuple(tuple(i.elapsed for i in r.iterations) for r in records if r.iterations)
    states = tuple(steady.classify(fork) for fork in times)
    return msgspec.structs.replace(found, times=times, states=states)


def _own_histogram(record: Record) -> str | None:
    try:
        return catalogue.workload(record.workload.name).histogram
    except UsageError:
        return None


def _latency(histograms: Sequence[Histogram], cost: float | None) -> Latency:
    merged = hdr.merge(histograms)
    p50, p95, p99, p999 = hdr.percentiles(merged.counts, (hdr.P50, hdr.P95, hdr.P99, hdr.P999))
    return Latency(
        name=merged.name,
        unit=merged.unit,
        count=hdr.total(merged.counts),
        mean=hdr.mean(merged.counts),
        p50=p50,
        p95=p95,
        p99=p99,
        p999=p999,
        max=hdr.most(merged.counts),
        near_clock=cost if cost is not None and p50 < NEAR_CLOCK * cost else None,
        counts=merged.counts,
    )


def count_states(states: Sequence[Steady]) -> dict[State, int]:
    """How many forks were in each class, classes that did not occur left out."""
    counts: dict[State, int] = defaultdict(int)
    for fork in states:
        counts[fork.state] += 1
    return dict(counts)

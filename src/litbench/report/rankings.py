"""Records to rankings: which rows stand in one table, and what must be said about each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from litbench import catalogue
from litbench.errors import UsageError
from litbench.record import Kind, Measure, Note, Record, Specification
from litbench.report.labels import anchor, labels
from litbench.report.notes import Notes
from litbench.report.parts import Ranking, Row
from litbench.stats import fairness, ranking, summary
from litbench.stats.fairness import Fairness
from litbench.stats.interval import Scope
from litbench.stats.ranking import Place, Standing
from litbench.stats.steady import State, Steady
from litbench.stats.summary import Group, Latency, Throughput
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit, format_quantity

SCALED_DOWN = "scaled-down"  # the caution of a run whose parameters its target could not hold
FAIRNESS = (
    "share: of the others' messages, what was handled while one actor burned the processor;"
    " worst gap: the longest that one of them waited for its next message"
)
PACING = "pacing"  # the histogram of how late a driver sent
LATE_NS = 5_000  # a driver that spins on an idle machine is nearer to its schedule
FEW = 2  # forks, of which an interval is so wide that it needs a word


@dataclass(frozen=True)
class _Names:
    """Labels of rows, and the same without threads."""

    full: dict[summary.Key, str]
    without_threads: dict[summary.Key, str]


_Table = tuple[str, int, Unit, str, summary.Parameters]


def build(records: Sequence[Record]) -> tuple[Ranking, ...]:
    """One ranking for each workload and set of parameters, in the catalogue's order."""
    timed = [r for r in records if r.kind in {Kind.BENCHMARK, Kind.BOARD} and _timed(r)]
    groups = summary.group(timed)
    keys = [group.key for group in groups]
    names = _Names(labels(keys), labels(keys, threads=False))
    tables: dict[_Table, list[Group]] = defaultdict(list)
    for group in groups:
        if not _scaled(group):
            tables[_table(group)].append(group)
    for group in groups:
        if _scaled(group):
            tables[_home(group, tables)].append(group)
    order = {w.name: i for i, w in enumerate(catalogue.all_workloads())}
    ordered = sorted(
        tables,
        key=lambda t: (order.get(t[0], len(order)), t[:2], t[2] is not Unit.NS, t[2:4], str(t[4])),
    )
    return tuple(
        _ranking(i, _title(table, ordered), table, tables[table], names)
        for i, table in enumerate(ordered, 1)
    )


def _title(table: _Table, tables: Sequence[_Table]) -> str:
    """The workload, and what its other tables have otherwise."""
    alike = [other for other in tables if other[0] == table[0]]
    own, others = dict(table[4]), [dict(other[4]) for other in alike]
    told = [f"{k} {v}" for k, v in own.items() if any(other.get(k) != v for other in others)]
    told += [f"version {table[1]}"] if any(other[1] != table[1] for other in alike) else []
    told += [f"{table[2]} of {table[3]}"] if table[2] is not Unit.NS else []
    return ", ".join([table[0], *told])


def _timed(record: Record) -> bool:
    return record.measure in {Measure.THROUGHPUT, Measure.LATENCY}


def _scaled(group: Group) -> bool:
    return any(note.code == SCALED_DOWN for r in group.records for note in r.cautions)


def _table(group: Group) -> _Table:
    key = group.key
    return key.workload, key.version, key.unit, key.clock, key.parameters


def _home(group: Group, tables: dict[_Table, list[Group]]) -> _Table:
    """The fullest table of the same workload: a row that was scaled down is shown there."""
    own = _table(group)
    alike = [table for table in tables if table[:4] == own[:4]]
    return max(alike, key=lambda table: len(tables[table]), default=own)


def _ranking(number: int, title: str, table: _Table, groups: list[Group], names: _Names) -> Ranking:
    name, version, per, clock, parameters = table
    rates = [_throughput(group) for group in groups]
    measured = [_latencies(group) for group in groups]
    places = _places(table, groups, rates)
    differ = ranking.differences([_specification(group) for group in groups])
    told = [
        _sentences(table, group, rate, latencies, different)
        for group, rate, latencies, different in zip(groups, rates, measured, differ, strict=True)
    ]
    remarks = _of_all(told)
    notes = Notes()
    rows = [
        Row(
            target=group.key.subject.name,
            label=names.full[group.key],
            configuration=names.without_threads[group.key],
            threads=group.key.threads,
            throughput=rate,
            latencies=latencies,
            standing=place.standing,
            part=place.part,
            part_interval=place.interval,
            rescaled=_table(group) != table,
            differs=different,
            fairness=_fairness(group),
            notes=notes.add(sentence for sentence in sentences if sentence not in remarks),
            runs=tuple(record.id for record in group.records),
            valid=len(group.records) - len(group.invalid),
            invalid=len(group.invalid),
            reasons=_reasons(group),
        )
        for group, rate, latencies, place, different, sentences in zip(
            groups, rates, measured, places, differ, told, strict=True
        )
    ]
    work_units = [rate.work_unit for rate in rates if isinstance(rate, Throughput)]
    return Ranking(
        anchor=anchor(number, name),
        title=title,
        workload=name,
        version=version,
        summary=_summary(name),
        parameters={k: v for k, v in parameters if v is not None},
        work_unit=work_units[0] if work_units else Unit.MESSAGES,
        per=per,
        clock=clock,
        rows=tuple(sorted(rows, key=_order)),
        notes=notes.texts,
        remarks=(*remarks, FAIRNESS) if any(row.fairness for row in rows) else remarks,
    )


def _of_all(told: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What would stand beside every row of several, and is better said once."""
    if len(told) < 2:
        return ()
    return tuple(text for text in told[0] if all(text in sentences for sentences in told))


def _summary(name: str) -> str:
    try:
        return catalogue.workload(name).summary
    except UsageError:
        return ""


def _throughput(group: Group) -> Throughput | Undetermined | None:
    if not any(record.measure is Measure.THROUGHPUT for record in group.records):
        return None
    return summary.throughput(group.valid(Measure.THROUGHPUT))


def _latencies(group: Group) -> tuple[Latency, ...] | Undetermined | None:
    if not any(record.measure is Measure.LATENCY for record in group.records):
        return None
    return summary.latencies(group.valid(Measure.LATENCY))


def _fairness(group: Group) -> Fairness | Undetermined | None:
    """How the others fared, where the workload has an actor that burns the processor."""
    if not any(record.metric(fairness.SHARE) for record in group.records):
        return None
    return fairness.fairness([record for record in group.records if record.valid])


def _places(
    table: _Table, groups: list[Group], rates: Sequence[Throughput | Undetermined | None]
) -> tuple[Place, ...]:
    """Places of the rows with the table's own parameters; others are not ranked."""
    return ranking.places(
        [
            rate if _table(group) == table else None
            for group, rate in zip(groups, rates, strict=True)
        ]
    )


def _order(row: Row) -> tuple[int, float, str]:
    """The order of rows: by throughput, else by median latency, invalid ones last."""
    if isinstance(row.throughput, Throughput):
        return (1 if row.standing is Standing.UNRANKED else 0, -row.throughput.rate, row.label)
    if isinstance(row.latency, Latency):
        return 2, row.latency.p50, row.label
    return 3, 0.0, row.label


def _specification(group: Group) -> Specification | None:
    known = [r.specification for r in group.records if r.specification is not None]
    return Counter(known).most_common(1)[0][0] if known else None


def _reasons(group: Group) -> tuple[Note, ...]:
    return tuple(dict.fromkeys(reason for record in group.invalid for reason in record.reasons))


def _sentences(
    table: _Table,
    group: Group,
    rate: Throughput | Undetermined | None,
    latencies: tuple[Latency, ...] | Undetermined | None,
    different: Sequence[str],
) -> list[str]:
    """Everything that a reader of this row must know."""
    sentences = [*_of_invalid(group), *_of_parameters(table, group), *different]
    if isinstance(rate, Throughput):
        sentences += _of_rate(rate)
    if isinstance(latencies, tuple):
        sentences += _of_latency(latencies[0], sentences) + _of_pacing(latencies)
    return list(dict.fromkeys(sentences)) + _of_cautions(group)


def _of_invalid(group: Group) -> list[str]:
    invalid = len(group.invalid)
    if not invalid:
        return []
    counts = Counter(note.message for record in group.invalid for note in record.reasons[:1])
    message, count = counts.most_common(1)[0] if counts else ("no reason given", invalid)
    more = f" (and {invalid - count} for other reasons)" if invalid > count else ""
    return [f"invalid: {invalid} of {len(group.records)} runs: {message}{more}"]


def _of_parameters(table: _Table, group: Group) -> list[str]:
    usual = dict(table[4])
    other = [f"{k}={v}" for k, v in group.key.parameters if usual.get(k) != v]
    return [f"not ranked: ran with {', '.join(other)}"] if other else []


def _of_rate(rate: Throughput) -> list[str]:
    sentences = []
    if isinstance(rate.interval, Undetermined):
        sentences.append(f"interval undetermined: {rate.interval.reason}")
    elif rate.interval.scope is Scope.ITERATIONS:
        sentences.append(
            "one fork: the interval is over its iterations only, and says nothing about other runs"
        )
    elif rate.interval.forks == FEW:
        sentences.append("two forks show little of how forks differ: the interval has to be wide")
    return sentences + _of_states(rate.states, _STATES)


_STATES = {
    State.NONE: "no steady state in {} of {} forks: all their iterations are in the mean",
    State.SLOWDOWN: "{} of {} forks slowed down before they were steady",
    State.WARMUP: "{} of {} forks warmed up first: those iterations are left out",
    State.SHORT: "too few iterations to tell whether it was in a steady state",
}
_STATES_OF_LATENCY = {
    State.NONE: "latency: no steady state in {} of {} forks",
    State.SLOWDOWN: "latency: {} of {} forks slowed down; the samples from before are in, too",
    State.WARMUP: "latency: {} of {} forks warmed up first; those samples are in, too",
    State.SHORT: "latency: too few iterations to tell whether it was in a steady state",
}


def _of_states(states: Sequence[Steady], told: dict[State, str]) -> list[str]:
    counts, forks = summary.count_states(states), len(states)
    sentences = [
        text.format(counts[state], forks)
        for state, text in told.items()
        if state in counts and state is not State.SHORT
    ]
    if forks and counts.get(State.SHORT) == forks:
        sentences.append(told[State.SHORT])
    return sentences


def _of_latency(latency: Latency, told: Sequence[str]) -> list[str]:
    sentences = _of_states(latency.states, _STATES_OF_LATENCY)
    if _STATES[State.SHORT] in told:  # of the rate, and so much the more of the latency
        sentences = [s for s in sentences if s != _STATES_OF_LATENCY[State.SHORT]]
    if latency.near_clock is not None:
        cost = format_quantity(latency.near_clock, latency.unit)
        sentences.append(f"the median latency is near the cost of reading the clock ({cost})")
    return list(dict.fromkeys(sentences))


def _of_pacing(latencies: Sequence[Latency]) -> list[str]:
    """Where the driver of an open loop could not keep to its schedule."""
    late = [one for one in latencies if one.name == PACING and one.p99 > LATE_NS]
    return [
        f"the driver sent late (p99 {format_quantity(one.p99, one.unit)}): the machine was busy"
        for one in late
        if one.unit is Unit.NS
    ]


def _of_cautions(group: Group) -> list[str]:
    """Each code once: the numbers in a caution's message are a run's own.

    A run that has a code twice says two things with it.
    """
    by_code: dict[tuple[str, int], list[str]] = defaultdict(list)
    for record in group.records:
        times: Counter[str] = Counter()
        for note in record.cautions:
            by_code[note.code, times[note.code]].append(note.message)
            times[note.code] += 1
    return [
        messages[0]
        if len(set(messages)) == 1
        else f"{messages[0]} (and so in {len(messages) - 1} more runs)"
        for messages in by_code.values()
    ]

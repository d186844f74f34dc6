"""Rankings to sweeps: a rate or a latency as threads, load, batch or any other amount is swept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from litbench import catalogue
from litbench.record import Measure, Record, Scalar
from litbench.report import phrases
from litbench.report.labels import anchor
from litbench.report.parts import Claim, GoalTable, Ranking, Row, Sweep, SweepPoint, SweepRow
from litbench.stats import quantity, scaling
from litbench.stats.interval import Interval
from litbench.stats.quantity import Quantity
from litbench.stats.scaling import Step
from litbench.stats.summary import Latency, Throughput
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit, format_count

LOAD = "load"  # the parameter that says what percentage of the capacity is offered
THREADS = "threads"
RATE, P99 = "rate", "p99"  # quantities of goals that a sweep can be held against
CLAIM = "claim"

# The others are in the rankings.
_SHOWN = tuple(pair for pair in phrases.LATENCIES if pair[0] in {"p50", "p99", "max"})

_Rows = dict[int, Row]  # by what is swept
_Family = tuple[Scalar, ...]


def build(
    rankings: Sequence[Ranking], records: Sequence[Record] = (), goals: Sequence[GoalTable] = ()
) -> tuple[Sweep, ...]:
    """Every sweep that the rankings have in them, beside what ``goals`` say is claimed.

    ``records`` are those of the rankings: an interval of a percentile is over their forks.
    """
    by_id = {record.id: record for record in records}
    found = list(_scalings(rankings))
    for number, (name, alike) in enumerate(_families(rankings), 1):
        found += _rates(number, name, alike, goals)
        found += _latencies(number, name, alike, by_id, goals)
    return tuple(found)


def _scalings(rankings: Sequence[Ranking]) -> Iterator[Sweep]:
    for ranking in rankings:
        by_name: dict[str, _Rows] = defaultdict(dict)
        for row in ranking.rows:
            if row.threads is not None and isinstance(row.throughput, Throughput):
                by_name[row.configuration][row.threads] = row
        rows = [_scaling(name, found) for name, found in by_name.items() if len(found) > 1]
        if rows:
            yield Sweep(
                anchor=f"{ranking.anchor}-scaling",
                title=f"{ranking.title}: scaling",
                figure="Speed-up by worker threads",
                summary="speed-up over the fewest threads, with its interval; efficiency is"
                " that over perfect scaling",
                over=THREADS,
                value="speed-up",
                unit=Unit.RATIO,
                columns=(phrases.rate_unit(ranking), "speed-up", "± 95 %", "efficiency"),
                rows=tuple(rows),
            )


def _scaling(name: str, rows: _Rows) -> SweepRow:
    points = tuple(_speed_up(step) for step in scaling.scaling(_throughputs(rows)))
    return SweepRow(target=next(iter(rows.values())).target, label=name, points=points)


def _throughputs(rows: _Rows) -> Mapping[int, Throughput]:
    return {at: r.throughput for at, r in rows.items() if isinstance(r.throughput, Throughput)}


def _speed_up(step: Step) -> SweepPoint:
    known = step.interval if isinstance(step.interval, Interval) else None
    return SweepPoint(
        at=step.threads,
        value=step.speed_up,
        low=known.low if known else None,
        high=known.high if known else None,
        cells=(
            format_count(step.rate),
            *_ratio(step),
            f"{100 * step.efficiency:.0f} %",
        ),
    )


def _ratio(step: Step) -> tuple[str, str]:
    """A rate as a multiple of the first one, and the interval of that."""
    if isinstance(step.interval, Interval):
        reach = phrases.sides(step.speed_up, step.interval)
    else:
        reach = phrases.NOTHING if step.speed_up == 1 else phrases.UNDETERMINED
    return f"{step.speed_up:.2f}", reach


def _families(rankings: Sequence[Ranking]) -> Iterator[tuple[str, list[Ranking]]]:
    """Rankings that differ in one amount alone, with its name, in the order of that amount."""
    alike: dict[tuple[str, _Family], list[Ranking]] = defaultdict(list)
    for ranking in rankings:
        for name, value in ranking.parameters.items():
            if type(value) is int and catalogue.is_amount(ranking.workload, name):
                others = (f"{k}={v}" for k, v in sorted(ranking.parameters.items()) if k != name)
                family: _Family = (
                    ranking.workload,
                    ranking.version,
                    ranking.per,
                    ranking.clock,
                    *others,
                )
                alike[name, family].append(ranking)
    for (name, _), found in alike.items():
        if len(found) > 1:
            yield name, sorted(found, key=lambda ranking: _at(ranking, name))


def _at(ranking: Ranking, name: str) -> int:
    return int(ranking.parameters[name])


def _rows(name: str, rankings: Sequence[Ranking]) -> dict[tuple[str, str], _Rows]:
    """Each configuration's rows by the value of the parameter ``name``."""
    found: dict[tuple[str, str], _Rows] = defaultdict(dict)
    for ranking in rankings:
        for row in ranking.rows:
            if not row.rescaled:
                found[row.target, row.label][_at(ranking, name)] = row
    return found


def _rates(
    number: int, name: str, rankings: Sequence[Ranking], goals: Sequence[GoalTable]
) -> Iterator[Sweep]:
    rows = []
    for (target, label), found in _rows(name, rankings).items():
        rates = _throughputs(found)
        if len(rates) > 1:
            steps = scaling.scaling(rates)
            points = tuple(_rate(rates[step.threads], step) for step in steps)
            rows.append(SweepRow(target=target, label=label, points=points))
    first = rankings[0]
    if rows:
        unit = phrases.rate_unit(first)
        yield Sweep(
            anchor=anchor(name, number, first.workload, RATE),
            title=f"{first.workload}: throughput by {name}",
            figure=f"{unit} by {name}, with 95 % intervals",
            summary=f"the same workload with another {name}, and each rate over that of the"
            f" smallest {name}",
            over=name,
            value=unit,
            unit=first.work_unit,
            columns=(unit, "± 95 %", f"over first {name}", "± 95 %"),
            rows=tuple(rows),
            claims=_claims(first, name, RATE, {row.target for row in rows}, goals),
        )


def _rate(found: Throughput, step: Step) -> SweepPoint:
    known = found.interval if isinstance(found.interval, Interval) else None
    return SweepPoint(
        at=step.threads,
        value=found.rate,
        low=known.low if known else None,
        high=known.high if known else None,
        cells=(
            format_count(found.rate),
            phrases.sides(found.rate, known) if known else phrases.UNDETERMINED,
            *_ratio(step),
        ),
    )


def _latencies(
    number: int,
    name: str,
    rankings: Sequence[Ranking],
    records: Mapping[str, Record],
    goals: Sequence[GoalTable],
) -> Iterator[Sweep]:
    rows = []
    for (target, label), found in _rows(name, rankings).items():
        points = [
            _latency(at, row, row.latency, records, loaded=name == LOAD)
            for at, row in sorted(found.items())
            if isinstance(row.latency, Latency)
        ]
        if len(points) > 1:
            rows.append(SweepRow(target=target, label=label, points=tuple(points)))
    first = rankings[0]
    if rows:
        loaded = name == LOAD
        columns = (*(title for title, _ in _SHOWN), "p99 over forks", "± 95 %")
        yield Sweep(
            anchor=anchor(name, number, first.workload, P99),
            title=f"{first.workload}: latency by {name}",
            figure=f"{'Corrected p99' if loaded else 'p99'} by {'offered load' if loaded else name}"
            ", mean over forks with its 95 % interval",
            summary="corrected latency, from the intended start of each message; naive, from when"
            " it could be sent; load in percent of the measured capacity"
            if loaded
            else f"the same workload with another {name}",
            over=name,
            value="p99 over forks",
            unit=first.per,
            columns=(*columns, "naive p99", "offered") if loaded else columns,
            rows=tuple(rows),
            claims=_claims(first, name, P99, {row.target for row in rows}, goals),
        )


def _latency(
    at: int, row: Row, latency: Latency, records: Mapping[str, Record], *, loaded: bool
) -> SweepPoint:
    """The percentiles of all forks together, and the mean of their p99 with its interval."""
    runs = [records[i] for i in row.runs if i in records]
    timed = [r for r in runs if r.valid and r.measure is Measure.LATENCY]
    p99 = quantity.quantity(P99, timed) if timed else Undetermined("no run")
    known = p99 if isinstance(p99, Quantity) else None
    others = row.latencies if isinstance(row.latencies, tuple) else ()
    value = known.value if known else float(latency.p99)
    return SweepPoint(
        at=at,
        value=value,
        low=known.low if known else None,
        high=known.high if known else None,
        cells=(
            *(phrases.latency(row, field) for _, field in _SHOWN),
            phrases.duration(value, latency.unit),
            phrases.spread(known) if known else phrases.UNDETERMINED,
            *(_of_load(others, timed) if loaded else ()),
        ),
    )


def _of_load(latencies: Sequence[Latency], records: Sequence[Record]) -> tuple[str, str]:
    """The naive p99 of an open loop, and the messages a second that it offered on average."""
    naive = [phrases.duration(one.p99, one.unit) for one in latencies if one.name == "naive"]
    found = [metric.values[0] for r in records if (metric := r.metric("offered")) and metric.values]
    offered = f"{format_count(sum(found) / len(found))}/s" if found else phrases.NOTHING
    return naive[0] if naive else phrases.NOTHING, offered


def _claims(
    ranking: Ranking, name: str, of: str, targets: set[str], goals: Sequence[GoalTable]
) -> tuple[Claim, ...]:
    """What is published about this workload's ``of``, each claim once."""
    found: dict[Claim, None] = {}
    for table in goals:
        for row in table.rows:
            if (
                (row.kind, row.workload, row.quantity) == (CLAIM, ranking.workload, of)
                and row.target in targets
                and ranking.per is Unit.NS
            ):
                at = row.parameters.get(name)
                where = f" at {name} {at}" if at is not None else ""
                label = f"{row.name}: {row.stated}{where}"
                found[Claim(label=label, value=row.limit)] = None
    return tuple(found)

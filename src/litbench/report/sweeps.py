"""Rankings to sweeps: speed-up over worker threads, and latency over the offered load."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from litbench.record import Scalar
from litbench.report import phrases
from litbench.report.labels import anchor
from litbench.report.parts import Ranking, Row, Sweep, SweepPoint, SweepRow
from litbench.stats import scaling
from litbench.stats.interval import Interval
from litbench.stats.scaling import Step
from litbench.stats.summary import Latency, Throughput
from litbench.units import Unit, format_count

LOAD = "load"  # the parameter that says what percentage of the capacity is offered


def build(rankings: Sequence[Ranking]) -> tuple[Sweep, ...]:
    """Every sweep that the rankings have in them."""
    return (*_scalings(rankings), *_loads(rankings))


def _scalings(rankings: Sequence[Ranking]) -> Iterator[Sweep]:
    for ranking in rankings:
        by_name: dict[str, dict[int, Row]] = defaultdict(dict)
        for row in ranking.rows:
            if row.threads is not None and isinstance(row.throughput, Throughput):
                by_name[row.configuration][row.threads] = row
        rows = [_scaling(name, found) for name, found in by_name.items() if len(found) > 1]
        if rows:
            yield Sweep(
                anchor=f"{ranking.anchor}-scaling",
                title=f"{ranking.workload}: scaling",
                figure="Speed-up by worker threads",
                summary="speed-up over the fewest threads, with its interval; efficiency is"
                " that over perfect scaling",
                over="threads",
                value="speed-up",
                unit=Unit.RATIO,
                columns=(phrases.rate_unit(ranking), "speed-up", "± 95 %", "efficiency"),
                rows=tuple(rows),
            )


def _scaling(name: str, rows: dict[int, Row]) -> SweepRow:
    rates = {n: r.throughput for n, r in rows.items() if isinstance(r.throughput, Throughput)}
    points = tuple(_step(step) for step in scaling.scaling(rates))
    return SweepRow(target=next(iter(rows.values())).target, label=name, points=points)


def _step(step: Step) -> SweepPoint:
    known = step.interval if isinstance(step.interval, Interval) else None
    undetermined = phrases.NOTHING if step.speed_up == 1 else phrases.UNDETERMINED
    return SweepPoint(
        at=step.threads,
        value=step.speed_up,
        low=known.low if known else None,
        high=known.high if known else None,
        cells=(
            format_count(step.rate),
            f"{step.speed_up:.2f}",
            phrases.sides(step.speed_up, known) if known else undetermined,
            f"{100 * step.efficiency:.0f} %",
        ),
    )


def _loads(rankings: Sequence[Ranking]) -> Iterator[Sweep]:
    """Rankings that differ in the offered load alone, as one curve a configuration."""
    alike: dict[tuple[Scalar, ...], list[Ranking]] = defaultdict(list)
    for ranking in rankings:
        if isinstance(ranking.parameters.get(LOAD), int):
            others = (f"{k}={v}" for k, v in sorted(ranking.parameters.items()) if k != LOAD)
            alike[ranking.workload, ranking.version, ranking.per, *others].append(ranking)
    for number, found in enumerate(alike.values(), 1):
        if len(found) > 1:
            yield _load(number, sorted(found, key=lambda r: int(r.parameters[LOAD])))


def _load(number: int, rankings: Sequence[Ranking]) -> Sweep:
    points: dict[tuple[str, str], list[SweepPoint]] = defaultdict(list)
    for ranking in rankings:
        for row in ranking.rows:
            if isinstance(row.latency, Latency):
                at = int(ranking.parameters[LOAD])
                points[row.target, row.label].append(_loaded(at, row, row.latency))
    first = rankings[0]
    return Sweep(
        anchor=anchor(LOAD, number, first.workload),
        title=f"{first.workload}: latency by load",
        figure="Corrected p99 by offered load",
        summary="corrected latency, from the intended start of each message; naive, from when"
        " it could be sent; load in percent of the measured capacity",
        over=LOAD,
        value="p99",
        unit=first.per,
        columns=(*(name for name, _ in phrases.LATENCIES), "naive p99"),
        rows=tuple(
            SweepRow(target=target, label=label, points=tuple(found))
            for (target, label), found in points.items()
        ),
    )


def _loaded(load: int, row: Row, latency: Latency) -> SweepPoint:
    others = row.latencies if isinstance(row.latencies, tuple) else ()
    naive = next((other for other in others if other.name == "naive"), None)
    return SweepPoint(
        at=load,
        value=float(latency.p99),
        low=None,
        high=None,
        cells=(
            *(phrases.latency(row, field) for _, field in phrases.LATENCIES),
            phrases.duration(naive.p99, naive.unit) if naive else phrases.NOTHING,
        ),
    )

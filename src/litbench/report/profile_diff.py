"""The difference between two profiles, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from litbench.profiles.diff import Breakdown, Change, Difference, MetricChange
from litbench.units import Unit, format_count, format_quantity

SHOWN = 12


def render(found: Sequence[Difference]) -> str:
    """Every difference as lines of text."""
    return "\n".join(line for each in found for line in _lines(each))


def _lines(each: Difference) -> Iterator[str]:
    names = [f"{r.subject.name} {r.workload.name} ({r.started})" for r in (each.before, each.after)]
    yield f"{each.question} by {each.tool}"
    yield f"  before: {names[0]}"
    yield f"  after:  {names[1]}"
    for note in each.notes:
        yield f"  note: {note}"
    for metric in each.metrics:
        if metric.before != metric.after and not metric.name.endswith("-total"):
            yield _metric(metric)
    for breakdown in each.breakdowns:
        yield from _breakdown(breakdown)
    yield ""


def _metric(metric: MetricChange) -> str:
    before, after = amount(metric.before, metric.unit), amount(metric.after, metric.unit)
    return f"  {metric.name:<34} {before} -> {after}{percent(metric.before, metric.after)}"


def _breakdown(breakdown: Breakdown) -> Iterator[str]:
    each = " per message" if breakdown.per_message else ""
    unit = breakdown.unit or Unit.COUNT
    before, after = amount(breakdown.before, unit), amount(breakdown.after, unit)
    change = percent(breakdown.before, breakdown.after)
    yield f"  {breakdown.table}: {breakdown.column}{each}, {before} -> {after}{change}"
    shown = [change for change in breakdown.changes if change.change][:SHOWN]
    for row in shown:
        yield _row(row, unit)
    if not shown:
        yield "    no change"


def _row(change: Change, unit: Unit) -> str:
    sign = "+" if change.change > 0 else "-"
    shown = f"{sign}{amount(abs(change.change), unit)}"
    share = f"{change.share:.0%} of the change" if change.share is not None else ""
    new = " (new)" if not change.before else " (gone)" if not change.after else ""
    return f"    {shown:>14}  {share:>18}  {change.name}{new}"


def percent(before: float, after: float) -> str:
    """The relative change; empty where there was nothing before."""
    return f" ({(after - before) / before:+.1%})" if before else ""


def amount(value: float, unit: Unit) -> str:
    """A figure for people."""
    return format_count(value) if unit is Unit.COUNT else format_quantity(value, unit)

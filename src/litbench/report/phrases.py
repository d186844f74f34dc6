"""The words and figures of a report, the same in every format.

A cell is a short text for a table. What has no value says so: ``undetermined``, or a dash where
nothing was measured.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from litbench.catalogue import telling
from litbench.record import Parameters, Scalar
from litbench.report.parts import (
    Claim,
    GoalRow,
    GoalTable,
    MemoryRow,
    MemoryTable,
    Ranking,
    Report,
    Row,
    Verdict,
)
from litbench.stats.fairness import Fairness
from litbench.stats.interval import Interval
from litbench.stats.memory import Reading
from litbench.stats.quantity import Quantity
from litbench.stats.ranking import Standing
from litbench.stats.slope import Slope
from litbench.stats.summary import Latency, Throughput
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit, format_bytes, format_count, format_quantity, significant

NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
UNDETERMINED = "undetermined"
INVALID = "invalid"

LATENCIES = (("p50", "p50"), ("p95", "p95"), ("p99", "p99"), ("p99.9", "p999"), ("max", "max"))
MARKS = {Standing.BEST: "★", Standing.TIED: "≈"}
LEGEND = (
    "★ best   ≈ not distinguishable from the best"
    "   ± half the 95 % interval over forks and iterations"
)

SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNDETERMINED: "?"}
READINGS = {
    Reading.LIVE: "live bytes in the allocator",
    Reading.RSS: "resident set",
    Reading.REPORTED: "reported by the runtime itself",
}


def plain(text: str) -> str:
    """``text`` without what could move a cursor, hide, or turn the writing direction."""
    if text.isprintable():
        return text
    return "".join("�" if unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs"} else c for c in text)


def rate_unit(ranking: Ranking) -> str:
    """What a throughput is counted in."""
    per = "s" if ranking.per is Unit.NS else f"M {ranking.per}"
    return f"{ranking.work_unit}/{per}"


def mark(row: Row) -> str:
    """The sign of the best value and of those that tie with it."""
    return MARKS.get(row.standing, "")


def rate(row: Row) -> str:
    """The throughput's estimate."""
    if row.valid == 0:
        return INVALID
    if row.throughput is None:
        return NOTHING
    if isinstance(row.throughput, Undetermined):
        return UNDETERMINED if not row.invalid else INVALID
    return format_count(row.throughput.rate)


def margin(row: Row) -> str:
    """Half the interval as a percentage of the estimate; both sides when they are not alike."""
    found = row.throughput
    if not isinstance(found, Throughput):
        return "" if row.valid == 0 or found is None else NOTHING
    if isinstance(found.interval, Undetermined):
        return UNDETERMINED
    return sides(found.rate, found.interval)


def reach(row: Row) -> str:
    """The interval as it stands beside a figure."""
    return signed(margin(row))


def signed(reach: str) -> str:
    """An interval's reach with its sign, where it has none of its own."""
    return f"± {reach}" if reach[:1].isdigit() else reach


def sides(estimate: float, interval: Interval) -> str:
    """An interval's reach to both sides of an estimate: in percent, or as factors beyond that."""
    return _sides(estimate, interval.low, interval.high)


def _sides(estimate: float, low: float, high: float) -> str:
    below = 100 * (estimate - low) / estimate
    above = 100 * (high - estimate) / estimate
    if above > 100 and low > 0:
        factors = estimate / low, high / estimate
        return f"÷{significant(factors[0], 2)} {TIMES}{significant(factors[1], 2)}"
    if round(max(below, above), 1) <= 2 * round(min(below, above), 1):
        return f"{_percent(max(below, above))} %"
    return f"{MINUS}{_percent(below)} +{_percent(above)} %"


def spread(found: Quantity) -> str:
    """The reach of a quantity's interval."""
    if found.low is None or found.high is None:
        return UNDETERMINED
    return _sides(found.value, found.low, found.high)


def _percent(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def latency(row: Row, field: str) -> str:
    """One percentile of the row's own latency."""
    if not isinstance(row.latency, Latency):
        return UNDETERMINED if isinstance(row.latency, Undetermined) and row.valid else NOTHING
    value: int = getattr(row.latency, field)
    return duration(value, row.latency.unit)


def share(row: Row) -> str:
    """What the others got done beside an actor that burned the processor."""
    if not isinstance(row.fairness, Fairness):
        return UNDETERMINED if row.fairness and row.valid else NOTHING
    return percent(row.fairness.share)


def share_interval(row: Row) -> str:
    """The interval of the share."""
    found = row.fairness
    if not isinstance(found, Fairness):
        return NOTHING
    if found.low is None or found.high is None:
        return UNDETERMINED
    return f"{percent(found.low).removesuffix(' %')} to {percent(found.high)}"


def worst_gap(row: Row) -> str:
    """The longest wait of one of the others, in any fork."""
    if not isinstance(row.fairness, Fairness):
        return NOTHING
    return duration(row.fairness.worst_gap, row.fairness.unit)


FAIRNESS = (("share", share), ("share, 95 %", share_interval), ("worst gap", worst_gap))


def has_latencies(ranking: Ranking) -> bool:
    """Whether a ranking has runs that were for latency."""
    return any(row.latencies is not None for row in ranking.rows)


def has_fairness(ranking: Ranking) -> bool:
    """Whether a ranking has shares and gaps to show."""
    return any(row.fairness is not None for row in ranking.rows)


def percent(part: float) -> str:
    """A part of 1 in percent, with the digits that a small one needs."""
    return f"{100 * part:.1f} %" if part == 0 or part >= 0.0095 else f"{100 * part:.2g} %"


def duration(value: float, unit: Unit) -> str:
    """A time; in the clock's own unit as a bare count, since the table names the unit."""
    return format_quantity(value, unit) if unit is Unit.NS else format_count(value)


def title(name: str, version: int, parameters: Parameters, prefix: str = "") -> str:
    """A workload with its version and parameters on one line."""
    shown = telling(name, parameters)
    listed = " ".join(f"{key}={_number(value)}" for key, value in shown.items())
    return f"{prefix}{name} v{version}" + (f"  {listed}" if listed else "")


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{value}"


def used(row: MemoryRow) -> str:
    """Memory in use at the largest size."""
    return format_bytes(_largest(row)[1])


def count(row: MemoryRow) -> str:
    """How many actors, messages, ... the largest size has."""
    return f"{_largest(row)[0]:,}"


def counted(memory: MemoryTable) -> str:
    """What the sizes of a table count; empty where it has one size."""
    return next((row.memory.counted for row in memory.rows if row.memory.counted), "")


def left(row: MemoryRow) -> str:
    """Memory still in use when all of the largest size was gone again."""
    size = row.memory.points[-1].size
    found = [p.left for p in row.memory.points if p.size == size and p.left is not None]
    return format_bytes(sum(found) / len(found)).replace("-", MINUS) if found else NOTHING


def _largest(row: MemoryRow) -> tuple[int, float]:
    size = row.memory.points[-1].size
    at = [point.used for point in row.memory.points if point.size == size]
    return size, sum(at) / len(at)


def each(row: MemoryRow) -> str:
    """Bytes for one more actor or message."""
    slope = row.memory.slope
    if slope is None:
        return NOTHING
    if isinstance(slope, Undetermined):
        return UNDETERMINED
    if not slope.excludes_zero:
        return f"≤ {bytes_each(max(slope.high, 0))}"
    return bytes_each(slope.slope)


def each_interval(row: MemoryRow) -> str:
    """The interval of the bytes for one more."""
    slope = row.memory.slope
    if not isinstance(slope, Slope):
        return NOTHING if slope is None else ""
    return f"{bytes_each(slope.low).removesuffix(' B')} to {bytes_each(slope.high)}"


def bytes_each(value: float) -> str:
    """Bytes as they are quoted for one actor: whole above ten, never in KiB."""
    sign = MINUS if value < 0 else ""
    size = abs(value)
    return (
        f"{sign}{size:,.0f} B"
        if size >= 99.5 or size == round(size)
        else (f"{sign}{significant(size, 2)} B")
    )


def verdict(found: Verdict) -> str:
    """A verdict with its sign, so that none rests on a colour."""
    return f"{SIGNS[found]} {found}"


def verdicts(goals: GoalTable) -> str:
    """How many goals have each verdict."""
    return ", ".join(f"{verdict(found)}: {count}" for found, count in goals.verdicts.items())


def claim(found: Claim) -> str:
    """A published value that a sweep is seen beside."""
    return f"claimed: {found.label}"


def measured(row: GoalRow) -> str:
    """What was measured of a goal."""
    found = row.measured
    return UNDETERMINED if isinstance(found, Undetermined) else _amount(found, found.value)


def measured_interval(row: GoalRow) -> str:
    """The interval of what was measured of a goal."""
    found = row.measured
    if isinstance(found, Undetermined) or found.low is None or found.high is None:
        return NOTHING
    low, high = _amount(found, found.low), _amount(found, found.high)
    unit = " " + high.rpartition(" ")[2]
    return f"{low.removesuffix(unit)} to {high}"


def _amount(found: Quantity, value: float) -> str:
    if found.unit is Unit.RATIO:
        return percent(value)
    if found.unit is Unit.BYTES:
        return bytes_each(value)
    if found.per_second:
        return f"{format_count(value)}/s"
    return duration(value, found.unit)


def memory_columns(memory: MemoryTable) -> tuple[tuple[str, Callable[[MemoryRow], str]], ...]:
    """Titles and cells of a memory table's figures."""
    if not counted(memory):
        return ("used", used), ("left", left)
    return (
        ("used", used),
        (counted(memory), count),
        ("left", left),
        ("bytes each", each),
        ("95 % interval", each_interval),
    )


def readings(memory: MemoryTable) -> str:
    """What the readings of a table are, and what was left when."""
    kinds = dict.fromkeys(row.memory.reading for row in memory.rows)
    told = ", ".join(f"{kind}: {READINGS[kind]}" for kind in kinds)
    return f"{told}; left: what was still in use when all was gone again"


def fact(name: str, value: Scalar) -> str:
    """A fact about the machine."""
    if value is None:
        return UNDETERMINED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and "memory" in name:
        return format_bytes(value)
    return f"{value:,}" if isinstance(value, int) else f"{value}"


def headline(report: Report) -> str:
    """How many runs there are, of what, and when."""
    total = report.valid + report.invalid
    parts = [f"{_counted(total, 'run')} of {_counted(len(report.targets), 'target')}"]
    if report.invalid:
        parts.append(f"{report.invalid:,} invalid")
    if report.first:
        first, last = report.first[:16].replace("T", " "), report.last[:16].replace("T", " ")
        parts.append(first if first == last else f"{first} to {last}")
    return ", ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

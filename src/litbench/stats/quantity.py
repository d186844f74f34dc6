"""One number of a target with its interval, by name: what a goal is held against.

p50 p95 p99 p999     a percentile of the workload's own latency, the mean over forks
half-p50             half the median round trip: one way
rate                 work a second
rate-per-thread      the same for each worker thread
time-each            nanoseconds for each message (or actor): one over the rate
bytes-each           live bytes in the allocator for one more actor or message
share                part of the others' messages handled beside an actor that burns the processor
worst-gap            the longest that one of them waited for its next message, the mean over forks
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import msgspec

from litbench.record import Histogram, Measure, Record
from litbench.stats import fairness, interval, memory, summary
from litbench.stats import histogram as hdr
from litbench.stats.interval import Interval
from litbench.stats.memory import Reading
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit

HALF = "half-p50"
_PERCENTILES = {"p50": hdr.P50, "p95": hdr.P95, "p99": hdr.P99, "p999": hdr.P999}


class Quantity(msgspec.Struct, frozen=True):
    """An estimate in ``unit`` (a second, where it is a rate), and its interval or why none."""

    value: float
    unit: Unit
    low: float | None
    high: float | None
    reason: str = ""
    per_second: bool = False


def names() -> tuple[str, ...]:
    """The quantities that there are."""
    return (*_PERCENTILES, HALF, *_OTHERS)


def measure_of(name: str) -> Measure:
    """What kind of run a quantity is taken from."""
    return _OTHERS[name][0] if name in _OTHERS else Measure.LATENCY


def quantity(name: str, records: Sequence[Record]) -> Quantity | Undetermined:
    """The quantity of these runs: valid, of one build with the same parameters, and its measure."""
    if name in _PERCENTILES:
        return _percentile(records, _PERCENTILES[name])
    if name == HALF:
        return _one_way(records)
    return _OTHERS[name][1](records)


def _percentile(records: Sequence[Record], at: Fraction) -> Quantity | Undetermined:
    found = summary.latencies(records)
    if isinstance(found, Undetermined):
        return found
    own = found[0]
    forks = [
        float(hdr.percentiles(histogram.counts, (at,))[0])
        for record in records
        if (histogram := _histogram(record, own.name)) is not None
    ]
    if min(forks) <= 0:
        return Undetermined("a fork's percentile is below the clock's resolution")
    middle = interval.mean([[value] for value in forks])
    if isinstance(middle, Undetermined):
        return middle
    return _quantity(middle, own.unit, interval.mean_interval([[value] for value in forks]))


def _one_way(records: Sequence[Record]) -> Quantity | Undetermined:
    found = _percentile(records, hdr.P50)
    if isinstance(found, Undetermined):
        return found
    costs = [record.clock.cost for record in records if record.clock]
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(records):
        return Undetermined("a run does not say what reading its clock costs")
    return msgspec.structs.replace(
        found,
        value=found.value / 2,
        low=None if found.low is None else max(found.low - max(known), 0) / 2,
        high=None if found.high is None else found.high / 2,
    )


def _histogram(record: Record, name: str) -> Histogram | None:
    found = record.histogram(name)
    return found if found is not None and hdr.total(found.counts) else None


def _quantity(
    value: float, unit: Unit, found: Interval | Undetermined, *, per_second: bool = False
) -> Quantity:
    if isinstance(found, Undetermined):
        return Quantity(value, unit, None, None, found.reason, per_second)
    if found.forks < 2:
        reason = "one fork: nothing shows how forks differ"
        return Quantity(value, unit, None, None, reason, per_second)
    return Quantity(value, unit, found.low, found.high, per_second=per_second)


def _rate(records: Sequence[Record]) -> Quantity | Undetermined:
    found = summary.throughput(records)
    if isinstance(found, Undetermined):
        return found
    if found.per is not Unit.NS:
        return Undetermined(f"timed in {found.per}, which is no wall clock")
    return _quantity(found.rate, found.work_unit, found.interval, per_second=True)


def _rate_per_thread(records: Sequence[Record]) -> Quantity | Undetermined:
    found = _rate(records)
    if isinstance(found, Undetermined):
        return found
    threads = records[0].specification.threads if records[0].specification else 0
    if threads < 1:
        return Undetermined("the runs do not say how many threads they had")
    return msgspec.structs.replace(
        found,
        value=found.value / threads,
        low=None if found.low is None else found.low / threads,
        high=None if found.high is None else found.high / threads,
    )


def _time_each(records: Sequence[Record]) -> Quantity | Undetermined:
    found = _rate(records)
    if isinstance(found, Undetermined):
        return found
    return Quantity(
        value=1e9 / found.value,
        unit=Unit.NS,
        low=None if found.high is None else 1e9 / found.high,
        high=None if found.low is None else 1e9 / found.low,
        reason=found.reason,
    )


def _bytes_each(records: Sequence[Record]) -> Quantity | Undetermined:
    live = [one for one in memory.memory(records) if one.reading is Reading.LIVE]
    if not live:
        return Undetermined("the runs have no reading of the allocator's live bytes")
    line = live[0].slope
    if line is None:
        return Undetermined("the workload has no size that memory could be a slope over")
    if isinstance(line, Undetermined):
        return line
    return Quantity(line.slope, Unit.BYTES, line.low, line.high)


def _share(records: Sequence[Record]) -> Quantity | Undetermined:
    found = fairness.fairness(records)
    if isinstance(found, Undetermined):
        return found
    return Quantity(found.share, Unit.RATIO, found.low, found.high, found.reason)


def _worst_gap(records: Sequence[Record]) -> Quantity | Undetermined:
    found = fairness.fairness(records)
    if isinstance(found, Undetermined):
        return found
    forks = [[float(gap)] for gap in found.worst_gaps]
    middle = interval.mean(forks)
    if isinstance(middle, Undetermined):
        return middle
    return _quantity(middle, found.unit, interval.mean_interval(forks))


_OTHERS: dict[str, tuple[Measure, Callable[[Sequence[Record]], Quantity | Undetermined]]] = {
    "rate": (Measure.THROUGHPUT, _rate),
    "rate-per-thread": (Measure.THROUGHPUT, _rate_per_thread),
    "time-each": (Measure.THROUGHPUT, _time_each),
    "bytes-each": (Measure.MEMORY, _bytes_each),
    "share": (Measure.THROUGHPUT, _share),
    "worst-gap": (Measure.THROUGHPUT, _worst_gap),
}

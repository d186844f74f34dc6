"""One record in full, as sections of names and values in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from litbench.record import Histogram, Metric, Record, Scalar, Table
from litbench.report.parts import Run, Section
from litbench.stats import histogram as hdr
from litbench.stats import steady
from litbench.units import Unit, format_quantity

SHOWN = 20  # values or rows of one kind; the record has them all


def build(record: Record) -> Run:
    """Everything about a run that a person would look up."""
    return Run(
        id=record.id,
        kind=record.kind,
        target=record.subject.name,
        workload=record.workload.name,
        measure=record.measure or record.kind,
        started=record.started,
        valid=record.valid,
        reasons=record.reasons,
        cautions=record.cautions,
        sections=tuple(section for section in _sections(record) if section.items),
    )


def _sections(record: Record) -> Iterator[Section]:
    yield _section("Subject", _fields(record.subject))
    yield _section("Parameters", record.workload.parameters.items())
    yield _section("Specification", _fields(record.specification))
    yield _section("Ledger", _ledger(record))
    yield _section("Iterations", _iterations(record))
    yield _section("Histograms", ((h.name, _histogram(h)) for h in record.histograms))
    yield _section("Metrics", ((m.name, _metric(m)) for m in record.metrics))
    yield _section("Tables", ((t.name, _table(t)) for t in record.tables))
    yield _section("Clock", _fields(record.clock))
    yield _section("Readings", record.environment.readings.items())
    yield _section("Plan", _fields(record.place))
    yield _section(
        "Instruments", ((i.name, _instrument(i.version, i.settings)) for i in record.instruments)
    )
    yield _section("Artifacts", ((a.name, f"{a.path} ({a.bytes} bytes)") for a in record.artifacts))
    yield _section("Record", (("id", record.id), ("session", record.session), *_duration(record)))


def _section(title: str, items: Iterable[tuple[str, Scalar]]) -> Section:
    return Section(title=title, items=tuple((name, _text(value)) for name, value in items))


def _text(value: Scalar) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if type(value) is int and abs(value) >= 10_000 else str(value)


def _fields(part: msgspec.Struct | None) -> Iterator[tuple[str, Scalar]]:
    if part is not None:
        for name in part.__struct_fields__:
            value = getattr(part, name)
            if value not in (None, ""):
                yield name.replace("_", " "), value


def _duration(record: Record) -> Iterator[tuple[str, Scalar]]:
    if record.duration_ns:
        yield "duration", format_quantity(record.duration_ns, Unit.NS)


def _ledger(record: Record) -> Iterator[tuple[str, Scalar]]:
    if record.expected is not None:
        yield "expected", _entries(record.expected.ledger, record.expected.checks)
    distinct: dict[str, list[int]] = {}
    for index, iteration in enumerate(record.iterations):
        distinct.setdefault(_entries(iteration.ledger, iteration.checks), []).append(index)
    for text, indices in islice(distinct.items(), SHOWN):
        yield _which(indices, len(record.iterations)), text


def _entries(ledger: msgspec.Struct, checks: dict[str, int]) -> str:
    entries = {n: getattr(ledger, n) for n in ledger.__struct_fields__}
    shown = [f"{n} {v:,}" for n, v in entries.items() if v or n in {"sent", "handled"}]
    return ", ".join(shown + [f"{name} = {value}" for name, value in checks.items()])


def _which(indices: list[int], count: int) -> str:
    if len(indices) == count:
        return f"all {count} iterations" if count > 1 else "the iteration"
    if len(indices) > 3:
        return f"{len(indices)} of {count} iterations"
    return f"iteration {', '.join(map(str, indices))}"


def _iterations(record: Record) -> Iterator[tuple[str, Scalar]]:
    times = [iteration.elapsed for iteration in record.iterations]
    if not times:
        return
    unit = record.clock.unit if record.clock else Unit.NS
    found = steady.classify(times)
    yield "count", len(times)
    yield "state", found.state + (f", from iteration {found.start}" if found.start else "")
    yield "shortest", format_quantity(min(times), unit)
    yield "longest", format_quantity(max(times), unit)
    yield "times", _some([format_quantity(time, unit) for time in times])


def _some(texts: list[str]) -> str:
    more = f" … and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more


def _histogram(histogram: Histogram) -> str:
    samples = hdr.total(histogram.counts)
    if not samples:
        return "empty"
    p50, p99 = hdr.percentiles(histogram.counts, (hdr.P50, hdr.P99))
    named = {"p50": p50, "p99": p99, "max": hdr.most(histogram.counts)}
    values = (f"{name} {format_quantity(value, histogram.unit)}" for name, value in named.items())
    return f"{samples:,} samples: {', '.join(values)}"


def _metric(metric: Metric) -> str:
    return _some([format_quantity(value, metric.unit) for value in metric.values])


def _table(table: Table) -> str:
    rows = (" | ".join(map(_text, row)) for row in table.rows[:SHOWN])
    return f"{' | '.join(table.columns)}: " + _some(list(rows)) + f" ({len(table.rows)} rows)"


def _instrument(version: str, settings: dict[str, Scalar]) -> str:
    return " ".join([version, *(f"{name}={_text(value)}" for name, value in settings.items())])

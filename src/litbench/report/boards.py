"""Board records as tables in words: latency, time, functions, interrupts, stacks, mailboxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from litbench.record import Histogram, Kind, Metric, Record, Scalar, Table
from litbench.report.parts import Board, Sheet, Span
from litbench.stats import histogram as hdr
from litbench.units import Unit, format_bytes, format_count, significant

SHOWN = 15
LONGEST = 72
_LATENCY_COLUMNS = ("latency", "samples", "min", "mean", "p50", "p99", "max", "jitter")
_EXACT = ("least", "mean", "most")
_QUANTILES = (Fraction(50, 100), Fraction(99, 100))


TIMELINE = "timeline"


def build(records: Sequence[Record]) -> tuple[Board, ...]:
    """One part for each board run, in the order given."""
    return tuple(_board(record) for record in records if record.kind is Kind.BOARD)


def _board(record: Record) -> Board:
    values = " ".join(f"{name}={value}" for name, value in record.workload.parameters.items())
    return Board(
        anchor=f"board-{record.id}",
        title=f"{record.subject.name}: {record.workload.name} {values}".strip(),
        target=record.subject.name,
        unit=record.clock.unit if record.clock else None,
        valid=record.valid,
        notes=(*record.reasons, *record.cautions),
        sheets=tuple(sheets(record)),
        spans=tuple(spans(record)),
    )


def spans(record: Record) -> Iterator[Span]:
    """The time line that a record keeps."""
    table = record.table(TIMELINE)
    for track, start, end in table.rows if table else ():
        if isinstance(start, int) and isinstance(end, int):
            yield Span(track=str(track), start=start, end=end)


def sheets(record: Record) -> Iterator[Sheet]:
    """Everything that a board run found, one table after the other."""
    if record.kind is not Kind.BOARD:
        return
    if record.iterations:
        yield _iterations(record)
    if record.histograms:
        yield _latencies(record)
    for table in record.tables:
        if table.rows and table.name != TIMELINE:
            yield _table(table)
    shown = {f"{each.name}-{what}" for each in record.histograms for what in _EXACT}
    if left := [metric for metric in record.metrics if metric.name not in shown]:
        yield _metrics(left)


def comparison(records: Sequence[Record]) -> Sheet:
    """Board runs of one workload side by side: a row each, named by the parameters that differ."""
    parameters = [record.workload.parameters for record in records]
    differing = [
        name for name in parameters[0] if len({values.get(name) for values in parameters}) > 1
    ]
    rows = []
    for record in records:
        named = " ".join(f"{name}={record.workload.parameters[name]}" for name in differing)
        rows.append((named or record.subject.name, *_figures(record)))
    columns = ("", "shortest iteration", *_LATENCY_COLUMNS[1:], "idle", "wake-ups")
    clock = records[0].clock
    title = f"times in {clock.unit}" if clock else "times"
    return Sheet(title=title, columns=columns, rows=tuple(rows))


def _figures(record: Record) -> tuple[str, ...]:
    if not record.valid:
        return ("invalid", *["-"] * (len(_LATENCY_COLUMNS) + 1))
    elapsed = [iteration.elapsed for iteration in record.iterations]
    latency = _latency(record, record.histograms[0])[1:] if record.histograms else ("-",) * 7
    return (_exact(min(elapsed)) if elapsed else "-", *latency, *_idle(record))


def _idle(record: Record) -> tuple[str, str]:
    share, wakes = record.metric("idle-share"), record.metric("wake-ups")
    return (
        _cell(share.values[0], Unit.RATIO) if share else "-",
        _cell(wakes.values[0], Unit.COUNT) if wakes else "-",
    )


def _iterations(record: Record) -> Sheet:
    elapsed = [iteration.elapsed for iteration in record.iterations]
    unit = record.clock.unit if record.clock else Unit.COUNT
    handled = record.iterations[0].ledger.handled
    rows = (
        ("iterations", format_count(len(elapsed))),
        ("shortest", _exact(min(elapsed))),
        ("longest", _exact(max(elapsed))),
        (f"{unit} a message", significant(min(elapsed) / handled) if handled else "-"),
    )
    return Sheet(title="time", columns=("", str(unit)), rows=rows)


def _latencies(record: Record) -> Sheet:
    """Minimum, mean, percentiles, maximum, and the jitter: how far the maximum is from the
    minimum.
    """
    rows = tuple(_latency(record, each) for each in record.histograms)
    title = f"latency in {record.histograms[0].unit}"
    return Sheet(title=title, columns=_LATENCY_COLUMNS, rows=rows)


def _latency(record: Record, histogram: Histogram) -> tuple[str, ...]:
    """The firmware's own least, mean and most where it gave them: buckets are a little wider."""
    counts = histogram.counts
    p50, p99 = hdr.percentiles(counts, _QUANTILES)
    given = {what: record.metric(f"{histogram.name}-{what}") for what in _EXACT}
    least, mean, most = (
        metric.values[0] if (metric := given[what]) else of(counts)
        for what, of in zip(_EXACT, (hdr.least, hdr.mean, hdr.most), strict=True)
    )
    numbers = (least, round(mean), *(min(max(each, least), most) for each in (p50, p99)))
    figures = (*numbers, most, most - least)
    return (histogram.name, _exact(hdr.total(counts)), *(_exact(each) for each in figures))


def _table(table: Table) -> Sheet:
    rows = tuple(
        tuple(_cell(value, unit) for value, unit in zip(row, table.units, strict=True))
        for row in table.rows[:SHOWN]
    )
    left = len(table.rows) - len(rows)
    note = f"and {left} more rows, in the record" if left > 0 else ""
    return Sheet(title=table.name, columns=table.columns, rows=rows, note=note)


def _metrics(metrics: Sequence[Metric]) -> Sheet:
    rows = tuple(
        (metric.name, ", ".join(_cell(value, metric.unit) for value in metric.values))
        for metric in metrics
    )
    return Sheet(title="readings", columns=("", "value"), rows=rows)


def _cell(value: Scalar, unit: Unit | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, (str, bool)) or unit is None:
        return _cut(str(value))
    if unit is Unit.BYTES:
        return format_bytes(value) if value >= 10_240 else f"{value:,} B"
    if unit is Unit.RATIO:
        return f"{100 * value:.1f} %"
    return _exact(value) if isinstance(value, int) else significant(value)


def _cut(text: str) -> str:
    """A long name without its middle; the record has it whole."""
    return text if len(text) <= LONGEST else f"{text[:40]}…{text[-(LONGEST - 41) :]}"


def _exact(value: float) -> str:
    return f"{value:,}"

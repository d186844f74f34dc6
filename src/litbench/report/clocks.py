"""One workload on clocks that cannot be compared, side by side: each figure with its own unit.

A nanosecond of a server and an instruction of an emulated core say nothing about each other, so
nothing here is ranked. What the runs did otherwise stands in the table.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from litbench.catalogue import telling
from litbench.record import Record, Scalar
from litbench.report import phrases
from litbench.report.parts import Ranking, Row, Sheet
from litbench.stats.summary import Latency, Throughput
from litbench.units import Unit, format_quantity

_COLUMNS = ("target", "clock", "a message", "p50", "p99", "max", "ran with")
_COMPARED = ("message_bytes", "mailbox", "threads", "driver")
_SCALE = {Unit.NS: 1e9}
_OTHERS = 1e6  # other rates are of a million of the unit
INSTRUCTIONS = "instr"
_NOTE = (
    f"ns of a wall clock, instructions ({INSTRUCTIONS}) of an emulated core: the one says nothing"
    " about the other; "
)

_Done = dict[str, Scalar]


def build(records: Sequence[Record], rankings: Sequence[Ranking]) -> tuple[Sheet, ...]:
    """A table for each workload that was measured on more than one clock."""
    by_id = {record.id: record for record in records}
    workloads: dict[tuple[str, int], list[Ranking]] = defaultdict(list)
    for ranking in rankings:
        workloads[ranking.workload, ranking.version].append(ranking)
    return tuple(
        _sheet(found, by_id)
        for found in workloads.values()
        if len({_clock(ranking) for ranking in found}) > 1
    )


def _clock(ranking: Ranking) -> str:
    """The clock in words; all clocks that tick in ns are one."""
    if ranking.per is Unit.NS:
        return "wall clock"
    return ranking.clock.partition(",")[0]


def _sheet(rankings: Sequence[Ranking], records: Mapping[str, Record]) -> Sheet:
    pairs = [(ranking, row) for ranking in rankings for row in ranking.rows if row.valid]
    done = [_done(row, records) for _, row in pairs]
    names = list(dict.fromkeys(name for each in done for name in each))
    differing = [name for name in names if len({each.get(name) for each in done}) > 1]
    alike = {name: done[0].get(name) for name in names if name not in differing}
    rows = tuple(
        (row.label, _clock(ranking), *_figures(ranking, row), _words(each, differing))
        for (ranking, row), each in zip(pairs, done, strict=True)
    )
    told = f"alike in all: {_words(alike, alike)}" if alike else "nothing is alike"
    return Sheet(
        title=f"{rankings[0].workload} side by side",
        columns=_COLUMNS,
        rows=rows,
        note=_NOTE + told,
    )


def _figures(ranking: Ranking, row: Row) -> Iterator[str]:
    rate = row.throughput
    if isinstance(rate, Throughput) and rate.work_unit is Unit.MESSAGES:
        yield _time(_SCALE.get(ranking.per, _OTHERS) / rate.rate, ranking.per)
    else:
        yield phrases.NOTHING
    for field in ("p50", "p99", "max"):
        if isinstance(row.latency, Latency):
            yield _time(getattr(row.latency, field), row.latency.unit)
        else:
            yield phrases.NOTHING


def _time(value: float, unit: Unit) -> str:
    return format_quantity(value, unit).replace(str(Unit.INSTRUCTIONS), INSTRUCTIONS)


def _done(row: Row, records: Mapping[str, Record]) -> _Done:
    """What a row's runs did: parameters, and the rest of the specification."""
    found = [records[identifier] for identifier in row.runs]
    first = found[0].workload
    specifications = [r.specification for r in found if r.specification is not None]
    made: _Done = {**telling(first.name, first.parameters)}
    if specifications:
        usual = Counter(specifications).most_common(1)[0][0]
        made |= {name.replace("_", " "): getattr(usual, name) for name in _COMPARED}
    return made


def _words(done: _Done, names: Sequence[str] | _Done) -> str:
    return ", ".join(f"{name} {_value(done[name])}" for name in names if name in done)


def _value(value: Scalar) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{value}"

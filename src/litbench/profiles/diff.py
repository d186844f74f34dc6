"""What accounts for the change between two profiles: which sites, functions or threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from litbench.errors import UsageError
from litbench.profiles.figures import number, question_of, rows, value
from litbench.record import Record, Scalar
from litbench.units import Unit

ROWS_LIMIT = 50
# Counts of instructions on one thread differ by less from run to run: a larger change is real.
REPEATS_WITHIN = 1e-4
INSTRUCTIONS = "simulated-instructions-per-message"
# question -> table, columns that name a row, the column to compare
_TABLES: dict[str, tuple[tuple[str, tuple[str, ...], str], ...]] = {
    "heap": (
        ("sites", ("site", "where"), "allocations"),
        ("sites", ("site", "where"), "bytes"),
    ),
    "leaks": (
        ("lost", ("site", "where"), "bytes"),
        ("sites", ("site", "where"), "alive bytes"),
    ),
    "cpu": (
        ("functions", ("function", "module"), "self"),
        ("functions", ("function", "file"), "self"),
        ("threads", ("thread",), "weight"),
        ("classes", ("class",), "weight"),
    ),
    "cache": (("functions", ("function", "file"), "l1 misses"),),
    "sched": (
        ("threads", ("thread",), "run"),
        ("threads", ("thread",), "wait"),
        ("threads", ("thread",), "voluntary switches"),
    ),
    "locks": (
        ("locks", ("site", "where"), "wait"),
        ("locks", ("site", "where"), "contended"),
        ("java locks", ("site", "lock"), "wait"),
        ("futexes", ("kind",), "wait"),
    ),
}


@dataclass(frozen=True)
class Change:
    """One row's weight before and after; ``share`` is its part of the whole change, or None."""

    name: str
    before: float
    after: float
    share: float | None

    @property
    def change(self) -> float:
        """After, less before."""
        return self.after - self.before


@dataclass(frozen=True)
class Breakdown:
    """A cost before and after, and what its change consists of, largest change first.

    The changes of all rows add up to that of the whole; what is beyond the limit is one row.
    """

    table: str
    column: str
    unit: Unit | None
    per_message: bool
    before: float
    after: float
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class MetricChange:
    """A metric that both profiles have."""

    name: str
    unit: Unit
    before: float
    after: float


@dataclass(frozen=True)
class Difference:
    """Two profiles of one question by one tool, compared."""

    question: str
    tool: str
    before: Record
    after: Record
    metrics: tuple[MetricChange, ...]
    breakdowns: tuple[Breakdown, ...]
    notes: tuple[str, ...]


def differences(before: Sequence[Record], after: Sequence[Record]) -> list[Difference]:
    """Every profile of ``before`` against its like in ``after``.

    Raises UsageError when none of them answer the same question with the same tool.
    """
    found = []
    for old in before:
        like = [new for new in after if _key(new) == _key(old) and new.id != old.id]
        if question_of(old) and like:
            found.append(difference(old, like[-1]))
    if not found:
        raise UsageError(
            "the two hold no profiles of the same question by the same tool:"
            f" {_listing(before)} against {_listing(after)}"
        )
    return found


def difference(before: Record, after: Record) -> Difference:
    """One profile against another."""
    question = question_of(before)
    messages = (value(before, "messages"), value(after, "messages"))
    divisors = (messages[0] or 1.0, messages[1] or 1.0) if all(messages) else (1.0, 1.0)
    breakdowns = [
        _breakdown(before, after, spec, divisors, per_message=all(messages))
        for spec in _TABLES.get(question, ())
    ]
    return Difference(
        question,
        before.instruments[0].name,
        before,
        after,
        tuple(_metrics(before, after)),
        tuple(b for b in breakdowns if b is not None),
        tuple(_notes(before, after, per_message=all(messages))),
    )


def _key(record: Record) -> tuple[str, str]:
    return question_of(record), record.instruments[0].name if record.instruments else ""


def _listing(records: Sequence[Record]) -> str:
    return ", ".join(sorted({"/".join(_key(r)) for r in records})) or "nothing"


def _metrics(before: Record, after: Record) -> Iterator[MetricChange]:
    for metric in before.metrics:
        old, new = value(before, metric.name), value(after, metric.name)
        other = after.metric(metric.name)
        if old is not None and new is not None and other and other.unit is metric.unit:
            yield MetricChange(metric.name, metric.unit, old, new)


def _verdict(before: Record, after: Record) -> Iterator[str]:
    """Whether the instructions of a message changed, where their count repeats."""
    old, new = value(before, INSTRUCTIONS), value(after, INSTRUCTIONS)
    single = all(r.specification and r.specification.threads == 1 for r in (before, after))
    if not old or new is None or not single:
        return
    change = new / old - 1
    if abs(change) <= REPEATS_WITHIN:
        yield "instructions per message are the same within 0.01 %, as they repeat on one thread"
    else:
        yield (
            f"instructions per message changed by {change:+.3%}: on one thread they repeat within"
            " 0.01 %, so the code or what it was given is another"
        )


def _notes(before: Record, after: Record, *, per_message: bool) -> Iterator[str]:
    if before.subject.name != after.subject.name:
        yield f"different subjects: {before.subject.name} and {after.subject.name}"
    if before.workload != after.workload and before.workload.name != "command":
        yield "the workloads or their parameters differ"
    if not per_message:
        yield "totals are compared: the number of messages is not known of both"
    for record in (before, after):
        if not record.valid or any(note.code == "partial" for note in record.cautions):
            yield f"{record.id} is invalid or partial: rows may be missing"
    yield from _verdict(before, after)


def _breakdown(
    before: Record,
    after: Record,
    spec: tuple[str, tuple[str, ...], str],
    divisors: tuple[float, float],
    *,
    per_message: bool,
) -> Breakdown | None:
    table, names, column = spec
    tables = (before.table(table), after.table(table))
    for each in tables:
        if each is None or not {*names, column} <= set(each.columns):
            return None
    old = _sums(rows(before, table), names, column, divisors[0])
    new = _sums(rows(after, table), names, column, divisors[1])
    whole = sum(new.values()) - sum(old.values())
    changes = [_change(name, old, new, whole) for name in {*old, *new}]
    changes.sort(key=lambda c: (-abs(c.change), c.name))
    assert tables[0] is not None
    unit = tables[0].units[tables[0].columns.index(column)]
    return Breakdown(
        table, column, unit, per_message, sum(old.values()), sum(new.values()),
        tuple(_limited(changes, whole)),
    )  # fmt: skip


def _change(name: str, old: dict[str, float], new: dict[str, float], whole: float) -> Change:
    before, after = old.get(name, 0.0), new.get(name, 0.0)
    return Change(name, before, after, _share(after - before, whole))


def _share(change: float, whole: float) -> float | None:
    return change / whole if whole else None


def _limited(changes: Sequence[Change], whole: float) -> Iterator[Change]:
    yield from (c for c in changes[:ROWS_LIMIT] if c.before or c.after)
    rest = changes[ROWS_LIMIT:]
    if rest:
        before, after = sum(c.before for c in rest), sum(c.after for c in rest)
        yield Change("[all others]", before, after, _share(after - before, whole))


def _sums(
    found: Iterable[dict[str, Scalar]], names: Sequence[str], column: str, divisor: float
) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for row in found:
        sums[_name(row, names)] += number(row, column) / divisor
    return dict(sums)


def _name(row: dict[str, Scalar], names: Sequence[str]) -> str:
    """A row's name that survives an edit: lines move, so a place is its file alone."""
    first, *others = (str(row.get(name) or "") for name in names)
    place = PurePath(others[0].rpartition(":")[0] or others[0]).name if others else ""
    return f"{first} ({place})" if place else first

"""Figures of a profile record, or None where it has none."""

from __future__ import annotations

from collections.abc import Iterator

from litbench.record import Kind, Record, Scalar, Table


def question_of(record: Record) -> str:
    """What the profile was asked; empty when the record is none."""
    if record.kind is not Kind.PROFILE or not record.instruments:
        return ""
    return str(record.instruments[0].settings.get("question", ""))


def setting(record: Record, name: str) -> Scalar:
    """A setting of the profile's instrument."""
    return record.instruments[0].settings.get(name) if record.instruments else None


def value(record: Record, name: str) -> float | None:
    """The only value of a metric, or the mean of its values."""
    metric = record.metric(name)
    if metric is None or not metric.values:
        return None
    return sum(metric.values) / len(metric.values)


def per_message(record: Record, name: str) -> float | None:
    """A cost per message."""
    return value(record, f"{name}-per-message")


def ratio(record: Record, over: str, under: str) -> float | None:
    """One total over another, where both were measured and the second is not zero."""
    top, bottom = value(record, over), value(record, under)
    return top / bottom if top is not None and bottom else None


def rows(record: Record, name: str) -> Iterator[dict[str, Scalar]]:
    """The rows of a table as dictionaries; none where the record has no such table."""
    table = record.table(name)
    if table is not None:
        for row in table.rows:
            yield dict(zip(table.columns, row, strict=True))


def numbers(table: Table, column: str) -> list[float]:
    """A column's numbers, without what is unknown."""
    at = table.columns.index(column)
    return [float(cell) for row in table.rows if isinstance(cell := row[at], int | float)]


def number(row: dict[str, Scalar], column: str) -> float:
    """A number in a row; 0 where it is unknown, for sums only."""
    found = row.get(column)
    return float(found) if isinstance(found, int | float) else 0.0

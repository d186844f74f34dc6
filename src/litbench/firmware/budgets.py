"""Limits on figures of a record: ``flash=32KiB``, ``stack.main=2KiB``."""

from __future__ import annotations

from dataclasses import dataclass

from litbench.errors import UsageError
from litbench.record import Record
from litbench.units import Unit, format_bytes, parse_bytes


@dataclass(frozen=True)
class Budget:
    """A metric's name and the most that it may be."""

    name: str
    limit: int


def parse(words: list[str]) -> list[Budget]:
    """Budgets from ``name=size`` words; raises UsageError for a word that is none."""
    found = []
    for word in words:
        name, equals, size = word.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{word!r} is not a budget: write flash=32KiB or stack.main=2KiB")
        found.append(Budget(name.strip(), parse_bytes(size)))
    return found


def broken(budgets: list[Budget], record: Record) -> list[str]:
    """One sentence for each budget that a record does not keep.

    A figure that is undetermined keeps no budget. Raises UsageError for a name that the record has
    no figure of.
    """
    sentences = []
    for budget in budgets:
        metric = record.metric(budget.name)
        if metric is None:
            names = ", ".join(m.name for m in record.metrics)
            raise UsageError(f"no figure is named {budget.name!r}: there are {names}")
        if not metric.values:
            sentences.append(f"{budget.name} is undetermined; the budget is {_size(budget.limit)}")
            continue
        value = max(metric.values)
        if value > budget.limit:
            shown = _size(value) if metric.unit is Unit.BYTES else f"{value}"
            limit = _size(budget.limit) if metric.unit is Unit.BYTES else f"{budget.limit}"
            sentences.append(f"{budget.name} is {shown}, over its budget of {limit}")
    return sentences


def _size(value: float) -> str:
    exact = f"{value:,.0f} B"
    return exact if value < 1024 else f"{exact} ({format_bytes(value)})"

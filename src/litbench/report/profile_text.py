"""A profile for the terminal: figures, advice, the tables that answer its question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from litbench.profiles.advice import advice
from litbench.profiles.figures import question_of, setting
from litbench.record import Metric, Record, Scalar, Table
from litbench.report.phrases import plain
from litbench.units import Unit, format_count, format_quantity, significant

SHOWN_ROWS = 10
# Long tables are for pictures and diffs, not for a terminal.
HIDDEN_TABLES = {"stacks", "stacks alive", "heap over time", "timeline", "memory over time"}
HIDDEN_COLUMNS = {"stack", "second stack"}
WIDEST = 60


def render(record: Record, artifacts: Path | None = None) -> str:
    """One profile as lines of text."""
    return "\n".join(plain(line) for line in _lines(record, artifacts)) + "\n"


def _lines(record: Record, artifacts: Path | None) -> Iterator[str]:
    tool = record.instruments[0]
    version = f" {tool.version}" if tool.version else ""
    yield f"{question_of(record)}: {record.subject.name} {what_of(record)}".rstrip()
    simulated = ", simulated" if setting(record, "simulated") else ""
    yield f"  by {tool.name}{version}{simulated}, over the {setting(record, 'region')}"
    if not record.valid:
        for note in record.reasons:
            yield f"  INVALID ({note.code}): {note.message}"
    for metric in ordered(record.metrics):
        yield f"  {metric.name:<34} {figure(metric)}"
    for table in record.tables:
        yield from _table(table)
    for note in record.cautions:
        yield f"  note ({note.code}): {note.message}"
    for each in advice(record):
        yield f"  advice: {each.text}"
    for artifact in record.artifacts:
        path = (artifacts / artifact.path) if artifacts else Path(artifact.path)
        yield f"  file: {path}"


def what_of(record: Record) -> str:
    """The workload, or a command's arguments."""
    what = record.workload.name
    return str(record.workload.parameters.get("arguments", "")) if what == "command" else what


def shown_columns(table: Table) -> list[int]:
    """The columns that are worth a reader's time; none of a table that is for pictures."""
    if table.name in HIDDEN_TABLES:
        return []
    return [
        at
        for at, name in enumerate(table.columns)
        if name not in HIDDEN_COLUMNS and any(row[at] is not None for row in table.rows)
    ]


def figure(metric: Metric) -> str:
    """A metric's values for people."""
    if not metric.values:
        return "undetermined"
    low, high = min(metric.values), max(metric.values)
    if metric.name == "slow-down":
        return f"{significant(low)} times, against a plain run"
    if metric.name.endswith("-per-message") and metric.unit is Unit.COUNT:
        return significant(low) if low == high else f"{significant(low)} .. {significant(high)}"
    if low == high:
        return _quantity(low, metric.unit)
    return f"{_quantity(low, metric.unit)} .. {_quantity(high, metric.unit)}"


def _quantity(value: float, unit: Unit) -> str:
    return format_count(value) if unit is Unit.COUNT else format_quantity(value, unit)


def ordered(metrics: Sequence[Metric]) -> list[Metric]:
    """Costs per message first: they are the answer."""
    return sorted(metrics, key=lambda m: not m.name.endswith("-per-message"))


def _table(table: Table) -> Iterator[str]:
    filled = shown_columns(table)
    if not filled:
        return
    cells = [[table.columns[at] for at in filled]]
    cells += [[cell(row[at], table.units[at]) for at in filled] for row in table.rows[:SHOWN_ROWS]]
    widths = [max(len(line[at]) for line in cells) for at in range(len(filled))]
    yield f"  {table.name}"
    for line in cells:
        yield (
            "    "
            + "  ".join(
                text.ljust(width) if table.units[at] is None else text.rjust(width)
                for text, width, at in zip(line, widths, filled, strict=True)
            ).rstrip()
        )
    if len(table.rows) > SHOWN_ROWS:
        yield f"    ... and {len(table.rows) - SHOWN_ROWS} more"


def cell(value: Scalar, unit: Unit | None) -> str:
    """A cell for people; what is unknown is a dash."""
    if value is None:
        return "-"
    if unit is None or isinstance(value, str | bool):
        text = str(value)
        return text if len(text) <= WIDEST else text[: WIDEST // 2 - 1] + "…" + text[-WIDEST // 2 :]
    return _quantity(value, unit)

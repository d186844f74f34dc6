"""Profiles and their differences as Markdown, for an issue or a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from litbench.profiles.advice import advice
from litbench.profiles.diff import Breakdown, Difference
from litbench.profiles.figures import question_of, setting
from litbench.record import Record, Table
from litbench.report.markdown_table import escape, table
from litbench.report.profile_diff import SHOWN, amount, percent
from litbench.report.profile_text import SHOWN_ROWS, cell, figure, ordered, shown_columns, what_of
from litbench.units import Unit


def render(records: Sequence[Record]) -> str:
    """Profiles on their own."""
    return "\n\n".join(block for record in records for block in blocks(record)) + "\n"


def blocks(record: Record) -> Iterator[str]:
    """One profile: its figures, its tables, its notes, its advice."""
    tool = record.instruments[0]
    yield f"## {escape(f'{question_of(record)}: {record.subject.name} {what_of(record)}'.strip())}"
    simulated = ", simulated" if setting(record, "simulated") else ""
    by = f"by {tool.name} {tool.version}".rstrip()
    yield escape(f"{by}{simulated}, over the {setting(record, 'region')}")
    if not record.valid:
        reasons = (f"**INVALID ({escape(n.code)}):** {escape(n.message)}" for n in record.reasons)
        yield "\n".join(f"> {reason}" for reason in reasons)
    if found := advice(record):
        yield "\n".join(f"- **Advice:** {escape(each.text)}" for each in found)
    if record.metrics:
        figures = [(metric.name, figure(metric)) for metric in ordered(record.metrics)]
        yield table(("figure", "value"), (False, True), figures)
    for each in record.tables:
        yield from _rows(each)
    if record.cautions:
        yield "\n".join(f"- {escape(note.message)}" for note in record.cautions)


def _rows(each: Table) -> Iterator[str]:
    shown = shown_columns(each)
    if not shown:
        return
    yield f"### {escape(each.name)}"
    yield table(
        [each.columns[at] for at in shown],
        [each.units[at] is not None for at in shown],
        ([cell(row[at], each.units[at]) for at in shown] for row in each.rows[:SHOWN_ROWS]),
    )
    if len(each.rows) > SHOWN_ROWS:
        yield f"and {len(each.rows) - SHOWN_ROWS} more"


def render_differences(found: Sequence[Difference]) -> str:
    """Every difference: figures before and after, then what accounts for them."""
    return "\n\n".join(block for each in found for block in _difference(each)) + "\n"


def _difference(each: Difference) -> Iterator[str]:
    yield f"## {escape(f'{each.question} by {each.tool}')}"
    sides = (("before", each.before), ("after", each.after))
    named = [f"{side}: {r.subject.name} {r.workload.name} ({r.started})" for side, r in sides]
    yield "\n".join(f"- {escape(line)}" for line in (*named, *each.notes))
    changed = [m for m in each.metrics if m.before != m.after and not m.name.endswith("-total")]
    if changed:
        yield table(
            ("figure", "before", "after", "change"),
            (False, True, True, True),
            (
                (m.name, amount(m.before, m.unit), amount(m.after, m.unit),
                 percent(m.before, m.after).strip())
                for m in changed
            ),
        )  # fmt: skip
    for breakdown in each.breakdowns:
        yield from _breakdown(breakdown)


def _breakdown(breakdown: Breakdown) -> Iterator[str]:
    unit = breakdown.unit or Unit.COUNT
    each = " per message" if breakdown.per_message else ""
    yield f"### {escape(f'{breakdown.table}: {breakdown.column}{each}')}"
    before, after = amount(breakdown.before, unit), amount(breakdown.after, unit)
    yield escape(f"{before} → {after} {percent(breakdown.before, breakdown.after)}".strip())
    changes = [change for change in breakdown.changes if change.change][:SHOWN]
    if not changes:
        yield "No change."
        return
    yield table(
        ("what", "before", "after", "share of the change"),
        (False, True, True, True),
        (
            (c.name, amount(c.before, unit), amount(c.after, unit),
             f"{c.share:.0%}" if c.share is not None else "")
            for c in changes
        ),
    )  # fmt: skip

"""Profiles as HTML: one section a record, for the report's page or for a page of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape as _escape

from litbench.profiles.advice import advice
from litbench.profiles.diff import Difference
from litbench.profiles.figures import question_of, setting
from litbench.record import Kind, Record, Scalar, Table
from litbench.report import flame_graph, profile_diff
from litbench.report.phrases import plain
from litbench.report.profile_pictures import pictures
from litbench.report.profile_text import cell, figure, ordered, shown_columns, what_of

SHOWN_ROWS = 25
_STYLE = """
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem}
table{border-collapse:collapse;margin:.6rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.15rem .6rem;border-bottom:1px solid #e5e7eb;text-align:left;vertical-align:top}
td.n,th.n{text-align:right}.profile{margin-bottom:3rem}.profile svg{width:100%;height:auto}
.advice{background:#fef9c3;padding:.5rem 1rem;border-left:4px solid #ca8a04}
.notes{color:#555}.bad{color:#b91c1c}.scroll{overflow-x:auto}
"""


def render(records: Sequence[Record], title: str = "litbench profile") -> str:
    """A page of its own, which opens offline."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{sections(records)}"
        f"<script>{flame_graph.script_text()}</script></body></html>"
    )


def render_differences(found: Sequence[Difference], title: str = "litbench profile diff") -> str:
    """Differences between profiles as a page of their own, in the words of the terminal."""
    text = escape_lines(profile_diff.render(found))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f'<pre class="scroll">{text}</pre></body></html>'
    )


def sections(records: Sequence[Record]) -> str:
    """The profiles among the records, one section each; empty when there are none."""
    return "".join(section(record) for record in records if record.kind is Kind.PROFILE)


def section(record: Record) -> str:
    """One profile: figures, advice, pictures, tables, notes."""
    return f'<section class="profile">{"".join(_parts(record))}</section>'


def _parts(record: Record) -> Iterator[str]:
    tool = record.instruments[0]
    heading = f"{question_of(record)}: {record.subject.name} {what_of(record)}".strip()
    simulated = ", simulated" if setting(record, "simulated") else ""
    region = setting(record, "region")
    yield f"<h2>{escape(heading)}</h2>"
    yield f"<p>by {escape(f'{tool.name} {tool.version}'.strip())}{simulated}, over the {region}</p>"
    if not record.valid:
        yield "".join(
            f'<p class="bad">invalid ({escape(n.code)}): {escape(n.message)}</p>'
            for n in record.reasons
        )
    found = advice(record)
    if found:
        items = "".join(f"<li>{escape(each.text)}</li>" for each in found)
        yield f'<ul class="advice">{items}</ul>'
    yield _figures(record)
    yield from (f"<figure>{picture.svg}</figure>" for picture in pictures(record, standalone=False))
    yield from (_table(table) for table in record.tables if shown_columns(table))
    notes = "".join(f"<li>{escape(n.message)}</li>" for n in record.cautions)
    if notes:
        yield f'<ul class="notes">{notes}</ul>'


def _figures(record: Record) -> str:
    lines = "".join(
        f'<tr><td>{escape(metric.name)}</td><td class="n">{escape(figure(metric))}</td></tr>'
        for metric in ordered(record.metrics)
    )
    return f"<table>{lines}</table>" if lines else ""


def _table(table: Table) -> str:
    shown = shown_columns(table)
    head = "".join(f"<th{_align(table, at)}>{escape(table.columns[at])}</th>" for at in shown)
    body = "".join(_row(table, row, shown) for row in table.rows[:SHOWN_ROWS])
    more = len(table.rows) - SHOWN_ROWS
    rest = f'<p class="notes">and {more} more</p>' if more > 0 else ""
    return (
        f'<h3>{escape(table.name)}</h3><div class="scroll"><table><tr>{head}</tr>{body}</table>'
        f"</div>{rest}"
    )


def _row(table: Table, row: Sequence[Scalar], shown: Sequence[int]) -> str:
    cells = "".join(
        f"<td{_align(table, at)}>{escape(cell(row[at], table.units[at]))}</td>" for at in shown
    )
    return f"<tr>{cells}</tr>"


def _align(table: Table, at: int) -> str:
    return ' class="n"' if table.units[at] is not None else ""


def escape_lines(text: str) -> str:
    """As ``escape``, with line ends kept."""
    return "\n".join(_escape(plain(line)) for line in text.splitlines())


def escape(text: str) -> str:
    """Text that cannot become markup, without characters that XML forbids."""
    return _escape(plain(text))

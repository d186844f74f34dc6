"""Goals in the page: what a project wants or claims, beside what was measured."""

from __future__ import annotations

from litbench.report import phrases
from litbench.report.html import tables
from litbench.report.html.markup import Child, Markup, tag
from litbench.report.html.sections import Colours, section
from litbench.report.html.tables import Cell
from litbench.report.parts import GoalRow, GoalTable
from litbench.stats.quantity import Quantity

_COLUMNS = (
    ("goal", False),
    ("as stated", False),
    ("on", False),
    ("measured", True),
    ("95 % interval", True),
    ("verdict", False),
    ("notes", False),
)


def goals(found: GoalTable, colours: Colours) -> Markup:
    """One project's goals with their verdicts, each a sign and a word besides its colour."""
    return section(
        found.anchor,
        found.title,
        tag(
            "p", tag("span", found.about), tag("span", _chips(found), class_="chips"), class_="lead"
        ),
        tables.table(
            f"{found.title}: goals",
            _COLUMNS,
            [_row(r, found, colours) for r in found.rows],
            "cards",
        ),
        tables.notes(found.notes, found.anchor, found.remarks),
    )


def _chips(found: GoalTable) -> list[Child]:
    return [
        tag("span", phrases.verdict(verdict), f": {count}", class_=f"verdict {verdict}")
        for verdict, count in found.verdicts.items()
    ]


def _row(row: GoalRow, found: GoalTable, colours: Colours) -> list[Cell]:
    number = row.measured.value if isinstance(row.measured, Quantity) else None
    return [
        Cell([tag("small", row.kind, class_="quiet"), f" {row.name}"], kind="goal"),
        Cell(row.stated),
        tables.name_cell(row.target, colours[row.target]),
        Cell(phrases.measured(row), number),
        Cell(phrases.measured_interval(row)),
        Cell(tag("span", phrases.verdict(row.verdict), class_=f"verdict {row.verdict}")),
        tables.notes_cell(row.notes, found.anchor),
    ]

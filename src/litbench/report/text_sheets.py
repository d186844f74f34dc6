"""Tables in words for a terminal, or one block a row where they cannot fit."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from litbench.report import phrases
from litbench.report.parts import Sheet


def sheet_parts(sheet: Sheet) -> Iterator[RenderableType]:
    """A table in words."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for index, column in enumerate(sheet.columns):
        table.add_column(column, justify="right" if index else "left", overflow="fold")
    for row in sheet.rows:
        table.add_row(*map(phrases.plain, row))
    yield Text()
    yield told(sheet.title, "dim")
    yield table
    if sheet.note:
        yield Padding(told(sheet.note, "dim"), (0, 0, 0, 2))


def sheet_blocks(sheet: Sheet) -> Iterator[RenderableType]:
    """The same as blocks, with all the same figures."""
    yield Text()
    yield told(sheet.title, "dim")
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for row in sheet.rows:
        table.add_row(told(row[0], "bold"), "")
        for name, cell in zip(sheet.columns[1:], row[1:], strict=True):
            table.add_row(told(f"  {name}"), told(cell))
    yield table
    yield Padding(told(sheet.note, "dim"), (0, 0, 0, 2))


def told(text: str, style: str = "") -> Text:
    """Text that cannot move a cursor, whatever a record says."""
    return Text(phrases.plain(text), style)

"""The report for a terminal: tables that fit, or one block a configuration where they cannot."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Literal

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from litbench.report import images, phrases, profile_text
from litbench.report.notes import letter
from litbench.report.parts import (
    Board,
    GoalRow,
    GoalTable,
    Image,
    MemoryTable,
    Ranking,
    Report,
    Row,
    Sweep,
    Verdict,
)
from litbench.report.text_sheets import sheet_blocks, sheet_parts, told
from litbench.stats.ranking import Standing
from litbench.units import Unit

WIDTH = 100
TOP = 20  # rows of a firmware's table; the JSON has all
TABLE_LEAST = 84  # narrower consoles get a block for each row, with all the same figures

_LATENCIES = tuple(pair for pair in phrases.LATENCIES if pair[0] != "p99.9")


def render(report: Report, width: int = WIDTH, *, colour: bool = False) -> str:
    """The report as text, at most ``width`` columns wide; escape sequences only with ``colour``."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
        markup=False,
    )
    for part in _parts(report, width):
        console.print(part)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _parts(report: Report, width: int) -> Iterator[RenderableType]:
    yield told(phrases.headline(report), "bold")
    for warning in report.warnings:
        yield told(f"! {warning}", "yellow")
    for ranking in report.rankings:
        yield from _ranking(ranking, width)
    for sweep in report.sweeps:
        yield from _sweep(sweep, width)
    for memory in report.memory:
        yield from _memory(memory, width)
    for sheet in report.beside:
        yield from sheet_parts(sheet) if width >= TABLE_LEAST else sheet_blocks(sheet)
    yield from _findings(report, width)
    if any(row.standing is not Standing.UNRANKED for r in report.rankings for row in r.rows):
        yield Text()
        yield Text(phrases.LEGEND, "dim")


def _findings(report: Report, width: int) -> Iterator[RenderableType]:
    """What is not a ranking: images, goals, profiles, a board's details where the run is alone."""
    for image in report.images:
        yield from _image(image)
    for goals in report.goals:
        yield from _goals(goals, width)
    for record in report.profiles:
        yield Text()
        yield Text(profile_text.render(record), no_wrap=True, overflow="ignore")
    for board in report.boards if len(report.runs) == 1 else ():
        yield from _board(board)


def _board(board: Board) -> Iterator[RenderableType]:
    yield Text()
    yield told(board.title, "bold cyan" if board.valid else "bold red")
    for note in board.notes:
        yield told(f"  {note.code}: {note.message}", "yellow")
    for sheet in board.sheets:
        yield from sheet_parts(sheet)


def _heading(
    name: str, version: int, ranking: Ranking | MemoryTable, prefix: str = ""
) -> Iterator[RenderableType]:
    yield Text()
    yield told(phrases.title(name, version, ranking.parameters, prefix), "bold cyan")
    if ranking.summary:
        yield told(ranking.summary, "dim")


def _ranking(ranking: Ranking, width: int) -> Iterator[RenderableType]:
    yield from _heading(ranking.workload, ranking.version, ranking)
    if ranking.per is not Unit.NS:
        yield told(f"times in {ranking.per} of {ranking.clock}", "dim")
    yield _ranking_table(ranking) if width >= TABLE_LEAST else _ranking_blocks(ranking)
    yield from _below(ranking.notes, ranking.remarks)


def _ranking_table(ranking: Ranking) -> Table:
    table = _table()
    table.add_column("configuration", overflow="fold", ratio=1, min_width=16)
    rates, latencies = _has_rates(ranking), phrases.has_latencies(ranking)
    if rates:
        table.add_column(phrases.rate_unit(ranking), justify="right", no_wrap=True)
        table.add_column("± 95 %", justify="right", no_wrap=True)
    if latencies:
        for name, _ in _LATENCIES:
            table.add_column(name, justify="right", no_wrap=True)
    fair = phrases.FAIRNESS if phrases.has_fairness(ranking) else ()
    for name, _ in fair:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("notes", max_width=9)
    for row in ranking.rows:
        cells = [told(row.label)]
        if rates:
            cells += [Text(_rate(row), _style(row)), Text(phrases.margin(row))]
        if latencies:
            cells += [Text(phrases.latency(row, field)) for _, field in _LATENCIES]
        cells += [Text(cell(row)) for _, cell in fair]
        table.add_row(
            *cells, Text(_letters(row.notes), "yellow"), style="dim" if row.valid == 0 else ""
        )
    return table


def _ranking_blocks(ranking: Ranking) -> Table:
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for row in ranking.rows:
        table.add_row(told(f"{row.label}  {_letters(row.notes)}".rstrip(), "bold"), "")
        if _has_rates(ranking):
            rate = Text(f"{_rate(row)} {phrases.reach(row)}".rstrip(), _style(row))
            table.add_row(Text(f"  {phrases.rate_unit(ranking)}"), rate)
        if phrases.has_latencies(ranking):
            for title, field in _LATENCIES:
                table.add_row(Text(f"  {title}"), Text(phrases.latency(row, field)))
        for title, cell in phrases.FAIRNESS if row.fairness else ():
            table.add_row(Text(f"  {title}"), Text(cell(row)))
    return table


def _has_rates(ranking: Ranking) -> bool:
    return any(row.throughput is not None for row in ranking.rows)


def _rate(row: Row) -> str:
    return f"{phrases.mark(row)} {phrases.rate(row)}".strip()


def _style(row: Row) -> str:
    if row.standing is Standing.BEST:
        return "bold green"
    return "red" if phrases.rate(row) == phrases.INVALID else ""


def _sweep(sweep: Sweep, width: int) -> Iterator[RenderableType]:
    yield Text()
    yield told(sweep.title, "bold cyan")
    yield told(sweep.summary, "dim")
    yield _sweep_table(sweep) if width >= TABLE_LEAST else _sweep_blocks(sweep)
    for claim in sweep.claims:
        yield Padding(told(phrases.claim(claim), "dim"), (0, 0, 0, 2))


def _sweep_table(sweep: Sweep) -> Table:
    table = _table()
    table.add_column("configuration", overflow="fold", ratio=1, min_width=12)
    points = [point for row in sweep.rows for point in row.points]
    table.add_column(sweep.over, justify="right", min_width=max(len(str(p.at)) for p in points))
    for index, name in enumerate(sweep.columns):  # titles may fold, figures may not
        longest = max(len(point.cells[index]) for point in points)
        table.add_column(name, justify="right", min_width=longest)
    for row in sweep.rows:
        for index, point in enumerate(row.points):
            cells = (str(point.at), *point.cells)
            table.add_row(told(row.label if index == 0 else ""), *map(told, cells))
    return table


def _sweep_blocks(sweep: Sweep) -> Table:
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for row in sweep.rows:
        for point in row.points:
            table.add_row(told(f"{row.label}, {sweep.over} {point.at}", "bold"), "")
            for name, cell in zip(sweep.columns, point.cells, strict=True):
                table.add_row(told(f"  {name}"), told(cell))
    return table


def _memory(memory: MemoryTable, width: int) -> Iterator[RenderableType]:
    yield from _heading(memory.workload, memory.version, memory, prefix="memory: ")
    yield _memory_table(memory) if width >= TABLE_LEAST else _memory_blocks(memory)
    if memory.rows:
        yield Padding(told(phrases.readings(memory), "dim"), (0, 0, 0, 2))
    yield from _notes(memory.notes)


def _memory_table(memory: MemoryTable) -> Table:
    table = _table()
    table.add_column("scenario", overflow="fold", ratio=1, min_width=14)
    table.add_column("reading", no_wrap=True)
    columns = phrases.memory_columns(memory)
    for name, _ in columns:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("notes", max_width=9)
    for above, row in zip((None, *memory.rows), memory.rows, strict=False):
        table.add_row(
            told(row.label if above is None or above.label != row.label else ""),
            Text(row.memory.reading),
            *(Text(cell(row)) for _, cell in columns),
            Text(_letters(row.notes), "yellow"),
        )
    return table


def _memory_blocks(memory: MemoryTable) -> Table:
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for row in memory.rows:
        title = f"{row.label}, {row.memory.reading}  {_letters(row.notes)}".rstrip()
        table.add_row(told(title, "bold"), "")
        for name, cell in phrases.memory_columns(memory):
            table.add_row(Text(f"  {name}"), Text(cell(row)))
    return table


def _image(image: Image) -> Iterator[RenderableType]:
    yield Text()
    yield told(image.title, "bold cyan")
    facts = Table.grid(padding=(0, 2))
    for metric in image.figures:
        facts.add_row(told(metric.name), Text(images.figure(metric)))
    yield facts
    for found in images.shown(image, TOP):
        yield Text()
        yield told(found.title, "bold")
        table = _table()
        for name, is_figure in found.columns:
            justify: Literal["left", "right"] = "right" if is_figure else "left"
            table.add_column(name, justify=justify, overflow="fold", no_wrap=is_figure)
        for row in found.rows:
            table.add_row(*(told(cell) for cell in row))
        yield table
        if found.more:
            yield told(f"… and {found.more} more: --json has all", "dim")
    for note in image.notes:
        yield Padding(told(f"! {note}", "yellow"), (0, 0, 0, 2))


_VERDICTS = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.UNDETERMINED: "yellow"}


def _goals(goals: GoalTable, width: int) -> Iterator[RenderableType]:
    yield Text()
    yield told(goals.title, "bold cyan")
    yield told(goals.about, "dim")
    yield told(phrases.verdicts(goals))
    yield _goal_table(goals) if width >= TABLE_LEAST else _goal_blocks(goals)
    yield from _below(goals.notes, goals.remarks)


def _goal_table(goals: GoalTable) -> Table:
    table = _table()
    table.add_column("goal, as stated", overflow="fold", ratio=1, min_width=14)
    table.add_column("on", overflow="fold")
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("notes", max_width=5)
    for above, row in zip((None, *goals.rows), goals.rows, strict=False):
        first = above is None or above.name != row.name
        table.add_row(
            _goal(row) if first else Text(),
            told(row.target),
            Text(phrases.measured(row)),
            Text(phrases.measured_interval(row)),
            Text(phrases.verdict(row.verdict), _VERDICTS[row.verdict]),
            Text(_letters(row.notes), "yellow"),
        )
    return table


def _goal(row: GoalRow) -> Text:
    return told(f"{row.kind}: {row.name}").append("\n").append(told(row.stated, "dim"))


def _goal_blocks(goals: GoalTable) -> Table:
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for row in goals.rows:
        table.add_row(told(f"{row.kind}: {row.name}  {_letters(row.notes)}".rstrip(), "bold"), "")
        table.add_row(Text("  stated"), told(row.stated))
        table.add_row(Text("  on"), told(row.target))
        table.add_row(Text("  measured"), Text(phrases.measured(row)))
        table.add_row(Text("  95 % interval"), Text(phrases.measured_interval(row)))
        table.add_row(Text("  verdict"), Text(phrases.verdict(row.verdict), _VERDICTS[row.verdict]))
    return table


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True, padding=(0, 1))


def _letters(notes: Sequence[int]) -> str:
    return " ".join(letter(note) for note in notes)


def _below(notes: Sequence[str], remarks: Sequence[str]) -> Iterator[RenderableType]:
    """The notes that rows refer to, and what is said of the whole table."""
    yield from _notes(notes)
    for remark in remarks:
        yield Padding(told(remark, "dim"), (0, 0, 0, 2))


def _notes(notes: Sequence[str]) -> Iterator[RenderableType]:
    for index, note in enumerate(notes):
        line = Table.grid(padding=(0, 1))
        line.add_row(Text(letter(index), "yellow"), told(note, "dim"))
        yield Padding(line, (0, 0, 0, 2))

"""The report as Markdown tables, for a README, an issue or a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from litbench.report import images, phrases, profile_markdown
from litbench.report.markdown_table import escape, table
from litbench.report.notes import letter
from litbench.report.parts import Board, GoalTable, Image, MemoryTable, Ranking, Report, Sweep
from litbench.stats.ranking import Standing
from litbench.units import Unit

TOP = 20  # rows of a firmware's table; the JSON has all


def render(report: Report) -> str:
    """The report as GitHub-flavoured Markdown; what it quotes cannot become markup."""
    return "\n\n".join(_blocks(report)) + "\n"


def _blocks(report: Report) -> Iterator[str]:
    yield f"# {escape(report.title)}"
    yield escape(phrases.headline(report))
    if report.warnings:
        yield "\n".join(f"> **Warning:** {escape(warning)}" for warning in report.warnings)
    for goals in report.goals:
        yield from _goals(goals)
    for ranking in report.rankings:
        yield from _ranking(ranking)
    for sweep in report.sweeps:
        yield from _sweep(sweep)
    for memory in report.memory:
        yield from _memory(memory)
    for sheet in report.beside:
        yield f"## {escape(sheet.title)}"
        yield _table(sheet.columns, sheet.rows)
        yield escape(sheet.note)
    yield from _findings(report)
    if any(row.standing is not Standing.UNRANKED for r in report.rankings for row in r.rows):
        yield escape(phrases.LEGEND)
    if report.environment:
        yield "## Environment"
        yield _table(
            ("fact", "value"),
            (
                (fact.name, "; ".join(phrases.fact(fact.name, v) for v in fact.values))
                for fact in report.environment
            ),
        )
    invalid = [run for run in report.runs if not run.valid]
    if invalid:
        yield "## Invalid runs"
        yield _table(
            ("run", "target", "workload", "measure", "reason"),
            (
                (run.id, run.target, run.workload, run.measure, _reasons(run.reasons))
                for run in invalid
            ),
        )


def _reasons(reasons: Iterable[object]) -> str:
    return "; ".join(getattr(reason, "message", "") for reason in reasons)


def _findings(report: Report) -> Iterator[str]:
    """What is not a ranking: images, profiles, a board's details where the run is alone."""
    for image in report.images:
        yield from _image(image)
    for record in report.profiles:
        yield from profile_markdown.blocks(record)
    for board in report.boards if len(report.runs) == 1 else ():
        yield from _board(board)


def _board(board: Board) -> Iterator[str]:
    yield f"## {escape(board.title)}"
    for note in board.notes:
        yield f"**{escape(note.code)}:** {escape(note.message)}"
    for sheet in board.sheets:
        yield f"### {escape(sheet.title)}"
        yield _table(sheet.columns, sheet.rows)


def _ranking(ranking: Ranking) -> Iterator[str]:
    yield f"## {escape(phrases.title(ranking.workload, ranking.version, ranking.parameters))}"
    if ranking.summary:
        yield escape(ranking.summary)
    if ranking.per is not Unit.NS:
        yield escape(f"Times in {ranking.per} of {ranking.clock}.")
    columns = ["configuration", phrases.rate_unit(ranking), "± 95 %"]
    timed = phrases.LATENCIES if phrases.has_latencies(ranking) else ()
    columns += [name for name, _ in timed]
    fair = phrases.FAIRNESS if phrases.has_fairness(ranking) else ()
    columns += [name for name, _ in fair]
    rows = [
        [
            row.label,
            f"{phrases.mark(row)} {phrases.rate(row)}".strip(),
            phrases.margin(row),
            *(phrases.latency(row, field) for _, field in timed),
            *(cell(row) for _, cell in fair),
            _letters(row.notes),
        ]
        for row in ranking.rows
    ]
    yield _table([*columns, "notes"], rows, left=1)
    yield from _notes(ranking.notes)
    if ranking.remarks:
        yield "\n".join(f"- {escape(remark)}" for remark in ranking.remarks)


def _sweep(sweep: Sweep) -> Iterator[str]:
    yield f"## {escape(sweep.title)}"
    yield escape(sweep.summary)
    rows = [
        (row.label, str(point.at), *point.cells, "") for row in sweep.rows for point in row.points
    ]
    yield _table(("configuration", sweep.over, *sweep.columns, ""), rows, left=1)
    if sweep.claims:
        yield "\n".join(f"- {escape(phrases.claim(claim))}" for claim in sweep.claims)


def _memory(memory: MemoryTable) -> Iterator[str]:
    title = phrases.title(memory.workload, memory.version, memory.parameters)
    yield f"## Memory: {escape(title)}"
    if memory.summary:
        yield escape(memory.summary)
    columns = phrases.memory_columns(memory)
    titles = ("scenario", "reading", *(name for name, _ in columns), "notes")
    rows = [
        [
            row.label,
            str(row.memory.reading),
            *(cell(row) for _, cell in columns),
            _letters(row.notes),
        ]
        for row in memory.rows
    ]
    yield _table(titles, rows, left=2)
    if memory.rows:
        yield escape(phrases.readings(memory))
    yield from _notes(memory.notes)


def _image(image: Image) -> Iterator[str]:
    yield f"## {escape(image.title)}"
    yield _table(("figure", "value"), ((m.name, images.figure(m)) for m in image.figures), left=1)
    for found in images.shown(image, TOP):
        yield f"### {escape(found.title)}"
        yield _figures([name for name, _ in found.columns], found)
        if found.more:
            yield f"and {found.more} more"
    if image.notes:
        yield "\n".join(f"> {escape(note)}" for note in image.notes)


def _figures(columns: Sequence[str], found: images.Shown) -> str:
    lines = [" | ".join(escape(c) or " " for c in row) for row in (columns, *found.rows)]
    rule = " | ".join("---:" if is_figure else ":---" for _, is_figure in found.columns)
    lines.insert(1, rule)
    return "\n".join(f"| {line} |" for line in lines)


def _goals(goals: GoalTable) -> Iterator[str]:
    yield f"## {escape(goals.title)}"
    yield escape(goals.about)
    yield escape(phrases.verdicts(goals))
    columns = ("goal", "stated", "on", "measured", "95 % interval", "verdict", "notes")
    rows = [
        (
            f"{row.kind}: {row.name}",
            row.stated,
            row.target,
            phrases.measured(row),
            phrases.measured_interval(row),
            phrases.verdict(row.verdict),
            _letters(row.notes),
        )
        for row in goals.rows
    ]
    yield _table(columns, rows, left=3)
    yield from _notes(goals.notes)
    if goals.remarks:
        yield "\n".join(f"- {escape(remark)}" for remark in goals.remarks)


def _letters(notes: Sequence[int]) -> str:
    return " ".join(letter(note) for note in notes)


def _notes(notes: Sequence[str]) -> Iterator[str]:
    if notes:
        yield "\n".join(f"- **{letter(i)}** {escape(note)}" for i, note in enumerate(notes))


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], left: int = 99) -> str:
    """A table; the first ``left`` columns and the last are text, the others figures."""
    last = len(columns) - 1
    return table(columns, [not (i < left or i == last) for i in range(len(columns))], rows)

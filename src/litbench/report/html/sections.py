"""The sections of the page, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator

from litbench.catalogue import telling
from litbench.report import phrases
from litbench.report.html import data, tables
from litbench.report.html.bars import Bar, bars
from litbench.report.html.markup import Child, Markup, tag
from litbench.report.parts import MemoryTable, Ranking, Report, Row, Run, Sweep
from litbench.stats.fairness import Fairness
from litbench.stats.ranking import Standing
from litbench.stats.summary import Latency, Throughput
from litbench.units import Unit, format_count

Colours = dict[str, int]


def overview(report: Report, colours: Colours) -> Markup | None:
    """How far each target is from the best of each workload."""
    ranked = [r for r in report.rankings if any(_ranked(row) for row in r.rows)]
    labels = list(dict.fromkeys(row.label for r in ranked for row in r.rows if _ranked(row)))
    if len(ranked) < 2:
        return None
    rows = [
        [
            tables.name_cell(label, colours[_target(ranked, label)]),
            *(_relative(ranking, label) for ranking in ranked),
        ]
        for label in sorted(labels, key=lambda label: -_total(ranked, label))
    ]
    columns = [("configuration", False), *((r.title, True) for r in ranked)]
    return section(
        "overview",
        "Overview",
        tag("p", _of_overview(ranked), class_="lead"),
        tables.table("throughput relative to the best", columns, rows),
    )


def _of_overview(ranked: list[Ranking]) -> str:
    told = "Throughput as a percentage of the best of each workload, ± half the 95 % interval of"
    told += " that ratio."
    if any(row.differs for found in ranked for row in found.rows if _ranked(row)):
        told += " ≠: ran with another specification; its workload's notes say which."
    return told


def _ranked(row: Row) -> bool:
    return row.standing is not Standing.UNRANKED


def _target(rankings: list[Ranking], label: str) -> str:
    return next(row.target for r in rankings for row in r.rows if row.label == label)


def _row(ranking: Ranking, label: str) -> Row | None:
    return next((row for row in ranking.rows if row.label == label and _ranked(row)), None)


def _total(rankings: list[Ranking], label: str) -> float:
    rows = (_row(ranking, label) for ranking in rankings)
    return sum(row.part or 0.0 for row in rows if row)


def _relative(ranking: Ranking, label: str) -> tables.Cell:
    row = _row(ranking, label)
    if row is None or row.part is None:
        return tables.Cell(phrases.NOTHING)
    part, found = row.part, row.part_interval
    told = f" {phrases.signed(phrases.sides(part, found))}" if found else ""
    reach = tag("small", told, class_="quiet") if told else None
    steps = (0.01, 0.05, 0.2, 0.5, 0.8, 0.99)
    heat = sum(part >= step for step in steps)
    text = f"{100 * part:.0f} %" if part >= 0.0995 else f"{100 * part:.1f} %"
    how = "; ".join(row.differs)
    mark = tag("a", " ≠", href=f"#{ranking.anchor}", title=how) if how else None
    return tables.Cell([text, reach, mark], part, f"heat h{heat}")


def ranking(found: Ranking, colours: Colours) -> Markup:
    """One workload: its bars, its percentile curves, its table, its iterations."""
    return section(
        found.anchor,
        found.title,
        meta(found),
        tag(
            "div",
            _rates(found, colours),
            canvas("latency", found, _latency_title(found)) if _has_latency(found) else None,
            _shares(found, colours),
            class_="figures",
        ),
        tables.ranking(found, colours),
        tables.notes(found.notes, found.anchor, found.remarks),
        _traces(found),
    )


def meta(found: Ranking | MemoryTable) -> Markup:
    """What a workload is, with its version and parameters."""
    chips = [tag("code", f"v{found.version}")]
    chips += [
        tag("code", f"{name} {value:,}" if type(value) is int else f"{name} {value}")
        for name, value in telling(found.workload, found.parameters).items()
    ]
    if isinstance(found, Ranking) and found.per is not Unit.NS:
        chips.append(tag("code", f"times in {found.per} of {found.clock}"))
    return tag("p", tag("span", found.summary), tag("span", chips, class_="chips"), class_="lead")


def _rates(found: Ranking, colours: Colours) -> Markup | None:
    rows = [_rate_bar(row, colours[row.target]) for row in found.rows if row.throughput is not None]
    title = f"Throughput, {phrases.rate_unit(found)}, with 95 % intervals"
    return bars(rows, _tick, title) if rows else None


def _shares(found: Ranking, colours: Colours) -> Markup | None:
    """How the others fared beside an actor that burned the processor."""
    if not phrases.has_fairness(found):
        return None
    rows = [_share_bar(row, colours[row.target]) for row in found.rows]
    title = "Share of the others' messages handled beside the hog, with 95 % intervals"
    return bars(rows, lambda value: f"{100 * value:g} %", title)


def _share_bar(row: Row, colour: int) -> Bar:
    known = row.fairness if isinstance(row.fairness, Fairness) else None
    bounded = known is not None and known.low is not None and known.high is not None
    return Bar(
        label=row.label,
        colour=colour,
        value=known.share if known else None,
        interval=(known.low, known.high) if known and bounded else None,  # type: ignore[arg-type]
        text=phrases.share(row),
        detail=f"worst gap {phrases.worst_gap(row)}" if known else "",
    )


def _tick(value: float) -> str:
    return format_count(value, 2).replace(".0 ", " ")


def _rate_bar(row: Row, colour: int) -> Bar:
    rate = row.throughput
    known = rate if isinstance(rate, Throughput) else None
    return Bar(
        label=row.label,
        colour=colour,
        value=known.rate if known else None,
        interval=_ends(known),
        text=f"{phrases.mark(row)} {phrases.rate(row)}".strip(),
        detail=phrases.reach(row) if known else "",
        strong=row.standing is Standing.BEST,
    )


def _ends(rate: Throughput | None) -> tuple[float, float] | None:
    from litbench.stats.interval import Interval

    if rate is None or not isinstance(rate.interval, Interval):
        return None
    return rate.interval.low, rate.interval.high


def _has_latency(found: Ranking) -> bool:
    return any(isinstance(row.latency, Latency) for row in found.rows)


def _latency_title(found: Ranking) -> str:
    unit = "" if found.per is Unit.NS else f" in {found.per}"
    naive = any(one.name == "naive" for row in found.rows for one in _latencies(row))
    return f"Latency{unit} by percentile" + (", corrected against naive (dashed)" if naive else "")


def _latencies(row: Row) -> tuple[Latency, ...]:
    return row.latencies if isinstance(row.latencies, tuple) else ()


def canvas(kind: str, found: Ranking | MemoryTable | Sweep, title: str, index: int = 0) -> Markup:
    """Where the script draws a chart; without it the table below has the figures."""
    return tag(
        "figure",
        tag("figcaption", tag("span", title, class_="figure-title")),
        tag(
            "div",
            tag("noscript", "This chart needs JavaScript. The table below has its figures."),
            class_="chart",
            role="img",
            aria_label=f"{title}. The table below has its figures.",
            data_chart=kind,
            data_anchor=found.anchor,
            data_index=index,
        ),
        class_="figure",
    )


def _traces(found: Ranking) -> Markup | None:
    shown = [of for row in found.rows if (of := data.traced(row)) is not None]
    if not shown:
        return None
    rates = isinstance(shown[0], Throughput)
    unsteady = "not in the mean" if rates else "in the percentiles all the same"
    return tag(
        "details",
        tag("summary", "Iterations of every fork"),
        tag(
            "p",
            "One line a fork: the time of each iteration, in order. The shaded part is before the"
            f" steady state and {unsteady}.",
            class_="hint",
        ),
        tag("div", class_="multiples", data_chart="traces", data_anchor=found.anchor),
        class_="traces",
    )


def sweep(found: Sweep, colours: Colours) -> Markup:
    """A rate, a latency or a speed-up by what is swept, beside what is claimed."""
    return section(
        found.anchor,
        found.title,
        tag("p", found.summary, class_="lead"),
        tag("div", canvas("sweep", found, found.figure), class_="figures"),
        tables.sweep(found, colours),
        tables.notes((), found.anchor, [phrases.claim(claim) for claim in found.claims]),
    )


def environment(report: Report) -> Markup | None:
    """The machine."""
    if not report.environment:
        return None
    items = [
        (f.name, "; ".join(phrases.fact(f.name, v) for v in f.values)) for f in report.environment
    ]
    return section("environment", "Environment", tables.pairs(items, "Facts about the machine"))


def runs(report: Report) -> Markup:
    """Every run, with everything that is known about it."""
    controls = tag(
        "div",
        tag(
            "label",
            "Filter ",
            tag("input", type="search", id="run-filter", placeholder="target, workload, id"),
        ),
        tag("label", tag("input", type="checkbox", id="run-invalid"), " invalid only"),
        tag("output", id="run-count", aria_live="polite"),
        class_="controls",
    )
    return section(
        "runs", "Runs", controls, tag("div", [_run(run) for run in report.runs], class_="runs")
    )


def _run(run: Run) -> Markup:
    told = [("invalid", note) for note in run.reasons] + [("caution", n) for n in run.cautions]
    return tag(
        "details",
        tag(
            "summary",
            tag("span", run.target, class_="run-target"),
            tag("span", run.workload),
            tag("span", run.measure, class_="quiet"),
            tag("span", run.started[:19].replace("T", " "), class_="quiet run-time"),
            _badge(run),
        ),
        [
            tag("p", tag("b", f"{kind}: "), f"{note.message} ", tag("code", note.code), class_=kind)
            for kind, note in told
        ],
        tag("div", [tables.pairs(s.items, s.title) for s in run.sections], class_="run-sections"),
        class_="run",
        data_valid="1" if run.valid else "0",
        data_text=f"{run.target} {run.workload} {run.measure} {run.kind} {run.id}".lower(),
    )


def _badge(run: Run) -> Markup | None:
    if not run.valid:
        return tag("span", "invalid", class_="badge bad")
    return tag("span", "caution", class_="badge") if run.cautions else None


def section(anchor: str, title: str, *children: Child) -> Markup:
    """A part of the page that the navigation leads to."""
    heading = tag("h2", tag("a", title, href=f"#{anchor}"))
    return tag("section", heading, *children, id=anchor, aria_label=title)


SIDE_BY_SIDE = "side-by-side"  # its anchor


def links(report: Report, has_overview: bool) -> Iterator[tuple[str, str]]:
    """Anchors and titles, for the navigation."""
    for goals in report.goals:
        yield goals.anchor, "Goals" if len(report.goals) == 1 else goals.title
    if has_overview:
        yield "overview", "Overview"
    for found in report.rankings:
        yield found.anchor, found.title
    for swept in report.sweeps:
        yield swept.anchor, swept.title
    for memory_table in report.memory:
        yield memory_table.anchor, f"memory: {memory_table.workload}"
    for image in report.images:
        yield image.anchor, image.title
    if report.beside:
        yield SIDE_BY_SIDE, "Side by side"
    for board in report.boards:
        yield board.anchor, board.title
    if report.environment:
        yield "environment", "Environment"
    yield "runs", "Runs"

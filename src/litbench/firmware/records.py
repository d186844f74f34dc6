"""Analyses as records: what any other run leaves, so that they are kept, compared and reported.

Everything in the tables is a figure of the image; only names are texts. A figure that is not known
is a metric without values (undetermined), never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from litbench import __version__
from litbench.firmware import footprint as fp
from litbench.firmware import nesting, tasks
from litbench.firmware.annotations import Annotations
from litbench.firmware.cargo_sources import Use
from litbench.firmware.diff import Change, Difference
from litbench.firmware.elf import Elf
from litbench.firmware.footprint import Footprint
from litbench.firmware.scan import Scan
from litbench.firmware.stack import EntryBound, StackAnalysis, Verdict
from litbench.firmware.symbols import FILLER, NO_SYMBOL, Group, Item, by_crate, folded
from litbench.firmware.vectors import TRAP, vector_name
from litbench.record import (
    Instrument,
    Kind,
    Metric,
    Note,
    Record,
    Scalar,
    Status,
    Subject,
    Table,
    Workload,
    new_id,
    now,
)
from litbench.units import Unit

MAX_ROWS = 20_000  # a table keeps at most this many rows, the largest ones; the last says so

_B, _N = Unit.BYTES, Unit.COUNT
_Column = tuple[str, Unit | None]


def size(found: Footprint, annotations: Annotations, session: str) -> Record:
    """The record of ``litbench firmware size``."""
    elf = found.elf
    metrics = [
        _bytes("flash", found.flash),
        _bytes("ram", found.ram),
        *(_bytes(name, found.category(name)) for name in (fp.TEXT, fp.RODATA, fp.DATA, fp.BSS)),
        _bytes("heap", found.reserve(fp.HEAP)),
        _bytes("stack", found.reserve(fp.STACK)),
        _bytes("file", len(elf.data)),
        _bytes("size.text", found.berkeley.text),
        _bytes("size.data", found.berkeley.data),
        _bytes("size.bss", found.berkeley.bss),
    ]
    columns: list[_Column] = [
        ("section", None), ("kind", None), ("address", None), ("load address", None),
        ("size", _B), ("flash", _B), ("ram", _B),
    ]  # fmt: skip
    rows = [
        (
            b.section, b.category, f"{b.start:#010x}",
            None if b.load is None else f"{b.load:#010x}", b.size,
            b.size if b.load is not None else 0, b.size if b.ram else 0,
        )
        for b in found.memory
    ]  # fmt: skip
    tables = [_table("sections", columns, rows)]
    if annotations.regions:
        uses = found.regions(annotations.regions)
        metrics += [_bytes(f"region.{u.region.name}", u.used) for u in uses]
        tables.append(
            _table(
                "regions",
                [("region", None), ("origin", None), ("length", _B), ("used", _B), ("left", _B)],
                [
                    (u.region.name, f"{u.region.origin:#010x}", u.region.length, u.used,
                     u.region.length - u.used)
                    for u in uses
                ],
            )
        )  # fmt: skip
    tables.append(_table("file", [("part", None), ("size", _B)], _file_rows(found)))
    return _record(elf, (Kind.FOOTPRINT, "size"), session, metrics, tables)


def _file_rows(found: Footprint) -> list[tuple[Scalar, ...]]:
    sums: dict[str, int] = {}
    for span in found.file:
        sums[span.label] = sums.get(span.label, 0) + span.size
    return [(name, size) for name, size in sorted(sums.items(), key=lambda item: -item[1])]


def symbols(
    found: Footprint, items: Sequence[Item], groups: dict[str, list[Group]], session: str
) -> Record:
    """The record of ``litbench firmware symbols``; ``groups`` are further tables by name."""
    metrics = [
        _bytes("flash", found.flash),
        _bytes("ram", found.ram),
        _bytes("padding", sum(i.size for i in items if i.name == FILLER)),
        _bytes("no_symbol", sum(i.size for i in items if i.name == NO_SYMBOL)),
        Metric(name="symbols", unit=_N, values=(sum(bool(i.symbol) for i in items),)),
    ]
    largest = sorted(items, key=lambda i: (-i.size, i.address))
    columns: list[_Column] = [
        ("symbol", None), ("section", None), ("address", None), ("size", _B), ("flash", _B),
        ("ram", _B),
    ]  # fmt: skip
    rows = [(i.name, i.section, f"{i.address:#010x}", i.size, i.flash, i.ram) for i in largest]
    tables = [_table("symbols", columns, rows)]
    for name, grouped in {"crates": by_crate(items), "generics": folded(items), **groups}.items():
        tables.append(_groups(name, grouped))
    return _record(found.elf, (Kind.FOOTPRINT, "symbols"), session, metrics, tables)


def _groups(name: str, groups: Iterable[Group]) -> Table:
    columns: list[_Column] = [
        (name.removesuffix("s"), None), ("size", _B), ("flash", _B), ("ram", _B), ("items", _N),
    ]  # fmt: skip
    return _table(name, columns, [(g.name, g.size, g.flash, g.ram, g.count) for g in groups])


def difference(found: Difference, session: str) -> Record:
    """The record of ``litbench firmware diff``: its subject is the newer image."""
    metrics = [
        _bytes("flash", found.after.flash),
        _bytes("ram", found.after.ram),
        _bytes("flash.before", found.before.flash),
        _bytes("ram.before", found.before.ram),
        _bytes("flash.change", found.flash),
        _bytes("ram.change", found.ram),
    ]
    tables = [_changes("symbols", found.symbols), _changes("crates", found.crates)]
    before = found.before.elf
    settings: dict[str, Scalar] = {"before": before.path.name, "before_digest": before.digest}
    return _record(
        found.after.elf, (Kind.FOOTPRINT, "diff"), session, metrics, tables, settings=settings
    )


def _changes(name: str, changes: Iterable[Change]) -> Table:
    columns: list[_Column] = [
        (name.removesuffix("s"), None), ("change", None), ("flash", _B), ("ram", _B),
        ("flash before", _B), ("flash after", _B), ("ram before", _B), ("ram after", _B),
    ]  # fmt: skip
    rows = [
        (
            c.name, c.kind, c.flash, c.ram, c.before.flash if c.before else 0,
            c.after.flash if c.after else 0, c.before.ram if c.before else 0,
            c.after.ram if c.after else 0,
        )
        for c in changes
    ]  # fmt: skip
    return _table(name, columns, rows)


def stack(analysis: StackAnalysis, session: str) -> Record:
    """The record of ``litbench firmware stack``."""
    elf = analysis.graph.elf
    bounds = [analysis.entry(e) for e in analysis.graph.vectors.entries]
    whole = nesting.total(analysis, bounds)
    bounds += [analysis.entry(e) for e in tasks.find(analysis)]
    space = nesting.space(analysis)
    metrics = [m for b in bounds for m in _entry_metrics(b)]
    metrics += _limited("stack.total", whole.total, whole.verdict)
    metrics.append(_bytes("stack.available", space.bytes if space else None))
    left = space.bytes - whole.total if space and whole.verdict is not Verdict.UNBOUNDED else None
    metrics.append(_bytes("stack.left", left))
    tables = [
        _entries(analysis, bounds), _nesting(whole), _chains(analysis, bounds),
        _conditions(analysis, bounds), _calls(analysis), _functions(analysis),
    ]  # fmt: skip
    cautions = [Note(code="vectors", message=text) for text in analysis.graph.vectors.notes]
    cautions += _nesting_cautions(whole)
    unused = analysis.annotations.unused
    if unused:
        message = f"annotations that name no function: {', '.join(sorted(unused))}"
        cautions.append(Note(code="annotations", message=message))
    settings: dict[str, Scalar] = {
        "verdict": str(whole.verdict),
        "exception_frame": nesting.exception_frame(elf),
        "stack_top": None if space is None else f"{space.top:#x}",
        "stack_bottom": None if space is None else f"{space.bottom:#x}",
    }
    return _record(
        elf, (Kind.STACK, "stack"), session, metrics, tables, settings=settings, cautions=cautions
    )


def _nesting_cautions(whole: nesting.Total) -> list[Note]:
    notes = []
    if any(level.priority is None for level in whole.levels[:-1]):
        text = "no priorities were given: every handler is taken to interrupt every other one"
        notes.append(Note(code="priorities", message=text))
    if any(level.handler.entry.kind == TRAP for level in whole.levels):
        text = "a trap handler that enables interrupts itself would nest: it is counted once"
        notes.append(Note(code="traps", message=text))
    if any(len(level.handler.entry.numbers) > 1 for level in whole.levels):
        text = "vectors that share one handler are counted once"
        notes.append(Note(code="shared", message=text))
    return notes


def _entry_metrics(bound: EntryBound) -> list[Metric]:
    return _limited(f"stack.{bound.entry.name}", bound.total, bound.verdict)


def _limited(name: str, total: int, verdict: Verdict) -> list[Metric]:
    """A bound; where there is none, what is known of it goes under another name."""
    if verdict is not Verdict.UNBOUNDED:
        return [_bytes(name, total)]
    return [_bytes(name, None), _bytes(f"{name}.at_least", total)]


def _entries(analysis: StackAnalysis, bounds: list[EntryBound]) -> Table:
    columns: list[_Column] = [
        ("entry", None), ("kind", None), ("vectors", None), ("bound", _B), ("at least", _B),
        ("verdict", None), ("conditions", _N), ("deepest call", None),
    ]  # fmt: skip
    rows = [
        (
            b.entry.name, b.entry.kind, ", ".join(map(vector_name, b.entry.numbers[:4])),
            None if b.verdict is Verdict.UNBOUNDED else b.total, b.total, str(b.verdict),
            len(b.conditions), analysis.name(b.chain[-1].function) if b.chain else "",
        )
        for b in bounds
    ]  # fmt: skip
    return _table("entries", columns, rows)


def _nesting(whole: nesting.Total) -> Table:
    columns: list[_Column] = [
        ("level", None), ("deepest", None), ("exception frame", _B), ("code", _B), ("bytes", _B),
    ]  # fmt: skip
    rows: list[tuple[Scalar, ...]] = []
    if whole.thread is not None:
        thread = whole.thread
        rows.append(("thread", thread.entry.name, 0, thread.total, thread.total))
    for level in whole.levels:
        name = "any" if level.priority is None else str(level.priority)
        handler = level.handler
        rows.append((name, handler.entry.name, level.frame, handler.total, level.total))
    rows.append(("total", "", None, None, whole.total))
    return _table("nesting", columns, rows)


def _chains(analysis: StackAnalysis, bounds: list[EntryBound]) -> Table:
    columns: list[_Column] = [
        ("entry", None), ("step", _N), ("function", None), ("depth", _B), ("frame", _B),
        ("note", None),
    ]  # fmt: skip
    rows = [
        (
            b.entry.name, step, analysis.name(link.function), link.depth,
            analysis.nodes[link.function].own, link.note,
        )
        for b in bounds
        for step, link in enumerate(b.chain)
    ]  # fmt: skip
    return _table("chains", columns, rows)


def _conditions(analysis: StackAnalysis, bounds: list[EntryBound]) -> Table:
    columns: list[_Column] = [
        ("kind", None), ("function", None), ("address", None), ("what the bound rests on", None),
        ("left out", None), ("answer", None), ("annotation", None), ("entries", None),
    ]  # fmt: skip
    reached: dict[tuple[str, int, int], list[str]] = {}
    conditions = {}
    for bound in bounds:
        for c in bound.conditions:
            key = (c.code, c.function, c.address)
            conditions[key] = c
            reached.setdefault(key, []).append(bound.entry.name)
    rows = [
        (
            c.code, analysis.name(c.function), f"{c.address:#010x}", c.message, c.leaves_out,
            c.answer, c.key, ", ".join(reached[key]),
        )
        for key, c in conditions.items()
    ]  # fmt: skip
    return _table("conditions", columns, rows)


def _calls(analysis: StackAnalysis) -> Table:
    columns: list[_Column] = [
        ("function", None), ("address", None), ("resolved", None), ("candidates", _N),
        ("why these", None), ("names", None),
    ]  # fmt: skip
    rows = [
        (
            analysis.name(start), f"{call.address:#010x}", found.resolved, len(found.targets),
            found.reason, ", ".join(analysis.name(t) for t in found.targets[:16]),
        )
        for start, call, found in analysis.calls
    ]  # fmt: skip
    return _table("indirect calls", columns, rows)


def _functions(analysis: StackAnalysis) -> Table:
    columns: list[_Column] = [
        ("function", None), ("address", None), ("frame", _B), ("frame from", None), ("deepest", _B),
    ]  # fmt: skip
    nodes = sorted(analysis.nodes.values(), key=lambda n: (-n.own, n.start))
    rows = [
        (
            analysis.name(n.start),
            f"{n.start:#010x}",
            n.own,
            n.source,
            analysis.bounds[n.start].total,
        )
        for n in nodes
    ]
    return _table("functions", columns, rows)


def scan(
    elf: Elf, found: Scan, uses: Sequence[Use] | None, features: set[str], session: str
) -> Record:
    """The record of ``litbench firmware scan``; ``uses`` are of the sources, if they were read."""
    metrics = [
        Metric(name=f"scan.{rule.id}", unit=_N, values=(len(found.of(rule.id)),))
        for rule in found.rules
    ]
    rules = [
        (r.id, r.title, len(found.of(r.id)), sum(h.size for h in found.of(r.id)), r.advice)
        for r in found.rules
    ]
    hits = [
        (
            h.rule, h.name, h.size, None if h.callers is None else ", ".join(h.callers[:8]),
            None if h.reached_from is None else ", ".join(h.reached_from[:8]),
        )
        for h in found.hits
    ]  # fmt: skip
    tables = [
        _table(
            "rules",
            [("rule", None), ("what", None), ("found", _N), ("size", _B), ("advice", None)],
            rules,
        ),
        _table(
            "findings",
            [
                ("rule", None),
                ("symbol", None),
                ("size", _B),
                ("called by", None),
                ("reached from", None),
            ],
            hits,
        ),
    ]
    if uses is not None:
        tables += _source_tables(uses)
        metrics.append(Metric(name="sources.unsafe", unit=_N, values=(_count(uses, "unsafe"),)))
        metrics.append(Metric(name="sources.std", unit=_N, values=(_count(uses, "std"),)))
    settings: dict[str, Scalar] = {"features": ", ".join(sorted(features))}
    return _record(elf, (Kind.SCAN, "scan"), session, metrics, tables, settings=settings)


def _count(uses: Sequence[Use], kind: str) -> int:
    return sum(use.kind.startswith(kind) for use in uses)


def _source_tables(uses: Sequence[Use]) -> list[Table]:
    sums: dict[tuple[str, str, str], int] = {}
    for use in uses:
        key = (use.crate, use.feature, use.kind)
        sums[key] = sums.get(key, 0) + 1
    totals = [(*key, count) for key, count in sorted(sums.items())]
    columns: list[_Column] = [("crate", None), ("feature", None), ("kind", None), ("uses", _N)]
    places = [(u.crate, u.feature, u.kind, f"{u.file}:{u.line}") for u in uses]
    where: list[_Column] = [("crate", None), ("feature", None), ("kind", None), ("place", None)]
    return [_table("sources", columns, totals), _table("source places", where, places)]


def _bytes(name: str, value: int | None) -> Metric:
    return Metric(name=name, unit=_B, values=() if value is None else (value,))


def _table(name: str, columns: list[_Column], rows: Sequence[tuple[Scalar, ...]]) -> Table:
    kept = tuple(rows[:MAX_ROWS])
    if len(rows) > MAX_ROWS:
        more = f"[{len(rows) - MAX_ROWS} more rows were left out]"
        kept += ((more, *(None for _ in columns[1:])),)
    return Table(
        name=name,
        columns=tuple(c for c, _ in columns),
        units=tuple(u for _, u in columns),
        rows=kept,
    )


def _record(
    elf: Elf,
    what: tuple[Kind, str],
    session: str,
    metrics: list[Metric],
    tables: list[Table],
    *,
    settings: dict[str, Scalar] | None = None,
    cautions: Sequence[Note] = (),
) -> Record:
    return Record(
        id=new_id(),
        session=session,
        kind=what[0],
        started=now(),
        subject=Subject(name=elf.path.stem, language="", runtime=elf.machine, digest=elf.digest),
        workload=Workload(name=f"firmware {what[1]}"),
        status=Status.VALID,
        metrics=tuple(metrics),
        tables=tuple(tables),
        cautions=tuple(cautions),
        instruments=(
            Instrument(name="litbench firmware", version=__version__, settings=settings or {}),
        ),
    )

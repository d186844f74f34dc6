"""The record of ``litbench firmware stack``."""

from __future__ import annotations

from litbench.firmware import nesting, tasks
from litbench.firmware.records.parts import B, Column, N, in_bytes, record, table
from litbench.firmware.stack import EntryBound, StackAnalysis, Verdict
from litbench.firmware.vectors import vector_name
from litbench.record import Kind, Metric, Note, Record, Scalar, Table


def stack(analysis: StackAnalysis, session: str) -> Record:
    """The record of ``litbench firmware stack``."""
    elf = analysis.graph.elf
    bounds = [analysis.entry(e) for e in analysis.graph.vectors.entries]
    whole = nesting.total(analysis, bounds)
    further = tasks.find(analysis)
    bounds += [analysis.entry(e) for e in further]
    space = nesting.space(analysis)
    metrics = [m for b in bounds for m in _entry_metrics(b)]
    metrics += _limited("stack.total", whole.total, whole.verdict)
    metrics.append(in_bytes("stack.available", space.bytes if space else None))
    left = space.bytes - whole.total if space and whole.verdict is not Verdict.UNBOUNDED else None
    metrics.append(in_bytes("stack.left", left))
    stacks = nesting.task_stacks(analysis, bounds)
    metrics += [_left(s) for s in stacks if s.size is not None]
    tables = [
        _entries(analysis, bounds, whole), *_task_stacks(stacks), _nesting(whole),
        _chains(analysis, bounds), _conditions(analysis, bounds, whole), _calls(analysis),
        _functions(analysis),
    ]  # fmt: skip
    cautions = [Note(code="vectors", message=text) for text in analysis.graph.vectors.notes]
    cautions += _nesting_cautions(whole)
    if merged := tasks.merged(analysis, further):
        text = f"tasks whose code the compiler merged with another's: {', '.join(merged)}"
        cautions.append(Note(code="tasks", message=text))
    unused = analysis.annotations.unused
    if unused:
        message = f"annotations that name no function: {', '.join(sorted(unused))}"
        cautions.append(Note(code="annotations", message=message))
    settings: dict[str, Scalar] = {
        "verdict": str(whole.verdict),
        "exception_frame": nesting.frame_of(analysis),
        "stack_top": None if space is None else f"{space.top:#x}",
        "stack_bottom": None if space is None else f"{space.bottom:#x}",
    }
    return record(
        elf, (Kind.STACK, "stack"), session, metrics, tables, settings=settings, cautions=cautions
    )


def _nesting_cautions(whole: nesting.Total) -> list[Note]:
    notes = []
    if any(level.priority is None for level in whole.levels[:-1]):
        text = "no priorities were given: every handler is taken to interrupt every other one"
        notes.append(Note(code="priorities", message=text))
    return notes


def _entry_metrics(bound: EntryBound) -> list[Metric]:
    return _limited(f"stack.{bound.entry.name}", bound.total, bound.verdict)


def _limited(name: str, total: int, verdict: Verdict) -> list[Metric]:
    """A bound; where there is none, what is known of it goes under another name."""
    if verdict is not Verdict.UNBOUNDED:
        return [in_bytes(name, total)]
    return [in_bytes(name, None), in_bytes(f"{name}.at_least", total)]


def _entries(analysis: StackAnalysis, bounds: list[EntryBound], whole: nesting.Total) -> Table:
    columns: list[Column] = [
        ("entry", None), ("kind", None), ("vectors", None), ("bound", B), ("at least", B),
        ("verdict", None), ("conditions", N), ("deepest call", None),
    ]  # fmt: skip
    rows = [
        (
            b.entry.name, b.entry.kind, ", ".join(map(vector_name, b.entry.numbers[:4])),
            None if b.verdict is Verdict.UNBOUNDED else b.total, b.total, str(b.verdict),
            len(b.conditions), analysis.name(b.chain[-1].function) if b.chain else "",
        )
        for b in bounds
    ]  # fmt: skip
    limit = None if whole.verdict is Verdict.UNBOUNDED else whole.total
    count = len({c for b in bounds for c in b.conditions} | {*whole.conditions})
    rows.append(("total", "nested", "", limit, whole.total, str(whole.verdict), count, ""))
    return table("entries", columns, rows)


def _left(stack: nesting.TaskStack) -> Metric:
    known = stack.bound.verdict is not Verdict.UNBOUNDED
    return in_bytes(f"stack.{stack.bound.entry.name}.left", stack.left if known else None)


def _task_stacks(stacks: list[nesting.TaskStack]) -> list[Table]:
    """The stacks of threads that have their own; no table where none has."""
    columns: list[Column] = [
        ("task", None), ("code", B), ("exception frame", B), ("context", B), ("needs", B),
        ("stack", B), ("left", B),
    ]  # fmt: skip
    rows = [
        (s.bound.entry.name, s.bound.total, s.frame, s.context, s.needs, s.size, s.left)
        for s in stacks
    ]
    return [table("task stacks", columns, rows)] if rows else []


def _nesting(whole: nesting.Total) -> Table:
    columns: list[Column] = [
        ("level", None), ("deepest", None), ("times", N), ("exception frame", B), ("code", B),
        ("bytes", B),
    ]  # fmt: skip
    rows: list[tuple[Scalar, ...]] = []
    if whole.thread is not None:
        thread = whole.thread
        rows.append(("thread", thread.entry.name, 1, 0, thread.total, thread.total))
    for level in whole.levels:
        name = "any" if level.priority is None else str(level.priority)
        handler = level.handler
        row = (name, handler.entry.name, level.times, level.frame, handler.total, level.total)
        rows.append(row)
    rows.append(("total", "", None, None, None, whole.total))
    return table("nesting", columns, rows)


def _chains(analysis: StackAnalysis, bounds: list[EntryBound]) -> Table:
    columns: list[Column] = [
        ("entry", None), ("step", N), ("function", None), ("depth", B), ("frame", B),
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
    return table("chains", columns, rows)


def _conditions(analysis: StackAnalysis, bounds: list[EntryBound], whole: nesting.Total) -> Table:
    columns: list[Column] = [
        ("kind", None), ("function", None), ("address", None), ("what the bound rests on", None),
        ("left out", None), ("answer", None), ("annotation", None), ("entries", None),
    ]  # fmt: skip
    reached: dict[tuple[str, int, int], list[str]] = {}
    conditions = {}
    of_entries = [(b.entry.name, c) for b in bounds for c in b.conditions]
    for entry, c in (*of_entries, *(("total", c) for c in whole.conditions)):
        key = (c.code, c.function, c.address)
        conditions[key] = c
        reached.setdefault(key, []).append(entry)
    rows = [
        (
            c.code, analysis.name(c.function), f"{c.address:#010x}", c.message, c.leaves_out,
            c.answer, c.key, ", ".join(reached[key]),
        )
        for key, c in conditions.items()
    ]  # fmt: skip
    return table("conditions", columns, rows)


def _calls(analysis: StackAnalysis) -> Table:
    columns: list[Column] = [
        ("function", None), ("address", None), ("resolved", None), ("candidates", N),
        ("why these", None), ("names", None),
    ]  # fmt: skip
    rows = [
        (
            analysis.name(start), f"{call.address:#010x}", found.resolved, len(found.targets),
            found.reason, ", ".join(analysis.name(t) for t in found.targets[:16]),
        )
        for start, call, found in analysis.calls
    ]  # fmt: skip
    return table("indirect calls", columns, rows)


def _functions(analysis: StackAnalysis) -> Table:
    columns: list[Column] = [
        ("function", None), ("address", None), ("frame", B), ("frame from", None), ("deepest", B),
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
    return table("functions", columns, rows)

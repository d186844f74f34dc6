"""Records to memory tables: bytes per actor and per message, each reading a row of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from litbench import catalogue
from litbench.errors import UsageError
from litbench.record import Kind, Measure, Record
from litbench.report.labels import anchor, labels
from litbench.report.notes import Notes
from litbench.report.parts import MemoryRow, MemoryTable
from litbench.stats import memory, summary
from litbench.stats.slope import Slope
from litbench.stats.summary import Group, Key
from litbench.stats.undetermined import Undetermined

OF_ITERATIONS = (
    "over the iterations of one process, the first quarter left out; what the adapter itself keeps"
    " of an iteration until its report, 100 to 200 bytes, is in it"
)
BY_ROOM = (
    "its mailbox takes the memory of all its room at once, more than was asked for:"
    " bytes each are of the part that messages fill"
)
STEP = 0.1  # a point further from the line than this part of the range is worth a word

_Table = tuple[str, int, summary.Parameters]


def build(records: Sequence[Record]) -> tuple[MemoryTable, ...]:
    """One table for each workload and set of parameters besides the size."""
    runs = [r for r in records if r.kind is Kind.BENCHMARK and r.measure is Measure.MEMORY]
    by_key: dict[Key, list[Record]] = defaultdict(list)
    for group in summary.group(runs):
        by_key[_without_size(group)] += group.records
    names = labels(list(by_key))
    tables: dict[_Table, list[tuple[Key, list[Record]]]] = defaultdict(list)
    for key, members in by_key.items():
        tables[key.workload, key.version, key.parameters].append((key, members))
    order = {w.name: i for i, w in enumerate(catalogue.all_workloads())}
    ordered = sorted(tables, key=lambda t: (order.get(t[0], len(order)), t[:2], str(t[2])))
    return tuple(_table(i, table, tables[table], names) for i, table in enumerate(ordered, 1))


def _without_size(group: Group) -> Key:
    size = memory.size_of(group.records[0])
    kept = tuple(p for p in group.key.parameters if size is None or p[0] != size[0])
    setup = group.key.setup and msgspec.structs.replace(group.key.setup, mailbox=0)
    return msgspec.structs.replace(group.key, parameters=kept, setup=setup)


def _table(
    number: int, table: _Table, groups: list[tuple[Key, list[Record]]], names: dict[Key, str]
) -> MemoryTable:
    name, version, parameters = table
    notes = Notes()
    rows: list[MemoryRow] = []
    measured = [(key, records, memory.memory(_valid(records))) for key, records in groups]
    for key, records, found in sorted(measured, key=lambda one: (_cost(one[2]), names[one[0]])):
        rows += [
            MemoryRow(
                target=key.subject.name,
                label=names[key],
                memory=one,
                notes=notes.add(_sentences(one, records)),
            )
            for one in found
        ]
        if not found:
            notes.add([f"{names[key]}: {_why_nothing(records)}"])
    return MemoryTable(
        anchor=anchor("memory", number, name),
        workload=name,
        version=version,
        summary=_summary(name),
        parameters={k: v for k, v in parameters if v is not None},
        rows=tuple(rows),
        notes=notes.texts,
    )


def _valid(records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.valid]


def _cost(found: Sequence[memory.Memory]) -> float:
    """What rows are ordered by: the bytes each of a target's first reading."""
    slopes = [one.slope for one in found]
    return slopes[0].slope if slopes and isinstance(slopes[0], Slope) else float("inf")


def _summary(name: str) -> str:
    try:
        return catalogue.workload(name).summary
    except UsageError:
        return ""


def _why_nothing(records: Sequence[Record]) -> str:
    invalid = [record for record in records if not record.valid]
    if len(invalid) == len(records):
        reason = next((r.message for i in invalid for r in i.reasons), "no reason given")
        return f"all {len(records)} runs are invalid: {reason}"
    return "its runs read no memory before and with the load"


def _sentences(found: memory.Memory, records: Sequence[Record]) -> list[str]:
    sentences = []
    invalid = [record for record in records if not record.valid]
    if invalid:
        reason = next((r.message for i in invalid for r in i.reasons), "no reason given")
        sentences.append(f"invalid: {len(invalid)} of {len(records)} runs: {reason}")
    slope = found.slope
    if isinstance(slope, Undetermined):
        sentences.append(f"bytes each undetermined: {slope.reason}")
    elif slope is not None and not slope.excludes_zero:
        sentences.append("the interval contains 0: no cost each can be claimed, nor that it is 0")
    elif slope is not None and slope.misfit > STEP:
        sentences.append(f"not a line: a point is over {STEP:.0%} of the range away from it")
    if found.by_room:
        sentences.append(BY_ROOM)
    if found.counted == memory.ITERATIONS:
        sentences.append(OF_ITERATIONS)
    by_code = {note.code: note.message for record in records for note in record.cautions}
    return sentences + list(by_code.values())

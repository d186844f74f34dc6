"""The records of ``litbench firmware size``, ``symbols`` and ``diff``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from litbench.firmware import footprint as fp
from litbench.firmware.annotations import Annotations
from litbench.firmware.footprint import Footprint
from litbench.firmware.records.parts import B, Column, N, in_bytes, record, table
from litbench.firmware.symbols import FILLER, NO_SYMBOL, Group, Item, by_crate, folded
from litbench.record import Kind, Metric, Record, Scalar, Table

if TYPE_CHECKING:
    from litbench.firmware.diff import Change, Difference


def size(found: Footprint, annotations: Annotations, session: str) -> Record:
    """The record of ``litbench firmware size``."""
    elf = found.elf
    metrics = [
        in_bytes("flash", found.flash),
        in_bytes("ram", found.ram),
        *(in_bytes(name, found.category(name)) for name in (fp.TEXT, fp.RODATA, fp.DATA, fp.BSS)),
        in_bytes("heap", found.reserve(fp.HEAP)),
        in_bytes("stack", found.reserve(fp.STACK)),
        in_bytes("file", len(elf.data)),
        in_bytes("size.text", found.berkeley.text),
        in_bytes("size.data", found.berkeley.data),
        in_bytes("size.bss", found.berkeley.bss),
    ]
    columns: list[Column] = [
        ("section", None), ("kind", None), ("address", None), ("load address", None),
        ("size", B), ("flash", B), ("ram", B),
    ]  # fmt: skip
    rows = [
        (
            b.section, b.category, f"{b.start:#010x}",
            None if b.load is None else f"{b.load:#010x}", b.size,
            b.size if b.load is not None else 0, b.size if b.ram else 0,
        )
        for b in found.memory
    ]  # fmt: skip
    tables = [table("sections", columns, rows)]
    if annotations.regions:
        uses = found.regions(annotations.regions)
        metrics += [in_bytes(f"region.{u.region.name}", u.used) for u in uses]
        tables.append(
            table(
                "regions",
                [("region", None), ("origin", None), ("length", B), ("used", B), ("left", B)],
                [
                    (u.region.name, f"{u.region.origin:#010x}", u.region.length, u.used,
                     u.region.length - u.used)
                    for u in uses
                ],
            )
        )  # fmt: skip
    tables.append(table("file", [("part", None), ("size", B)], _file_rows(found)))
    return record(elf, (Kind.FOOTPRINT, "size"), session, metrics, tables)


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
        in_bytes("flash", found.flash),
        in_bytes("ram", found.ram),
        in_bytes("padding", sum(i.size for i in items if i.name == FILLER)),
        in_bytes("no_symbol", sum(i.size for i in items if i.name == NO_SYMBOL)),
        Metric(name="symbols", unit=N, values=(sum(bool(i.symbol) for i in items),)),
    ]
    largest = sorted(items, key=lambda i: (-i.size, i.address))
    columns: list[Column] = [
        ("symbol", None), ("section", None), ("address", None), ("size", B), ("flash", B),
        ("ram", B),
    ]  # fmt: skip
    rows = [(i.name, i.section, f"{i.address:#010x}", i.size, i.flash, i.ram) for i in largest]
    tables = [table("symbols", columns, rows)]
    for name, grouped in {"crates": by_crate(items), "generics": folded(items), **groups}.items():
        tables.append(_groups(name, grouped))
    return record(found.elf, (Kind.FOOTPRINT, "symbols"), session, metrics, tables)


def _groups(name: str, groups: Iterable[Group]) -> Table:
    columns: list[Column] = [
        (name.removesuffix("s"), None), ("size", B), ("flash", B), ("ram", B), ("items", N),
    ]  # fmt: skip
    return table(name, columns, [(g.name, g.size, g.flash, g.ram, g.count) for g in groups])


def difference(found: Difference, session: str) -> Record:
    """The record of ``litbench firmware diff``: its subject is the newer image."""
    metrics = [
        in_bytes("flash", found.after.flash),
        in_bytes("ram", found.after.ram),
        in_bytes("flash.before", found.before.flash),
        in_bytes("ram.before", found.before.ram),
        in_bytes("flash.change", found.flash),
        in_bytes("ram.change", found.ram),
    ]
    tables = [_changes("symbols", found.symbols), _changes("crates", found.crates)]
    before = found.before.elf
    settings: dict[str, Scalar] = {"before": before.path.name, "before_digest": before.digest}
    return record(
        found.after.elf, (Kind.FOOTPRINT, "diff"), session, metrics, tables, settings=settings
    )


def _changes(name: str, changes: Iterable[Change]) -> Table:
    columns: list[Column] = [
        (name.removesuffix("s"), None), ("change", None), ("flash", B), ("ram", B),
        ("flash before", B), ("flash after", B), ("ram before", B), ("ram after", B),
    ]  # fmt: skip
    rows = [
        (
            c.name, c.kind, c.flash, c.ram, c.before.flash if c.before else 0,
            c.after.flash if c.after else 0, c.before.ram if c.before else 0,
            c.after.ram if c.after else 0,
        )
        for c in changes
    ]  # fmt: skip
    return table(name, columns, rows)

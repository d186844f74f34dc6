"""The record of ``litbench firmware scan``."""

from __future__ import annotations

from collections.abc import Sequence

from litbench.firmware.cargo_sources import Use
from litbench.firmware.elf import Elf
from litbench.firmware.records.parts import B, Column, N, record, table
from litbench.firmware.scan import Scan
from litbench.record import Kind, Metric, Record, Scalar, Table


def scan(
    elf: Elf, found: Scan, uses: Sequence[Use] | None, features: set[str], session: str
) -> Record:
    """The record of ``litbench firmware scan``; ``uses`` are of the sources, if they were read."""
    metrics = [
        Metric(name=f"scan.{rule.id}", unit=N, values=(len(found.of(rule.id)),))
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
        table(
            "rules",
            [("rule", None), ("what", None), ("found", N), ("size", B), ("advice", None)],
            rules,
        ),
        table(
            "findings",
            [
                ("rule", None),
                ("symbol", None),
                ("size", B),
                ("called by", None),
                ("reached from", None),
            ],
            hits,
        ),
    ]
    if uses is not None:
        tables += _source_tables(uses)
        metrics.append(Metric(name="sources.unsafe", unit=N, values=(_count(uses, "unsafe"),)))
        metrics.append(Metric(name="sources.std", unit=N, values=(_count(uses, "std"),)))
    settings: dict[str, Scalar] = {"features": ", ".join(sorted(features))}
    return record(elf, (Kind.SCAN, "scan"), session, metrics, tables, settings=settings)


def _count(uses: Sequence[Use], kind: str) -> int:
    return sum(use.kind.startswith(kind) for use in uses)


def _source_tables(uses: Sequence[Use]) -> list[Table]:
    sums: dict[tuple[str, str, str], int] = {}
    for use in uses:
        key = (use.crate, use.feature, use.kind)
        sums[key] = sums.get(key, 0) + 1
    totals = [(*key, count) for key, count in sorted(sums.items())]
    columns: list[Column] = [("crate", None), ("feature", None), ("kind", None), ("uses", N)]
    places = [(u.crate, u.feature, u.kind, f"{u.file}:{u.line}") for u in uses]
    where: list[Column] = [("crate", None), ("feature", None), ("kind", None), ("place", None)]
    return [table("sources", columns, totals), table("source places", where, places)]

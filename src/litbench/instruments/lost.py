"""What was lost: one table of leaks, whichever tool found them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litbench.instruments.base import Answer
from litbench.instruments.frames import Frame
from litbench.instruments.sites import folded, site_of
from litbench.record import Table
from litbench.units import Unit

ROWS_LIMIT = 300


@dataclass(frozen=True)
class Lost:
    """Blocks that one stack allocated and nothing points to; ``kind`` is the tool's word."""

    stack: Sequence[Frame]
    bytes: int
    blocks: int
    kind: str


def fill(answer: Answer, found: Sequence[Lost], surely: frozenset[str]) -> None:
    """The numbers and the table of what was lost; ``surely`` are the kinds that count as lost."""
    lost = [each for each in found if each.kind in surely]
    answer.totals["lost"] = (Unit.BYTES, sum(each.bytes for each in lost))
    answer.totals["lost-blocks"] = (Unit.COUNT, sum(each.blocks for each in lost))
    rows = []
    for each in sorted(found, key=lambda e: (e.kind not in surely, -e.bytes))[:ROWS_LIMIT]:
        site = site_of(each.stack)
        row = (site.function, site.where, each.bytes, each.blocks, each.kind, folded(each.stack))
        rows.append(row)
    answer.tables.append(
        Table(
            name="lost",
            columns=("site", "where", "bytes", "blocks", "kind", "stack"),
            units=(None, None, Unit.BYTES, Unit.COUNT, None, None),
            rows=tuple(rows),
        )
    )

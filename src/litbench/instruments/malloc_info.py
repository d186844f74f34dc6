"""glibc's malloc_info: what every arena holds and which free chunks it keeps.

Documents as malloc_info(3) writes them, one tag a line, each after a comment with the time in ns.
Only the last one in the region counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from litbench.record import Table
from litbench.units import Unit

ARENAS_LIMIT = 4_096
SIZES_LIMIT = 65_536
ROWS = 40
_TIME = re.compile(rb"^<!-- (\d+) -->")
_HEAP = re.compile(rb'^<heap nr="(\d+)">')
_TAG = re.compile(
    rb'<(size|unsorted|total|system)(?: type="(\w+)")?(?: from="(\d+)" to="(\d+)" total="(\d+)")?'
    rb'(?: count="(\d+)")?(?: size="(\d+)")?/>'
)


@dataclass
class Arena:
    """Bytes that an arena has of the system, and what of it is free, in how many chunks."""

    system: int = 0
    free: int = 0
    chunks: int = 0
    largest: int = 0


@dataclass
class MallocInfo:
    """One document. ``sizes`` are free chunks by (least, greatest size): (count, bytes)."""

    arenas: dict[int, Arena] = field(default_factory=dict)
    sizes: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    mapped: int = 0
    complete: bool = False


def read_malloc_info(
    lines: Iterable[bytes], begin: int = 0, end: int | None = None
) -> MallocInfo | None:
    """The last whole document between two moments; None when there is none."""
    last: MallocInfo | None = None
    found: MallocInfo | None = None
    arena: Arena | None = None
    for line in lines:
        if match := _TIME.match(line):
            inside = begin <= int(match[1]) and (end is None or int(match[1]) <= end)
            found, arena = (MallocInfo() if inside else None), None
        elif found is None:
            continue
        elif match := _HEAP.match(line):
            known = int(match[1]) in found.arenas or len(found.arenas) < ARENAS_LIMIT
            arena = found.arenas.setdefault(int(match[1]), Arena()) if known else Arena()
        elif line.startswith(b"</heap>"):
            arena = None
        elif line.startswith(b"</malloc>"):
            found.complete, last, found = True, found, None
        elif match := _TAG.search(line):
            _take(found, arena, match)
    return last


def _take(found: MallocInfo, arena: Arena | None, match: re.Match[bytes]) -> None:
    tag, kind = match[1], match[2]
    count, size = int(match[6] or 0), int(match[7] or 0)
    if arena is None:  # the totals of all arenas; only what is mapped alone is not in them
        found.mapped = size if kind == b"mmap" else found.mapped
    elif tag == b"total" and kind in {b"fast", b"rest"}:
        arena.free += size
        arena.chunks += count
    elif tag == b"system" and kind == b"current":
        arena.system = size
    elif tag in {b"size", b"unsorted"} and match[3]:
        bounds, total = (int(match[3]), int(match[4])), int(match[5])
        arena.largest = max(arena.largest, min(bounds[1], total))
        if bounds in found.sizes or len(found.sizes) < SIZES_LIMIT:
            before = found.sizes.get(bounds, (0, 0))
            found.sizes[bounds] = (before[0] + count, before[1] + total)


def tables(found: MallocInfo) -> list[Table]:
    """Arenas, those that hold most first; free chunks by size, those that hold most first."""
    arenas = sorted(found.arenas.items(), key=lambda item: (-item[1].system, item[0]))
    sizes = sorted(found.sizes.items(), key=lambda item: (-item[1][1], item[0]))
    return [
        Table(
            name="arenas",
            columns=("arena", "held", "free", "free share", "free chunks", "largest free"),
            units=(None, Unit.BYTES, Unit.BYTES, Unit.RATIO, Unit.COUNT, Unit.BYTES),
            rows=tuple(
                (number, a.system, a.free, a.free / a.system if a.system else None, a.chunks,
                 a.largest)
                for number, a in arenas[:ROWS]
            ),
        ),
        Table(
            name="free chunks",
            columns=("size", "chunks", "bytes"),
            units=(None, Unit.COUNT, Unit.BYTES),
            rows=tuple(
                (f"{low}" if low == high else f"{low} .. {high}", count, total)
                for (low, high), (count, total) in sizes[:ROWS]
            ),
        ),
    ]  # fmt: skip

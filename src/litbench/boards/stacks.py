"""Stacks: the paint's watermark beside the true minimum of the stack pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litbench.boards.block import ProbeBlock
from litbench.boards.bounds import StaticBound
from litbench.boards.image import Image
from litbench.boards.logs import lowest
from litbench.record import Table
from litbench.units import Unit

# Firmware that declares no stack: this far below the highest stack pointer is still its stack.
REACH = 1 << 20


@dataclass(frozen=True)
class StackUse:
    """One stack. Bytes below ``high``; None where unknown."""

    name: str
    high: int
    size: int | None
    painted: int | None
    measured: int | None


def stack_uses(
    image: Image, block: ProbeBlock | None, pointers: Sequence[int]
) -> tuple[StackUse, ...]:
    """Each stack of the probe's; for firmware without one, the stack that its reset sets up."""
    if block is not None and block.stacks:
        return tuple(
            StackUse(s.name, s.high, s.high - s.low, s.used, _depth(pointers, s.low, s.high))
            for s in block.stacks
        )
    in_ram = [p for p in pointers if any(low < p <= high for low, high in _ram(image))]
    candidates = in_ram or [p for p in pointers if p]
    if not candidates:
        return ()
    high = max(candidates)
    return (StackUse("main", high, None, None, _depth(pointers, high - REACH, high)),)


def _ram(image: Image) -> list[tuple[int, int]]:
    """Writable segments, each with what lies above it: stacks are often in no segment."""
    return [(low, high + REACH) for low, high in image.writable]


def _depth(pointers: Sequence[int], low: int, high: int) -> int | None:
    least = lowest(pointers, max(low - REACH, 1), high)
    return None if least is None else high - least


def stack_table(
    image: Image,
    block: ProbeBlock | None,
    pointers: Sequence[int],
    bound: StaticBound | None = None,
) -> Table:
    """Painted watermark, true minimum of the stack pointer, and static bound, side by side.

    The bound is that of the stack that interrupts use: the first one.
    """
    rows = []
    for index, use in enumerate(stack_uses(image, block, pointers)):
        own = bound if index == 0 else None
        limit, verdict = (own.bytes, own.verdict) if own else (None, "")
        rows.append((use.name, use.size, use.painted, use.measured, limit, verdict))
    units = (None, *[Unit.BYTES] * 4, None)
    columns = ("stack", "size", "painted", "measured", "bound", "verdict")
    return Table("stacks", columns, units, tuple(rows))

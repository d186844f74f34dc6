"""Squarified tree maps (Bruls, Huizing, van Wijk: Squarified Treemaps, 2000)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Box = tuple[float, float, float, float]  # x, y, width, height
_T = TypeVar("_T")


def layout(items: Sequence[_T], size: Callable[[_T], float], box: Box) -> Iterator[tuple[_T, Box]]:
    """A rectangle for each item, areas in proportion to sizes, as square as a greedy row gets.

    Items must come largest first and have sizes above 0; the rectangles fill the box.
    """
    total = sum(map(size, items))
    if total <= 0:
        return
    scale = box[2] * box[3] / total
    at = 0
    while at < len(items):
        x, y, width, height = box
        side = min(width, height)
        row = [items[at]]
        area = size(items[at]) * scale
        while at + len(row) < len(items):
            more = size(items[at + len(row)]) * scale
            if _worst([size(i) * scale for i in row], side) < _worst(
                [*(size(i) * scale for i in row), more], side
            ):
                break
            row.append(items[at + len(row)])
            area += more
        yield from _row(row, size, scale, box, area)
        depth = area / side if side else 0.0
        box = (
            (x + depth, y, width - depth, height) if width >= height
            else (x, y + depth, width, height - depth)
        )  # fmt: skip
        at += len(row)


def _worst(areas: list[float], side: float) -> float:
    """The largest ratio of a rectangle's sides in a row along ``side``."""
    total = sum(areas)
    if not side or not total:
        return float("inf")
    return max(max(side**2 * a / total**2, total**2 / (side**2 * a)) for a in areas)


def _row(
    row: list[_T], size: Callable[[_T], float], scale: float, box: Box, area: float
) -> Iterator[tuple[_T, Box]]:
    x, y, width, height = box
    along = min(height, width)
    depth = area / along if along else 0.0
    for item in row:
        length = size(item) * scale / depth if depth else 0.0
        if width >= height:
            yield item, (x, y, depth, length)
            y += length
        else:
            yield item, (x, y, length, depth)
            x += length

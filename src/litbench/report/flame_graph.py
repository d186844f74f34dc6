"""Flame graphs: weighted stacks as one SVG that opens anywhere, with search and zoom."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from importlib import resources

from litbench.report.phrases import plain
from litbench.units import Unit, format_count, format_quantity

WIDTH = 1180
HEIGHT = 17
HEAD = 34
# Narrower frames are not drawn: they could not be seen, and would make the file large.
NARROWEST = 0.25
DEEPEST = 150
LETTER = 6.6


@dataclass
class Node:
    """A function under its callers, with the weight of all stacks through it."""

    weight: float = 0
    children: dict[str, Node] = field(default_factory=dict)


def tree(stacks: Iterable[tuple[str, float]]) -> Node:
    """Stacks (``outermost;...;innermost``, weight) as a tree."""
    root = Node()
    for stack, weight in stacks:
        if weight <= 0:
            continue
        root.weight += weight
        node = root
        for name in stack.split(";")[:DEEPEST]:
            node = node.children.setdefault(name, Node())
            node.weight += weight
    return root


@dataclass(frozen=True)
class Box:
    """A frame of the picture; ``depth`` 0 is the outermost function."""

    name: str
    depth: int
    x: float
    width: float
    weight: float


def boxes(root: Node) -> Iterator[Box]:
    """Every frame that can be seen, callers before callees; siblings in the order of their names.

    The widths of a frame's callees never exceed its own.
    """
    if root.weight <= 0:
        return
    scale = WIDTH / root.weight
    waiting = [(root, 0, 0.0)]
    while waiting:
        node, depth, x = waiting.pop()
        for name, child in sorted(node.children.items()):
            width = child.weight * scale
            if width >= NARROWEST:
                yield Box(name, depth, x, width, child.weight)
                waiting.append((child, depth + 1, x))
            x += width


def render(
    title: str, stacks: Iterable[tuple[str, float]], unit: Unit, *, standalone: bool = True
) -> str:
    """The flame graph as an SVG element, outermost functions at the bottom.

    ``standalone``: with the script in it, to be a file of its own.
    """
    root = tree(stacks)
    found = list(boxes(root))
    deepest = max((box.depth for box in found), default=0)
    height = HEAD + (deepest + 1) * HEIGHT + 4
    script = f"<script>{_cdata(script_text())}</script>" if standalone else ""
    text = escape(plain(title))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" class="flame"'
        f' role="img" font-family="ui-monospace, monospace" font-size="11"><title>{text}</title>'
        f'<rect width="{WIDTH}" height="{height}" fill="#fffdf7"/>'
        f'<text x="4" y="15" font-size="13">{text}</text>'
        f'<text class="reset" x="{WIDTH - 4}" y="15" text-anchor="end" fill="#1d4ed8"'
        ' cursor="pointer">reset zoom</text><text class="said" x="4" y="29" fill="#444"/>'
        f'<foreignObject x="{WIDTH - 260}" y="0" width="170" height="22">'
        '<input xmlns="http://www.w3.org/1999/xhtml" type="search" placeholder="search"'
        ' aria-label="search functions" size="18"/></foreignObject>'
    )
    frames = "".join(_frame(box, root.weight, height, unit) for box in found)
    return f"{head}{frames}{script}</svg>"


def script_text() -> str:
    """The script for search and zoom in every flame graph of a document; it comes last there."""
    return resources.files("litbench.report").joinpath("assets", "flame.js").read_text("utf-8")


def _cdata(script: str) -> str:
    """A script that XML and HTML both read: HTML takes the marks of CDATA for comments."""
    return f"//<![CDATA[\n{script}\n//]]>"


def _frame(box: Box, whole: float, height: int, unit: Unit) -> str:
    y = height - 4 - (box.depth + 1) * HEIGHT
    name = escape(plain(box.name), quote=True)
    amount = format_count(box.weight) if unit is Unit.COUNT else format_quantity(box.weight, unit)
    letters = int((box.width - 4) / LETTER)
    text = box.name if len(box.name) <= letters else box.name[: letters - 1] + "…"
    shown = escape(plain(text)) if letters >= 3 else ""
    return (
        f'<g class="f" data-name="{name}"><title>{name}: {amount}, {box.weight / whole:.1%}</title>'
        f'<rect x="{box.x:.2f}" y="{y}" width="{box.width:.2f}" height="{HEIGHT - 1}"'
        f' rx="1" fill="{colour(box.name)}"/>'
        f'<text x="{box.x + 3:.2f}" y="{y + 12}">{shown}</text></g>'
    )


def colour(name: str) -> str:
    """A warm colour that a function keeps in every picture."""
    number = zlib.crc32(name.encode())
    return f"hsl({18 + number % 38} {72 + number // 64 % 20}% {62 + number // 4096 % 16}%)"

"""Flame graphs: weighted stacks as one SVG that opens anywhere, with search and zoom."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape

from litbench.units import Unit, format_count, format_quantity

WIDTH = 1180
HEIGHT = 17
HEAD = 34
# Narrower frames are not drawn: they could not be seen, and would make the file large.
NARROWEST = 0.25
DEEPEST = 150
LETTER = 6.6

_SCRIPT = """
(function () {
  var svg = document.currentScript.closest('svg');
  var frames = Array.prototype.slice.call(svg.querySelectorAll('g.f'));
  var said = svg.querySelector('.said'), input = svg.querySelector('input');
  var whole = WIDTH;
  frames.forEach(function (g) {
    var r = g.querySelector('rect');
    g.x0 = +r.getAttribute('x'); g.w0 = +r.getAttribute('width');
    g.y0 = +r.getAttribute('y'); g.name = g.getAttribute('data-name');
    g.fill = r.getAttribute('fill');
  });
  function draw(from, width) {
    frames.forEach(function (g) {
      var r = g.querySelector('rect'), t = g.querySelector('text');
      var left = Math.max((g.x0 - from) / width, 0);
      var right = Math.min((g.x0 + g.w0 - from) / width, 1);
      var w = (right - left) * whole;
      g.style.display = w < 0.2 ? 'none' : '';
      r.setAttribute('x', left * whole); r.setAttribute('width', Math.max(w, 0));
      var letters = Math.floor((w - 4) / LETTER);
      t.setAttribute('x', left * whole + 3);
      t.textContent = letters < 3 ? '' :
        g.name.length <= letters ? g.name : g.name.slice(0, letters - 1) + '\\u2026';
    });
  }
  function find() {
    var word = input.value.toLowerCase(), spans = [];
    frames.forEach(function (g) {
      var hit = word && g.name.toLowerCase().indexOf(word) >= 0;
      g.querySelector('rect').setAttribute('fill', hit ? '#c026d3' : g.fill);
      if (hit) spans.push([g.x0, g.x0 + g.w0]);
    });
    spans.sort(function (a, b) { return a[0] - b[0]; });
    var sum = 0, end = -1;
    spans.forEach(function (s) {
      sum += Math.max(s[1] - Math.max(s[0], end), 0); end = Math.max(end, s[1]);
    });
    said.textContent = word ? 'matched: ' + (100 * sum / whole).toFixed(1) + ' %' : '';
  }
  frames.forEach(function (g) {
    g.addEventListener('click', function () { draw(g.x0, g.w0); });
    g.addEventListener('mouseenter', function () {
      if (!input.value) said.textContent = g.querySelector('title').textContent;
    });
  });
  svg.querySelector('.reset').addEventListener('click', function () { draw(0, whole); });
  input.addEventListener('input', find);
})();
"""


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


def render(title: str, stacks: Iterable[tuple[str, float]], unit: Unit) -> str:
    """The flame graph as an SVG element, outermost functions at the bottom."""
    root = tree(stacks)
    found = list(boxes(root))
    deepest = max((box.depth for box in found), default=0)
    height = HEAD + (deepest + 1) * HEIGHT + 4
    script = _SCRIPT.replace("WIDTH", str(WIDTH)).replace("LETTER", str(LETTER))
    text = escape(title)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" class="flame"'
        f' role="img" font-family="ui-monospace, monospace" font-size="11"><title>{text}</title>'
        f'<rect width="{WIDTH}" height="{height}" fill="#fffdf7"/>'
        f'<text x="4" y="15" font-size="13">{text}</text>'
        f'<text class="reset" x="{WIDTH - 4}" y="15" text-anchor="end" fill="#1d4ed8"'
        ' style="cursor:pointer">reset zoom</text><text class="said" x="4" y="29" fill="#444"/>'
        f'<foreignObject x="{WIDTH - 260}" y="0" width="170" height="22">'
        '<input xmlns="http://www.w3.org/1999/xhtml" type="search" placeholder="search"'
        ' aria-label="search functions" style="width:160px;font-size:11px"/></foreignObject>'
    )
    frames = "".join(_frame(box, root.weight, height, unit) for box in found)
    return f"{head}{frames}<script>{_cdata(script)}</script></svg>"


def _cdata(script: str) -> str:
    """A script that XML and HTML both read: HTML takes the marks of CDATA for comments."""
    return f"//<![CDATA[\n{script}\n//]]>"


def _frame(box: Box, whole: float, height: int, unit: Unit) -> str:
    y = height - 4 - (box.depth + 1) * HEIGHT
    name = escape(box.name, quote=True)
    amount = format_count(box.weight) if unit is Unit.COUNT else format_quantity(box.weight, unit)
    letters = int((box.width - 4) / LETTER)
    text = box.name if len(box.name) <= letters else box.name[: letters - 1] + "…"
    shown = escape(text) if letters >= 3 else ""
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

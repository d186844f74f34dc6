"""Small charts of a profile, as SVG: bars of shares, histograms, lines over time, time lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape as _escape

from litbench.report.phrases import plain
from litbench.units import Unit, format_count, format_quantity

WIDTH = 860
INK = "#333"
COLOURS = ("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626", "#0891b2", "#65a30d", "#6b7280")
CLASS_COLOURS = {
    "actor code": "#059669",
    "message passing": "#2563eb",
    "scheduling": "#d97706",
    "allocator": "#dc2626",
    "kernel": "#6b7280",
    "idle": "#d1d5db",
    "synchronisation": "#9333ea",
    "unresolved": "#e5e7eb",
}


def _svg(title: str, height: float, body: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img"'
        f' font-family="system-ui, sans-serif" font-size="11" fill="{INK}">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>'
        f'<text x="4" y="15" font-size="13">{escape(title)}</text>{"".join(body)}</svg>'
    )


def share_bar(title: str, shares: Sequence[tuple[str, float]]) -> str:
    """One bar divided by (name, share), with a legend below it."""
    body, x = [], 4.0
    whole = sum(share for _, share in shares) or 1.0
    for number, (name, share) in enumerate(shares):
        width = (WIDTH - 8) * share / whole
        fill = CLASS_COLOURS.get(name, COLOURS[number % len(COLOURS)])
        text = f"{name}: {share / whole:.1%}"
        body.append(
            f'<g><title>{escape(text)}</title><rect x="{x:.1f}" y="24" width="{width:.1f}"'
            f' height="26" fill="{fill}"/></g>'
        )
        column, line = number % 4, number // 4
        left, top = 4 + column * (WIDTH / 4), 64 + line * 17
        body.append(
            f'<rect x="{left:.0f}" y="{top - 9}" width="10" height="10" fill="{fill}"/>'
            f'<text x="{left + 15:.0f}" y="{top}">{escape(text)}</text>'
        )
        x += width
    return _svg(title, 64 + (len(shares) + 3) // 4 * 17, body)


def log_histogram(title: str, counts: Sequence[tuple[int, int]], unit: Unit) -> str:
    """Counts by value, added up in powers of two: a bar each, with its share."""
    sums: dict[int, int] = {}
    for value, count in counts:
        power = value.bit_length()
        sums[power] = sums.get(power, 0) + count
    powers = range(min(sums), max(sums) + 1) if sums else range(0)
    whole, most = sum(sums.values()) or 1, max(sums.values(), default=1)
    body = []
    for line, power in enumerate(powers):
        count, y = sums.get(power, 0), 26 + line * 18
        low = 1 << (power - 1) if power else 0
        label = f"{_amount(low, unit)} .. {_amount(max((1 << power) - 1, low), unit)}"
        width = (WIDTH - 330) * count / most
        body.append(
            f'<text x="170" y="{y + 11}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="180" y="{y}" width="{width:.1f}" height="14" fill="{COLOURS[0]}"/>'
            f'<text x="{186 + width:.1f}" y="{y + 11}">{format_count(count)}'
            f" ({count / whole:.1%})</text>"
        )
    return _svg(title, 34 + len(powers) * 18, body)


@dataclass(frozen=True)
class Line:
    """A line of a chart: (time in ns, value) points in the order of time."""

    name: str
    points: Sequence[tuple[float, float]]


def over_time(title: str, lines: Sequence[Line], unit: Unit) -> str:
    """Values over time, from zero up, steps between readings."""
    drawn = [line for line in lines if line.points]
    end = max((x for line in drawn for x, _ in line.points), default=1.0) or 1.0
    start = min((x for line in drawn for x, _ in line.points), default=0.0)
    top = max((y for line in drawn for _, y in line.points), default=1.0) or 1.0
    left, right, upper, lower = 90.0, WIDTH - 14.0, 44.0, 244.0

    def place(x: float, y: float) -> tuple[float, float]:
        span = (end - start) or 1.0
        return left + (right - left) * (x - start) / span, lower - (lower - upper) * y / top

    frame = (left, right, upper, lower)
    body = [_axes(frame, top, (start, end), lambda v: _amount(v, unit))]
    for number, line in enumerate(drawn):
        fill = COLOURS[number % len(COLOURS)]
        path = _steps([place(x, y) for x, y in _thinned(line.points)])
        body.append(f'<path d="{path}" fill="none" stroke="{fill}" stroke-width="1.5"/>')
        body.append(
            f'<rect x="{left + number * 150:.0f}" y="24" width="10" height="10" fill="{fill}"/>'
            f'<text x="{left + 15 + number * 150:.0f}" y="33">{escape(line.name)}</text>'
        )
    return _svg(title, 268, body)


Frame = tuple[float, float, float, float]
"""Left, right, upper and lower edge of what is drawn in."""


def _axes(
    frame: Frame, top: float, times: tuple[float, float], text: Callable[[float], str]
) -> str:
    left, right, upper, lower = frame
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = lower - (lower - upper) * share
        parts.append(
            f'<line x1="{left}" x2="{right}" y1="{y}" y2="{y}" stroke="#ddd"/>'
            f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{escape(text(top * share))}</text>'
        )
        x = left + (right - left) * share
        when = times[0] + (times[1] - times[0]) * share
        anchor = ("start", "middle", "end")[int(share * 2)]
        parts.append(
            f'<text x="{x}" y="{lower + 16}" text-anchor="{anchor}">'
            f"{escape(format_quantity(when, Unit.NS))}</text>"
        )
    return "".join(parts)


def _steps(points: Sequence[tuple[float, float]]) -> str:
    words = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    words += [f"H{x:.1f}V{y:.1f}" for x, y in points[1:]]
    return "".join(words)


def _thinned(points: Sequence[tuple[float, float]], most: int = 1200) -> list[tuple[float, float]]:
    """At most ``most`` points; of each group the highest stays, so that no peak is lost."""
    group = math.ceil(len(points) / most)
    if group <= 1:
        return list(points)
    return [
        max(points[at : at + group], key=lambda point: point[1])
        for at in range(0, len(points), group)
    ]


@dataclass(frozen=True)
class Span:
    """A lane was in a state from ``start`` for ``duration`` ns."""

    lane: str
    state: str
    start: float
    duration: float


STATE_COLOURS = {"run": "#059669", "wait": "#dc2626"}


def lanes(title: str, spans: Sequence[Span], most_lanes: int = 24) -> str:
    """States over time, one lane each; lanes in the order in which they are given."""
    names = list(dict.fromkeys(span.lane for span in spans))[:most_lanes]
    rows = {name: 40 + number * 18 for number, name in enumerate(names)}
    start = min((span.start for span in spans), default=0.0)
    end = max((span.start + span.duration for span in spans), default=1.0)
    left, scale = 170.0, (WIDTH - 184.0) / ((end - start) or 1.0)
    body = [
        f'<text x="164" y="{y + 11}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{left}" y="{y}" width="{WIDTH - 184}" height="14" fill="#f3f4f6"/>'
        for name, y in rows.items()
    ]
    for span in spans:
        if span.lane in rows:
            width = max(span.duration * scale, 0.3)
            fill = STATE_COLOURS.get(span.state, "#6b7280")
            body.append(
                f'<rect x="{left + (span.start - start) * scale:.2f}" y="{rows[span.lane]}"'
                f' width="{width:.2f}" height="14" fill="{fill}"/>'
            )
    bottom = 40 + len(names) * 18
    body.append(
        '<rect x="170" y="22" width="10" height="10" fill="#059669"/><text x="185" y="31">runs'
        '</text><rect x="240" y="22" width="10" height="10" fill="#dc2626"/>'
        '<text x="255" y="31">waits for a processor</text>'
        f'<text x="{left}" y="{bottom + 12}">0</text><text x="{WIDTH - 14}" y="{bottom + 12}"'
        f' text-anchor="end">{escape(format_quantity(end - start, Unit.NS))}</text>'
    )
    return _svg(title, bottom + 18, body)


def _amount(value: float, unit: Unit) -> str:
    return format_count(value) if unit is Unit.COUNT else format_quantity(value, unit)


def escape(text: str) -> str:
    """Text that cannot become markup, without characters that XML forbids."""
    return _escape(plain(text))

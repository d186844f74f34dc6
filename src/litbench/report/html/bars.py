"""Bars with intervals as SVG of our own: text stays text, so they fit a phone and a wide screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from litbench.report.html.markup import Markup, join, tag
from litbench.report.html.scales import Scale, linear, logarithmic

HEIGHT = 32
WIDE = 30.0  # where the longest bar is so many times the shortest, the axis starts logarithmic


@dataclass(frozen=True)
class Bar:
    """One bar: its colour's index, its value with an interval, and how they read."""

    label: str
    colour: int
    value: float | None
    interval: tuple[float, float] | None
    text: str
    detail: str = ""
    strong: bool = False


def bars(rows: Sequence[Bar], ticks: Callable[[float], str], title: str) -> Markup:
    """A chart of bars, on a linear and a logarithmic axis of which one is shown."""
    values = [bar.value for bar in rows if bar.value is not None]
    if not values:
        return Markup("")
    shown = values + [end for bar in rows for end in _near(bar)]
    scales = (linear(shown), logarithmic(shown))
    positive = [value for value in values if value > 0]
    wide = bool(positive) and max(positive) > WIDE * min(positive)
    chart = tag(
        "div",
        [_row(bar, scales) for bar in rows],
        tag("div", class_="bar-label"),
        _svg([_axis(scale, ticks) for scale in scales], 22),
        tag("div", class_="bar-value"),
        class_="bars log-shown" if wide else "bars",
    )
    return tag(
        "figure",
        tag(
            "figcaption",
            tag("span", title, class_="figure-title"),
            tag(
                "button",
                "log scale",
                class_="scale-toggle",
                type="button",
                aria_pressed="true" if wide else "false",
            ),
        ),
        chart,
        class_="figure",
    )


def _near(bar: Bar) -> tuple[float, ...]:
    """The ends of an interval, no further than twice away: a wide one must not squeeze the rest."""
    if bar.value is None or bar.interval is None:
        return ()
    ends = sorted((bar.value / 2, bar.value * 2))
    return tuple(min(max(end, ends[0]), ends[1]) for end in bar.interval)


def _row(bar: Bar, scales: Sequence[Scale]) -> Markup:
    strong = " strong" if bar.strong else ""
    return join(
        (
            tag(
                "div",
                tag("span", class_=f"swatch c{bar.colour}"),
                tag("span", bar.label, class_="bar-name"),
                class_=f"bar-label{strong}",
            ),
            _svg([_marks(bar, scale) for scale in scales], HEIGHT),
            tag(
                "div",
                tag("span", bar.text),
                tag("small", bar.detail) if bar.detail else None,
                class_=f"bar-value{strong}",
            ),
        )
    )


def _svg(layers: Sequence[Markup], height: int) -> Markup:
    groups = (
        tag("g", layer, class_=name) for layer, name in zip(layers, ("lin", "log"), strict=True)
    )
    return tag("svg", list(groups), class_="bar", height=height, aria_hidden="true")


def _marks(bar: Bar, scale: Scale) -> Markup:
    parts = [_line(scale.place(tick), 0, HEIGHT, "grid") for tick in scale.ticks]
    if bar.value is not None:
        parts += _logarithmic(bar, scale) if scale.logarithmic else _linear(bar, scale)
    if bar.interval is not None:
        parts += _whisker(bar.interval, scale)
    return join(parts)


def _linear(bar: Bar, scale: Scale) -> list[Markup]:
    start, end = sorted((scale.place(0), scale.place(bar.value or 0)))
    return [
        tag(
            "rect",
            class_=f"fill c{bar.colour}",
            x=f"{start}%",
            width=f"{round(end - start, 3)}%",
            y=9,
            height=HEIGHT - 18,
            rx=2,
        )
    ]


def _logarithmic(bar: Bar, scale: Scale) -> list[Markup]:
    """A dot on a stem: on such an axis the length of a bar would mean nothing."""
    at, middle = f"{scale.place(bar.value or 0)}%", HEIGHT // 2
    return [
        tag("line", class_=f"stem c{bar.colour}", x1="0%", x2=at, y1=middle, y2=middle),
        tag("circle", class_=f"fill c{bar.colour}", cx=at, cy=middle, r=5),
    ]


def _whisker(interval: tuple[float, float], scale: Scale) -> list[Markup]:
    """The interval; an end that is beyond the plot has no cap."""
    middle = HEIGHT // 2
    low, high = (scale.place(end) for end in interval)
    caps = [
        _line(scale.place(end), middle - 4, middle + 4, "whisker")
        for end in interval
        if scale.low <= end <= scale.high
    ]
    line = tag("line", class_="whisker", x1=f"{low}%", x2=f"{high}%", y1=middle, y2=middle)
    return [line, *caps]


def _line(at: float, top: int, bottom: int, kind: str) -> Markup:
    return tag("line", class_=kind, x1=f"{at}%", x2=f"{at}%", y1=top, y2=bottom)


def _axis(scale: Scale, ticks: Callable[[float], str]) -> Markup:
    parts = []
    for tick in scale.named:
        at = scale.place(tick)
        anchor = "start" if at < 3 else "end" if at > 97 else "middle"
        parts += [
            _line(at, 0, 4, "grid"),
            tag("text", ticks(tick), class_=f"tick {anchor}", x=f"{at}%", y=17),
        ]
    return join(parts)

"""Figures in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.report import phrases
from litbench.report.html.scales import linear, logarithmic
from litbench.report.markdown_table import escape
from litbench.stats.interval import Interval, Scope


def interval(low: float, high: float) -> Interval:
    return Interval(low, high, 0.95, Scope.FORKS, 5, 50)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (98, 102, "2.0 %"),
        (98, 103, "3.0 %"),
        (99, 110, "\N{MINUS SIGN}1.0 +10 %"),
        (60, 200, "\N{MINUS SIGN}40 +100 %"),
        (40, 740, "÷2.5 \N{MULTIPLICATION SIGN}7.4"),
        (100, 100, "0.0 %"),
    ],
)
def test_sides_of_an_interval(low: float, high: float, words: str) -> None:
    assert phrases.sides(100, interval(low, high)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2616, "2,616 B"),
        (64, "64 B"),
        (0.4321, "0.43 B"),
        (24.6, "25 B"),
        (-3, "\N{MINUS SIGN}3 B"),
    ],
)
def test_bytes_each(value: float, words: str) -> None:
    assert phrases.bytes_each(value) == words


@given(st.text())
def test_markdown_cannot_be_injected_into(text: str) -> None:
    escaped = escape(text)
    assert "\n" not in escaped
    bare = escaped.replace("\\\\", "")
    for special in "|<`[*":
        assert all(bare[i - 1] == "\\" for i, c in enumerate(bare) if c == special)


@given(st.lists(st.floats(1e-6, 1e15), min_size=1, max_size=12))
def test_bars_stay_in_their_plot_and_in_order(values: list[float]) -> None:
    for scale in (linear(values), logarithmic(values)):
        places = [scale.place(value) for value in sorted(values)]
        assert places == sorted(places)
        assert all(0 <= place <= 100 for place in places)
        assert set(scale.named) <= set(scale.ticks)
        assert scale.low < scale.high


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_a_linear_axis_contains_zero_and_all_values(values: list[float]) -> None:
    scale = linear(values)
    assert scale.low <= min(0, *values) + 1e-9
    assert scale.high >= max(0, *values) - 1e-9

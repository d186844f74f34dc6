"""Both themes can be read: contrast after WCAG 2.2, from the style sheet itself."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from litbench.report.html import COLOURS

CSS = resources.files("litbench.report").joinpath("assets", "report.css").read_text("utf-8")
BLOCKS = [
    dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})", b)) for b in re.findall(r"{([^{}]*)}", CSS)
]
THEMES = [block for block in BLOCKS if "page" in block]


def luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_there_are_two_themes_and_the_switch_has_the_same_dark_one() -> None:
    assert len(THEMES) == 3
    assert THEMES[1] == THEMES[2] != THEMES[0]


@pytest.mark.parametrize("theme", THEMES[:2], ids=["light", "dark"])
def test_text_and_marks_have_contrast(theme: dict[str, str]) -> None:
    for text in ("ink", "quiet", "accent", "good", "bad", "warn"):
        for page in ("page", "raised"):
            assert contrast(theme[text], theme[page]) >= 4.5, (text, page)
    assert contrast(theme["ink"], theme["warn-page"]) >= 4.5
    assert contrast(theme["warn"], theme["warn-page"]) >= 4.5
    for index in range(COLOURS):
        assert contrast(theme[f"c{index}"], theme["page"]) >= 3, index


@pytest.mark.parametrize("theme", THEMES[:2], ids=["light", "dark"])
def test_targets_have_colours_of_their_own(theme: dict[str, str]) -> None:
    colours = [theme[f"c{index}"] for index in range(COLOURS)]
    assert len(set(colours)) == COLOURS
    for index in range(COLOURS):
        for kind in ("swatch", "fill", "stem"):
            assert f".{kind}.c{index} {{" in CSS

"""Firmware analyses in the page: figures, a tree map of the bytes, and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from litbench.report import images
from litbench.report.html import tables
from litbench.report.html.markup import Markup, tag
from litbench.report.html.tables import Cell
from litbench.report.html.treemap import layout
from litbench.report.parts import Image, Tile
from litbench.units import format_bytes

MOST = 100
COLOURS = 12
WIDTH, HEIGHT = 960.0, 420.0
LETTER = 6.4  # width of a letter at the labels' size, in units of the drawing


def image(found: Image, colours: dict[str, int]) -> Markup:
    """One analysis of an image."""
    del colours
    figures = [(m.name, images.figure(m)) for m in found.figures]
    notes = [tag("p", note, class_="caution") for note in found.notes]
    heading = tag("h2", tag("a", found.title, href=f"#{found.anchor}"))
    content = [_treemap(found.tiles) if found.tiles else None]
    content += [_table(found, table) for table in images.shown(found, MOST)]
    return tag(
        "section",
        heading,
        notes,
        tables.pairs(figures, "Figures"),
        content,
        id=found.anchor,
        aria_label=found.title,
    )


def _table(found: Image, shown: images.Shown) -> Markup:
    rows = [
        [
            Cell(text, number, "" if number is not None else "wrap")
            for text, number in zip(texts, numbers, strict=True)
        ]
        for texts, numbers in zip(shown.rows, shown.numbers, strict=True)
    ]
    more = tag("p", f"and {shown.more} more rows in the record", class_="quiet")
    return tag(
        "div",
        tag("h3", shown.title),
        tables.table(f"{found.title}: {shown.title}", shown.columns, rows),
        more if shown.more else None,
    )


def _treemap(tiles: Sequence[Tile]) -> Markup:
    groups = list(dict.fromkeys(tile.group for tile in tiles))
    total = sum(tile.value for tile in tiles)
    legend = [
        tag("span", tag("span", class_=f"swatch c{index % COLOURS}"), f"{group} ", class_="quiet")
        for index, group in enumerate(groups)
    ]
    drawing = tag(
        "svg",
        list(_rectangles(tiles, groups)),
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_label=f"tree map of {format_bytes(total)} by symbol",
        width="100%",
    )
    caption = tag("figcaption", tag("span", "bytes by symbol ", class_="figure-title"), legend)
    return tag("figure", caption, drawing)


def _rectangles(tiles: Sequence[Tile], groups: list[str]) -> Iterator[Markup]:
    by_group = sorted(tiles, key=lambda tile: -tile.value)
    for tile, box in layout(by_group, lambda t: t.value, (0.0, 0.0, WIDTH, HEIGHT)):
        x, y, width, height = box
        colour = groups.index(tile.group) % COLOURS
        title = tag("title", f"{tile.name}: {tile.value:,} B in {tile.group}")
        rectangle = tag(
            "rect", title, x=f"{x:.2f}", y=f"{y:.2f}", width=f"{max(width - 1, 0):.2f}",
            height=f"{max(height - 1, 0):.2f}", class_=f"fill c{colour}",
        )  # fmt: skip
        room = int((width - 6) / LETTER)
        label = None
        if height > 14 and room > 3:
            text = tile.name if len(tile.name) <= room else f"{tile.name[: room - 1]}…"
            label = tag("text", text, x=f"{x + 3:.2f}", y=f"{y + 11:.2f}", class_="tile-label")
        yield tag("g", rectangle, label)

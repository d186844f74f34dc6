"""The report as one HTML file that opens offline and asks nobody for anything.

Scripts and styles are in the file and named by their digests in a Content-Security-Policy that
forbids all else: whatever a record says cannot run, and nothing can be fetched or sent.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

import msgspec

from litbench.report import phrases, profile_page
from litbench.report.html import boards, data, goals, memories, sections
from litbench.report.html import images as image_sections
from litbench.report.html.markup import Child, Markup, join, tag
from litbench.report.parts import Report

COLOURS = 12  # classes c0 .. c11 in the style sheet

_STYLES = ("uPlot.min.css", "report.css")
_SCRIPTS = ("uPlot.iife.min.js", "format.js", "plot.js", "charts.js", "page.js", "flame.js")


def render(report: Report) -> str:
    """The whole page."""
    colours = {target: index % COLOURS for index, target in enumerate(report.targets)}
    style = "\n".join(_asset(name) for name in _STYLES)
    script = "\n".join(_asset(name) for name in _SCRIPTS)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(script, style)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", report.title),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(style)),
    )
    body = tag(
        "body",
        tag("a", "Skip to the results", href="#main", class_="skip"),
        _page(report, colours),
        tag("script", _island(data.charts(report, colours)), type="application/json", id="data"),
        tag("script", Markup(script)),
    )
    licence = Markup(f"<!--\nuPlot, {_asset('uPlot.LICENSE')}\n-->\n")
    return f"<!doctype html>\n{licence}{tag('html', head, body, lang='en')}\n"


def _page(report: Report, colours: dict[str, int]) -> Markup:
    overview = sections.overview(report, colours)
    links = [
        tag("li", tag("a", title, href=f"#{anchor}"))
        for anchor, title in sections.links(report, overview is not None)
    ]
    toggle = tag("button", "Theme", type="button", id="theme", aria_label="Switch light and dark")
    header = tag(
        "header",
        tag("h1", report.title),
        tag("p", phrases.headline(report), class_="headline"),
        toggle,
    )
    warnings = [tag("p", warning, class_="warning") for warning in report.warnings]
    content: list[Child] = [goals.goals(found, colours) for found in report.goals]
    content += [overview]
    content += [sections.ranking(found, colours) for found in report.rankings]
    content += [sections.sweep(found, colours) for found in report.sweeps]
    content += [memories.memory(found, colours) for found in report.memory]
    content += [image_sections.image(found, colours) for found in report.images]
    content += [Markup(profile_page.sections(report.profiles))]
    content += [boards.side_by_side(report.beside)]
    content += [boards.board(found, colours) for found in report.boards]
    content += [sections.environment(report), sections.runs(report)]
    nav = tag("nav", tag("ul", links), aria_label="Sections")
    legend = tag("p", phrases.LEGEND, class_="legend-line")
    main = tag("main", tag("div", warnings, class_="warnings"), legend, content, id="main")
    return join((header, tag("div", nav, main, class_="layout"), _footer(report)))


def _footer(report: Report) -> Markup:
    sessions = ", ".join(report.sessions[:5]) + (" …" if len(report.sessions) > 5 else "")
    told = f" Sessions: {sessions}." if sessions else ""
    return tag("footer", tag("p", f"Made by litbench from its records.{told}"))


def _asset(name: str) -> str:
    return resources.files("litbench.report").joinpath("assets", name).read_text("utf-8").strip()


def _policy(script: str, style: str) -> str:
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _island(value: object) -> Markup:
    """JSON that cannot end its element, whatever strings are in it."""
    text = msgspec.json.encode(value).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)

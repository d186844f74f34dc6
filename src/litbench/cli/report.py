"""Write kept runs as one HTML page that opens offline."""

from __future__ import annotations

import argparse
from pathlib import Path

from litbench.cli.common import add_goals, add_json, add_runs, build_report, load_runs, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``litbench report``."""
    add_runs(parser)
    add_goals(parser)
    add = parser.add_argument
    add("-o", "--output", type=Path, default=Path("report.html"), metavar="FILE",
        help="the page to write (default: report.html)")  # fmt: skip
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Load, render, write."""
    from litbench.report import html

    records = load_runs(arguments)
    page = html.render(build_report(records, arguments))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(page, encoding="utf-8")
    if arguments.json:
        print_json({"output": str(arguments.output), "runs": len(records)})
    else:
        print(f"{arguments.output}: {len(records)} runs")
    return 0

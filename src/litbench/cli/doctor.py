"""Say what this machine can measure, what is missing, what that costs, and how to get it."""

from __future__ import annotations

import argparse
import sys

from litbench import doctor
from litbench.cli.common import add_json, print_json
from litbench.doctor import Finding

MISSING = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``litbench doctor``."""
    parser.add_argument(
        "--install", action="store_true", help="get what apt, pip and cargo can get, first"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Install when asked, then report. Exit code 4 only when an installation failed."""
    failed = False
    if arguments.install:
        for step in doctor.install(_say):
            _say(_line(step))
            failed = failed or not step.ok
    found = list(doctor.findings())
    if arguments.json:
        print_json([vars(finding) for finding in found])
    else:
        _print(found)
    return MISSING if failed else 0


def _print(found: list[Finding]) -> None:
    area = ""
    for finding in found:
        if finding.area != area:
            area = finding.area
            print(f"{area}:")
        print(f"  {_line(finding)}")
    missing = sum(not finding.ok for finding in found)
    if missing and not all(finding.ok or not finding.cure for finding in found):
        print(f"\n{missing} things are missing; `litbench doctor --install` gets what it can")


def _line(finding: Finding) -> str:
    mark = "ok     " if finding.ok else "missing"
    cure = f"  ->  {finding.cure}" if finding.cure else ""
    return f"{mark}  {finding.name:<24}  {finding.detail}{cure}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

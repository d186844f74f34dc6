"""Show kept runs as tables."""

from __future__ import annotations

import argparse

from litbench.cli.common import (
    add_format,
    add_goals,
    add_runs,
    build_report,
    load_runs,
    print_report,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``litbench show``."""
    add_runs(parser)
    add_goals(parser)
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Load and print."""
    print_report(build_report(load_runs(arguments), arguments), arguments)
    return 0

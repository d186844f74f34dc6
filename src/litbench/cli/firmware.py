"""Firmware: run it."""

from __future__ import annotations

import argparse

from litbench.cli import firmware_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The subcommands."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    firmware_run.add_arguments(
        commands.add_parser(
            "run",
            help="run it on a board",
            description=firmware_run.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand asked for."""
    return firmware_run.run(arguments)

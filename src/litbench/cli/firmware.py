"""Firmware: analyse it from its ELF alone, or run it on a board.

Each analysis is kept as a record like any other run; `litbench report` shows it again.
"""

from __future__ import annotations

import argparse

from litbench.cli import firmware_analyse, firmware_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The subcommands."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    firmware_analyse.add_to(commands)
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
    if arguments.what in firmware_analyse.ANALYSES:
        return firmware_analyse.run(arguments)
    return firmware_run.run(arguments)

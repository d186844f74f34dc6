"""Print records whole: nothing summarised, nothing left out.

One record is printed as one indented JSON document; several as an array with --json, else as JSON
lines, which every command that takes RUNS reads again.
"""

from __future__ import annotations

import argparse
import sys

from litbench.cli.common import add_json, add_runs, load_runs, print_json
from litbench.record import encode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``litbench dump``."""
    add_runs(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Load and print."""
    records = load_runs(arguments)
    if len(records) == 1:
        print_json(records[0])
    elif arguments.json:
        print_json(records)
    else:
        for record in records:
            sys.stdout.write(encode(record).decode() + "\n")
    return 0

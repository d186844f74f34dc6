"""What several commands share: options, and how a result is printed."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from litbench.errors import UsageError
from litbench.record import Record
from litbench.store import Store

if TYPE_CHECKING:
    from litbench.report.parts import Report

FORMATS = ("text", "markdown", "json")


def add_store(parser: argparse.ArgumentParser) -> None:
    """The option that says where runs are kept."""
    parser.add_argument(
        "--store",
        type=Path,
        metavar="FILE",
        help="where runs are kept (default: $LITBENCH_STORE, else .litbench/store.sqlite)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option that every command has."""
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")


def add_format(parser: argparse.ArgumentParser) -> None:
    """How tables are printed."""
    add_json(parser)
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="how to print tables (default: text)"
    )


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Checkouts that targets are built with."""
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="a checkout that a target needs (`litbench list targets` says which)",
    )


def parse_sources(words: Sequence[str]) -> dict[str, Path]:
    """``NAME=PATH`` words as sources.

    Raises UsageError for a word that is not that, or a path that is no folder.
    """
    found: dict[str, Path] = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not (name and equals and path):
            raise UsageError(f"{word!r} is not a source: write NAME=PATH")
        if not Path(path).is_dir():
            raise UsageError(f"the source {name} is not at {path}: there is no such folder")
        found[name] = Path(path)
    return found


def add_goals(parser: argparse.ArgumentParser) -> None:
    """Goals of a project, to hold measured values against."""
    parser.add_argument(
        "--goals",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="also hold the runs against the goals in this file (TOML)",
    )


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Which kept runs to read."""
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUNS",
        help="`last` (the default), `all`, a session or a run by its identifier or its beginning,"
        " or a file of records (JSON lines)",
    )
    add_store(parser)


def load_runs(arguments: argparse.Namespace) -> list[Record]:
    """The records that the RUNS arguments name, without repeats, in the order given."""
    found: dict[str, Record] = {}
    for what in arguments.runs or ["last"]:
        for record in _load(what, arguments.store):
            found.setdefault(record.id, record)
    return list(found.values())


def _load(what: str, store_path: Path | None) -> Sequence[Record]:
    from litbench.records_file import read_records

    path = Path(what)
    if path.is_file():
        return read_records(path)
    with Store.open(store_path, create=False) as store:
        return store.find(what)


def build_report(records: Sequence[Record], arguments: argparse.Namespace) -> Report:
    """The report of these records, held against what --goals names, too."""
    from litbench.report import goals, model

    return model.build(records, goal_sets=[*goals.shipped(), *map(goals.read, arguments.goals)])


def print_report(report: Report, arguments: argparse.Namespace) -> None:
    """Print a report's tables as --json or --format says."""
    if arguments.json or arguments.format == "json":
        from litbench.report import json as renderer

        print(renderer.render(report))
    elif arguments.format == "markdown":
        from litbench.report import markdown

        print(markdown.render(report))
    else:
        from litbench.report import text

        terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if terminal else text.WIDTH
        sys.stdout.write(text.render(report, min(width, text.WIDTH), colour=terminal))


def parse_parameters(words: Sequence[str]) -> dict[str, int]:
    """``name=value`` words as parameters; values may have a factor: 10k, 1M.

    Raises UsageError for a word that is not that.
    """
    parameters: dict[str, int] = {}
    for word in words:
        name, equals, text = word.partition("=")
        factor = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
        digits = (text[:-1] if factor > 1 else text).replace("_", "")
        if not (equals and name and digits.isascii() and digits.isdigit()):
            raise UsageError(f"{word!r} is not a parameter: write name=1000 or name=10k")
        parameters[name] = int(digits) * factor
    return parameters


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")

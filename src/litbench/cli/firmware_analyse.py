"""Analyse firmware from its ELF alone: where its bytes are, how deep its stack goes, what is in it.

Each analysis is kept as a record like any other run; `litbench report` shows it again. Limits given
with --max, and rules given with --deny, make the exit code 1 when they are broken.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from litbench.cli.common import add_format, add_goals, add_store, build_report, print_report
from litbench.errors import LimitError, UsageError
from litbench.record import Record, Scalar, new_id, now

if TYPE_CHECKING:
    from litbench.firmware.annotations import Annotations, Task
    from litbench.firmware.footprint import Footprint

OPTIONS_FILE = Path("litbench.toml")
GROUPS = ("crate", "file", "folder")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The subcommands of ``litbench firmware`` that analyse."""
    one = {
        "size": "flash and RAM by section and region",
        "symbols": "the largest symbols, by crate or namespace, file and folder",
        "stack": "the worst case of the stack per entry point, and what it rests on",
        "scan": "heap, std, panics, formatting, software arithmetic; unsafe and std in sources",
    }
    parsers = {name: commands.add_parser(name, help=text, description=text.capitalize() + ".")
               for name, text in one.items()}  # fmt: skip
    for sub in parsers.values():
        sub.add_argument("elf", type=Path, metavar="ELF")
    text = "what grew, shrank, came and went from one image to another"
    parsers["diff"] = commands.add_parser("diff", help=text, description=text.capitalize() + ".")
    parsers["diff"].add_argument("before", type=Path, metavar="BEFORE")
    parsers["diff"].add_argument("elf", type=Path, metavar="AFTER")
    for sub in parsers.values():
        _add_common(sub)
    for name in ("size", "stack"):
        parsers[name].add_argument(
            "--memory", type=Path, metavar="FILE",
            help="a linker script or map file with the memory regions",
        )  # fmt: skip
    parsers["stack"].add_argument(
        "--task", action="append", default=[], metavar="NAME=FUNCTION",
        help="a further entry point: a thread of an RTOS, say",
    )  # fmt: skip
    parsers["stack"].add_argument(
        "--closed", action="store_true",
        help="no function's address comes from outside the image: candidates are all there are",
    )  # fmt: skip
    parsers["symbols"].add_argument(
        "--by", choices=GROUPS, action="append", default=[], help="also add up by file or folder"
    )
    _add_scan(parsers["scan"])


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--options", type=Path, metavar="FILE",
        help=f"the project's option file (default: {OPTIONS_FILE} here, if there is one)",
    )  # fmt: skip
    parser.add_argument(
        "--max", action="append", default=[], metavar="NAME=SIZE", dest="budgets",
        help="a budget on a figure, e.g. flash=32KiB or stack.main=2KiB; exit code 1 when broken",
    )  # fmt: skip
    add_store(parser)
    parser.add_argument("--no-store", action="store_true", help="do not keep the record")
    add_goals(parser)
    add_format(parser)


def _add_scan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--deny", action="append", default=[], metavar="RULE[:FEATURE]",
        help="exit code 1 when a rule finds something, unless the image was built with FEATURE",
    )  # fmt: skip
    parser.add_argument(
        "--feature", action="append", default=[], metavar="NAME",
        help="a feature that the image was built with",
    )  # fmt: skip
    parser.add_argument("--rules", type=Path, metavar="FILE", help="rules instead of the built-in")
    parser.add_argument(
        "--sources", type=Path, metavar="DIR", help="also count unsafe and std in Rust sources"
    )


def run(arguments: argparse.Namespace) -> int:
    """Analyse, keep, print, and judge."""
    import gc

    from litbench.firmware import budgets
    from litbench.firmware.annotations import read

    gc.disable()  # one analysis makes many objects and no circles: a sixth of its time
    annotations = read(_options_file(arguments))
    limits = budgets.parse([f"{n}={s}" for n, s in _own_budgets(annotations, arguments).items()])
    limits += budgets.parse(arguments.budgets)
    session = new_id()
    record, problems = ANALYSES[arguments.what](arguments, annotations, session)
    problems += budgets.broken(limits, record)
    if not arguments.no_store:
        _keep(record, arguments)
    print_report(build_report([record], arguments), arguments)
    if problems:
        raise LimitError("; ".join(problems))
    return 0


def _own_budgets(annotations: Annotations, arguments: argparse.Namespace) -> dict[str, str]:
    """The option file's budgets that are about this analysis: stack.x for stack, else for size."""
    wanted = {"stack": "stack.", "scan": "scan."}.get(arguments.what)
    others = ("stack.", "scan.")
    if wanted is None and arguments.what != "size":
        return {}
    return {
        name: limit
        for name, limit in annotations.budgets.items()
        if (name.startswith(wanted) if wanted else not name.startswith(others))
    }


def _options_file(arguments: argparse.Namespace) -> Path | None:
    if arguments.options is not None:
        return Path(arguments.options)
    return OPTIONS_FILE if OPTIONS_FILE.is_file() else None


def _keep(record: Record, arguments: argparse.Namespace) -> None:
    from litbench import __version__
    from litbench.store import Session, Store

    with Store.open(arguments.store) as store:
        session = Session(
            id=record.session, started=now(), command=tuple(sys.argv), version=__version__
        )
        store.add_session(session)
        store.add(record)


_Result = tuple[Record, list[str]]


def _footprint(path: Path) -> Footprint:
    from litbench.firmware import elf, footprint

    return footprint.measure(elf.load(path))


def _with_memory(arguments: argparse.Namespace, annotations: Annotations) -> Annotations:
    from dataclasses import replace

    from litbench.firmware.linker import regions

    if arguments.memory is None:
        return annotations
    return replace(annotations, regions=regions(arguments.memory))


def _size(arguments: argparse.Namespace, annotations: Annotations, session: str) -> _Result:
    from litbench.firmware.records import footprint

    annotations = _with_memory(arguments, annotations)
    record = footprint.size(_footprint(arguments.elf), annotations, session)
    return record, _overfull(record)


def _overfull(record: Record) -> list[str]:
    table = record.table("regions")
    rows = table.rows if table else ()
    return [f"region {row[0]} is over-full: {row[3]} B of {row[2]} B" for row in rows if _over(row)]


def _over(row: tuple[Scalar, ...]) -> bool:
    return isinstance(row[4], int) and row[4] < 0


def _symbols(arguments: argparse.Namespace, _: Annotations, session: str) -> _Result:
    from litbench.firmware import sources, symbols
    from litbench.firmware.records import footprint

    found = _footprint(arguments.elf)
    items = symbols.attribute(found)
    groups: dict[str, list[symbols.Group]] = {}
    if {"file", "folder"} & set(arguments.by):
        files = sources.files(found.elf)
        groups = {
            "files": symbols.by_file(items, files),
            "folders": symbols.by_folder(items, files),
        }
    return footprint.symbols(found, items, groups, session), []


def _diff(arguments: argparse.Namespace, _: Annotations, session: str) -> _Result:
    from litbench.firmware import diff
    from litbench.firmware.records import footprint

    found = diff.compare(_footprint(arguments.before), _footprint(arguments.elf))
    return footprint.difference(found, session), []


def _stack(arguments: argparse.Namespace, annotations: Annotations, session: str) -> _Result:
    from litbench.firmware import elf
    from litbench.firmware.callgraph import CallGraph
    from litbench.firmware.records import stack
    from litbench.firmware.stack import StackAnalysis

    annotations = _with_memory(arguments, annotations)
    annotations.tasks.update(map(_task, arguments.task))
    annotations.closed |= arguments.closed
    analysis = StackAnalysis(CallGraph(elf.load(arguments.elf)), annotations)
    record = stack.stack(analysis, session)
    return record, _overrun(record)


def _task(word: str) -> tuple[str, Task]:
    from litbench.firmware.annotations import Task

    name, _, function = word.partition("=")
    if not (name and function):
        raise UsageError(f"{word!r} is no task: write --task NAME=FUNCTION")
    return name, Task(function)


def _overrun(record: Record) -> list[str]:
    table = record.table("task stacks")
    rows = table.rows if table else ()
    return [
        f"the stack of task {row[0]} is too small: it needs {row[4]} B of {row[5]} B"
        for row in rows
        if isinstance(row[6], int) and row[6] < 0
    ]


def _scan(arguments: argparse.Namespace, annotations: Annotations, session: str) -> _Result:
    from litbench.errors import InputError
    from litbench.firmware import cargo_sources, elf, scan
    from litbench.firmware.callgraph import CallGraph
    from litbench.firmware.records import scan as records
    from litbench.firmware.stack import StackAnalysis

    image = elf.load(arguments.elf)
    try:
        analysis = StackAnalysis(CallGraph(image), annotations)
    except InputError:
        analysis = None  # code of another machine: symbols are scanned without their callers
    rules = scan.read_rules(arguments.rules)
    found = scan.scan(image, rules, analysis)
    uses = cargo_sources.scan_sources(arguments.sources) if arguments.sources else None
    features = set(arguments.feature)
    deny = {**annotations.deny, **dict(_denial(word) for word in arguments.deny)}
    record = records.scan(image, found, uses, features, session)
    return record, scan.broken(found, deny, features)


def _denial(word: str) -> tuple[str, str]:
    rule, _, feature = word.partition(":")
    if not rule:
        raise UsageError(f"{word!r} denies nothing: write --deny heap or --deny heap:alloc")
    return rule, feature


ANALYSES: dict[str, Callable[[argparse.Namespace, Annotations, str], _Result]] = {
    "size": _size,
    "symbols": _symbols,
    "diff": _diff,
    "stack": _stack,
    "scan": _scan,
}

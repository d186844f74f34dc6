"""List what there is: targets, workloads, suites, presets, instruments, boards, kept runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from litbench.catalogue import all_workloads, suites
from litbench.cli.common import add_json, add_store, print_json
from litbench.plan import PRESETS
from litbench.store import Store
from litbench.targets import all_targets, is_built

Row = dict[str, object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``litbench list``."""
    parser.add_argument("what", choices=list(_LISTS), help="what to list")
    add_store(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one table."""
    rows = _LISTS[arguments.what](arguments)
    if arguments.json:
        print_json(rows)
    else:
        print_rows(rows)
    return 0


def print_rows(rows: Sequence[Row]) -> None:
    """Print rows of the same columns in aligned columns, the last one unpadded."""
    if not rows:
        print("nothing yet")
        return
    columns = list(rows[0])
    cells = [columns, *([_cell(row[column]) for column in columns] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns) - 1)]
    for row in cells:
        padded = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*padded, row[-1]]).rstrip())


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def _targets(arguments: argparse.Namespace) -> list[Row]:
    del arguments
    return [
        {
            "target": target.name,
            "language": target.language or "own",
            "built": is_built(target),
            "needs": target.cure or "-",
            "summary": target.entry.summary or target.title,
        }
        for target in all_targets().values()
        if not target.entry.hidden
    ]


def _workloads(arguments: argparse.Namespace) -> list[Row]:
    del arguments
    return [
        {
            "workload": definition.name,
            "version": definition.version,
            "measures": [measure.value for measure in definition.measures],
            "parameters": [f"{p.name}={p.default}" for p in definition.parameters],
            "summary": definition.summary,
        }
        for definition in all_workloads()
    ]


def _suites(arguments: argparse.Namespace) -> list[Row]:
    del arguments
    return [
        {
            "suite": suite.name,
            "workloads": [entry.workload for entry in suite.entries],
            "summary": suite.summary,
        }
        for suite in suites.ALL
    ]


def _presets(arguments: argparse.Namespace) -> list[Row]:
    del arguments
    return [
        {
            "preset": preset.name,
            "forks": preset.forks,
            "iterations": preset.iterations,
            "seconds_a_run": preset.time_limit_s,
            "meaning": preset.meaning,
        }
        for preset in PRESETS.values()
    ]


def _runs(arguments: argparse.Namespace) -> list[Row]:
    with Store.open(arguments.store, create=False) as store:
        return [
            {
                "session": session.id,
                "started": session.started,
                "runs": store.count(session.id),
                "command": " ".join(["litbench", *session.command[1:]]),
            }
            for session in store.sessions()
        ]


def _instruments(arguments: argparse.Namespace) -> list[Row]:
    del arguments
    from litbench.instruments.base import Program, Question
    from litbench.instruments.choose import tools_for

    # a native program, so that what is only for Python says so
    program = Program(("/bin/true",), Path())
    rows: list[Row] = []
    for question in Question:
        for kind in tools_for(question):
            obstacle = kind.obstacle(program)
            row: Row = {"question": str(question), "instrument": kind.tool}
            lacking = obstacle is not None and not obstacle.irrelevant
            row["here"] = not lacking
            says = (kind.__doc__ or "").split("\n")[0]
            row["note"] = obstacle.missing if lacking and obstacle else says
            rows.append(row)
    return rows


def _boards(arguments: argparse.Namespace) -> list[Row]:
    del arguments
    import shutil

    from litbench.boards.machines import MACHINES

    emulated: list[Row] = [
        {
            "board": machine.name,
            "core": machine.core,
            "here": shutil.which(machine.program) is not None,
            "needs": machine.program,
            "clock": f"instructions, icount shift={machine.shift}",
            "summary": machine.summary,
        }
        for machine in MACHINES.values()
    ]
    remote: Row = {
        "board": "gdb:HOST:PORT",
        "core": "any",
        "here": True,
        "needs": "a gdb server",
        "clock": "the board's own",
        "summary": "a real board behind OpenOCD, pyOCD, J-Link or probe-rs; QEMU's server too",
    }
    return [*emulated, remote]


_LISTS = {
    "targets": _targets,
    "workloads": _workloads,
    "suites": _suites,
    "presets": _presets,
    "instruments": _instruments,
    "boards": _boards,
    "runs": _runs,
}

"""Run a firmware on an emulated board, or read it from a real one over gdb remote.

Any ELF for a Cortex-M or RV32 core: with the probe (firmware/probe) it says what it measured;
without it, the emulator still tells exit code, output, instructions by function, interrupts and
stack depth.

examples:
  litbench firmware run fw.elf                                    on the first board with its core
  litbench firmware run fw.elf --instructions 2M --stack          a firmware that never ends
  litbench firmware run embassy-m3 -w interrupt-latency -p load=4 a reference firmware, with a job
  litbench firmware run embassy-m3 -w idle --vary mode=0,1        sleeping against polling
  litbench firmware run fw.elf --board gdb:127.0.0.1:3333         a board behind a gdb server
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from litbench.cli.common import add_json, add_store, parse_parameters
from litbench.errors import MissingToolError, UsageError
from litbench.record import Measure, Record, encode, new_id, now

if TYPE_CHECKING:
    from litbench.boards.firmware import Result
    from litbench.boards.image import Image, Symbol
    from litbench.boards.plan import Plan
    from litbench.boards.plugin import Watch
    from litbench.catalogue import WorkloadDefinition
    from litbench.targets.firmware import Firmware

INVALID_RUN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``litbench firmware run``."""
    add = parser.add_argument
    add("elf", metavar="ELF", help="a firmware, or the name of a reference firmware: embassy-m3")
    add(
        "--board",
        metavar="B",
        help="see `litbench list boards`; or gdb:HOST:PORT (default: by the core)",
    )
    add("-w", "--workload", metavar="NAME", help="what a firmware that takes jobs shall do")
    add("-p", "--parameter", action="append", default=[], metavar="NAME=N", help="of the workload")
    add("--vary", metavar="NAME=N,N", help="one run for each value, side by side: load=0,4")
    add("--iterations", type=int, default=10, metavar="N", help="of the workload (default: 10)")
    add("--measure", choices=("throughput", "latency"), help="default: the workload's first")
    add("--instructions", metavar="N", help="end after so many, for firmware that never ends: 2M")
    add("--seconds", type=float, default=60.0, metavar="S", help="of wall time (default: 60)")
    add("--output-limit", type=int, default=1 << 20, metavar="BYTES", help="of serial output")
    add("--semihosting", action="store_true", help="let the image use this machine's files")
    add("--stack", action="store_true", help="also find the true minimum of SP (a slow second run)")
    add(
        "--between",
        action="append",
        default=[],
        metavar="A:B",
        help="count the instructions from each entry of function A to the next one of B",
    )
    add("--no-profile", action="store_true", help="do not count instructions by function")
    add("--timeline", type=Path, metavar="FILE", help="write the probe's events for Perfetto")
    add("--show-output", action="store_true", help="print what the firmware wrote, on stderr")
    add(
        "--source",
        metavar="NAME=PATH",
        help="build ELF from a checkout: lit-bit=PATH has lit-bit-actor-m3, lit-bit-actor-m3-probe,"
        " lit-bit-blinky-m3, lit-bit-traffic-rv32",
    )
    add("--monitor", action="append", default=[], metavar="CMD", help="for the gdb server, first")
    add_store(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run, keep, show."""
    session = new_id()
    results = [_measure(varied, session) for varied in _variations(arguments)]
    records = [result.record for result in results]
    _keep(session, records, arguments.store)
    if arguments.timeline:
        _write_timeline(results[-1], arguments.timeline)
    if arguments.show_output:
        sys.stderr.buffer.write(b"".join(result.output for result in results))
    if arguments.json:
        print(encode(records[0]).decode() if not arguments.vary else _array(records))
    else:
        show(records)
    return 0 if all(record.valid for record in records) else INVALID_RUN


def _array(records: Sequence[Record]) -> str:
    return f"[{','.join(encode(record).decode() for record in records)}]"


def _variations(arguments: argparse.Namespace) -> Iterator[argparse.Namespace]:
    """The arguments, once for each value that is to be varied."""
    if not arguments.vary:
        yield arguments
        return
    name, equals, values = arguments.vary.partition("=")
    if not (equals and values):
        raise UsageError(f"{arguments.vary!r}: write --vary NAME=N,N,...")
    for value in values.split(","):
        parameters = [*arguments.parameter, f"{name}={value}"]
        yield argparse.Namespace(**{**vars(arguments), "parameter": parameters})


def _measure(arguments: argparse.Namespace, session: str) -> Result:
    from dataclasses import replace

    from litbench.boards import firmware, image

    found = _find(arguments)
    if found.warning:
        print(f"litbench: {found.warning}", file=sys.stderr)
    elf = image.load(found.path)
    if arguments.board and arguments.board.startswith("gdb:"):
        from litbench.boards import remote

        plan = replace(_job_plan(arguments, elf), origin=found.origin)
        return remote.run(plan, arguments.board, session, arguments.monitor)
    return firmware.run(replace(_plan(arguments, elf), origin=found.origin), session)


def _find(arguments: argparse.Namespace) -> Firmware:
    """The file of that name, a firmware of litbench's own, or one built from a checkout."""
    from litbench.targets import cache_folder
    from litbench.targets.firmware import (
        Firmware,
        compiler_of,
        is_settled,
        prebuilt,
        prepare,
    )

    name: str = arguments.elf
    if arguments.source:
        from litbench.boards.sources import build

        made = build(arguments.source, name, cache_folder() / "firmware")
        return Firmware(made, f"built here from {arguments.source} with {compiler_of(made)}")
    path = Path(name)
    if path.exists() or not prebuilt(name).exists():
        return Firmware(path, "")
    if not is_settled(name):
        print(f"building {name}", file=sys.stderr)
    return prepare(name)


def _plan(arguments: argparse.Namespace, elf: Image) -> Plan:
    from dataclasses import replace

    from litbench.boards.machines import find_machine, machine_for
    from litbench.boards.outcome import Limits

    machine = find_machine(arguments.board) if arguments.board else machine_for(elf.machine)
    if machine.core != elf.machine:
        raise UsageError(f"{elf.path.name} is for {elf.machine}, {machine.name} has {machine.core}")
    limits = Limits(
        seconds=arguments.seconds,
        output=arguments.output_limit,
        instructions=_instructions(arguments.instructions),
    )
    pairs = tuple(_pair(elf, words) for words in arguments.between)
    marks = tuple({symbol.address for pair in pairs for symbol in pair})
    needed = limits.instructions > 0 or bool(pairs)
    watch = None if arguments.no_profile and not needed else _watch(elf, marks, needed=needed)
    return replace(
        _job_plan(arguments, elf),
        machine=machine,
        limits=limits,
        semihosting=arguments.semihosting,
        watch=watch,
        stack=arguments.stack,
        between=pairs,
    )


def _job_plan(arguments: argparse.Namespace, elf: Image) -> Plan:
    from litbench.boards.machines import machine_for
    from litbench.boards.outcome import Limits
    from litbench.boards.plan import Plan
    from litbench.boards.workloads import MOST_ITERATIONS, small_values

    definition = _definition(arguments, elf)
    if not 0 < arguments.iterations <= MOST_ITERATIONS:
        raise UsageError(f"--iterations is 1 to {MOST_ITERATIONS}")
    given = parse_parameters(arguments.parameter)
    return Plan(
        image=elf,
        machine=machine_for(elf.machine),
        definition=definition,
        values=small_values(definition, given) if definition else {},
        iterations=arguments.iterations,
        latency=definition is not None and _latency(arguments.measure, definition),
        limits=Limits(seconds=arguments.seconds),
    )


def _definition(arguments: argparse.Namespace, elf: Image) -> WorkloadDefinition | None:
    from litbench.boards.image import JOB_SYMBOL
    from litbench.boards.workloads import number
    from litbench.catalogue import workload

    if arguments.workload is None:
        remote = (arguments.board or "").startswith("gdb:")
        return workload("ping-pong") if elf.takes_jobs and not remote else None
    if not elf.takes_jobs:
        raise UsageError(
            f"{elf.path.name} takes no jobs: it has no probe, or no symbol {JOB_SYMBOL}"
        )
    number(arguments.workload)
    return workload(arguments.workload)


def _latency(asked: str | None, definition: WorkloadDefinition) -> bool:
    measure = Measure(asked) if asked else definition.measures[0]
    if measure not in definition.measures:
        raise UsageError(f"{definition.name} has no measure {measure}")
    return measure is Measure.LATENCY


def _instructions(text: str | None) -> int:
    return parse_parameters([f"n={text}"])["n"] if text else 0


def _pair(elf: Image, words: str) -> tuple[Symbol, Symbol]:
    from litbench.boards.between import find_function

    start, colon, end = words.rpartition(":") if words.count(":") == 1 else words.partition(",")
    if not (start and colon and end):
        raise UsageError(f"{words!r}: write A:B, or A,B where the names have colons")
    return find_function(elf, start), find_function(elf, end)


def _watch(elf: Image, marks: tuple[int, ...], *, needed: bool) -> Watch | None:
    from litbench.boards.plugin import Watch, build
    from litbench.targets import cache_folder

    stop = elf.symbol("litbench_exit")
    try:
        return Watch(build(cache_folder()), marks, stop=stop.address if stop else None)
    except MissingToolError as error:
        if needed:
            raise
        print(f"litbench: {error}", file=sys.stderr)
        return None


def _keep(identifier: str, records: Sequence[Record], store_path: Path | None) -> None:
    from litbench import __version__
    from litbench.store import Session, Store

    with Store.open(store_path) as store:
        session = Session(
            id=identifier, started=now(), command=tuple(sys.argv), version=__version__
        )
        store.add_session(session)
        for record in records:
            store.add(record)


def _write_timeline(result: Result, path: Path) -> None:
    from litbench.boards.timeline import perfetto, timeline

    line = timeline(result.block) if result.block else None
    if line is None:
        raise UsageError("no time line: the firmware left no events (prebuilt: embassy-m3-trace)")
    path.write_text(json.dumps(perfetto(line, result.record.subject.name)), encoding="utf-8")
    lost = f"; {line.lost:,} older ones did not fit the ring" if line.lost else ""
    print(f"time line: {path}{lost}", file=sys.stderr)


def show(records: Sequence[Record]) -> None:
    """Print a board record as tables, or several side by side."""
    from rich.console import Console

    from litbench.report.boards import comparison, sheets
    from litbench.report.text_sheets import sheet_parts

    console = Console(highlight=False, emoji=False, markup=False)
    for record in records:
        console.print(_headline(record), style="bold" if record.valid else "bold red")
        if origin := record.environment.readings.get("firmware"):
            console.print(f"  firmware {origin}")
        for note in (*record.reasons, *record.cautions):
            console.print(f"  {note.code}: {note.message}", style="yellow")
    for sheet in sheets(records[0]) if len(records) == 1 else [comparison(records)]:
        for part in sheet_parts(sheet):
            console.print(part)


def _headline(record: Record) -> str:
    did = [record.workload.name, *(f"{n}={v}" for n, v in record.workload.parameters.items())]
    where = f"{record.subject.runtime}, {record.subject.runtime_version}"
    state = "" if record.valid else "  INVALID"
    return f"{record.subject.name}  {' '.join(did)}  on {where}{state}"

"""The adapter through which `litbench run` drives firmware: it speaks ``adapters/PROTOCOL.md``.

    python -m litbench.boards.adapter BOARD ELF describe|serve

Set-up is a run of no iterations, from which the firmware says its clock and what it will do; the
measured part is a second run. Both repeat to the instruction, so the second does what the first
declared.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import msgspec

from litbench import __version__
from litbench.boards import block as blocks
from litbench.boards import firmware, image, judge, machines, qemu, readings, workloads
from litbench.boards.abilities import abilities, missing
from litbench.boards.block import ProbeBlock
from litbench.boards.lifeline import end_with_parent
from litbench.boards.outcome import Limits
from litbench.boards.plan import Plan
from litbench.catalogue import workload
from litbench.errors import LitbenchError
from litbench.protocol import (
    DESCRIPTOR_VARIABLE,
    VERSION,
    Description,
    End,
    Failure,
    Finish,
    FromAdapter,
    HistogramMessage,
    IterationDone,
    Job,
    MetricMessage,
    Ready,
    Threads,
)
from litbench.record import Measure

SECONDS = 240.0


@dataclass(frozen=True)
class Board:
    """An ELF and the board for it."""

    machine: machines.Machine
    image: image.Image

    @property
    def language(self) -> str:
        """What the firmware is written in."""
        return "c" if self.image.path.stem.startswith("c-") else "rust"

    @property
    def runtime(self) -> tuple[str, str]:
        """The runtime and its version."""
        emulator = f"{self.machine.name}, QEMU {qemu.version(self.machine)}"
        if self.language == "c":
            return "super-loop", emulator
        return "embassy-executor", f"0.10.0 on {emulator}"


def describe(board: Board) -> Description:
    """What the firmware is and can do."""
    runtime, version = board.runtime
    return Description(
        protocol=VERSION,
        target=board.image.path.stem,
        version=__version__,
        language=board.language,
        runtime=runtime,
        runtime_version=version,
        threads=Threads(least=1, most=1),
        workloads=abilities(board.language),
        missing=missing(),
    )


class Conversation:
    """One run, as litbench asks for it."""

    def __init__(self, board: Board, lines: BinaryIO, channel: BinaryIO) -> None:
        self._board, self._lines, self._channel = board, lines, channel

    def serve(self) -> None:
        """Take a job, do it, report."""
        job = msgspec.json.decode(self._lines.readline(), type=Job)
        try:
            self._run(job)
        except (LitbenchError, RunError) as error:
            self._say(Failure(code=getattr(error, "code", "board"), message=str(error)))

    def _run(self, job: Job) -> None:
        plan = self._plan(job)
        block = _block(replace(plan, iterations=0))
        clock = readings.clock_of(block, firmware.emulator(plan.machine).clock)
        specification = readings.specification_of(block)
        if clock is None or specification is None:
            raise RunError("no-clock", "no counter of this board advances")
        self._say(Ready(VERSION, clock, specification))
        self._wait_for("go")
        block = _block(plan)
        self._iterations(plan, block)
        self._say(Finish(len(block.iterations)))
        self._wait_for("report")
        self._measurements(plan, block)
        self._say(End())

    def _plan(self, job: Job) -> Plan:
        return Plan(
            image=self._board.image,
            machine=self._board.machine,
            definition=workload(job.workload),
            values=job.parameters,
            iterations=min(job.iterations, workloads.MOST_ITERATIONS),
            latency=job.measure is Measure.LATENCY,
            limits=Limits(seconds=SECONDS),
        )

    def _iterations(self, plan: Plan, block: ProbeBlock) -> None:
        assert plan.definition is not None
        checks = set(plan.definition.expected(plan.values).checks)
        for index, each in enumerate(readings.iterations_of(block, checks)):
            self._say(IterationDone(index, each.start, each.end, each.ledger, each.checks))

    def _measurements(self, plan: Plan, block: ProbeBlock) -> None:
        for histogram in readings.histograms_of(block):
            self._say(HistogramMessage(histogram.name, histogram.unit, histogram.counts))
        trusted = firmware.idle_trusted(plan, block)
        for metric in readings.metrics_of(block, idle_trusted=trusted):
            self._say(MetricMessage(metric.name, metric.unit, metric.values))

    def _wait_for(self, word: str) -> None:
        line = self._lines.readline()
        if not line:
            sys.exit(0)
        if msgspec.json.decode(line).get("type") != word:
            raise RunError("protocol", f"expected {word}")

    def _say(self, message: FromAdapter) -> None:
        self._channel.write(msgspec.json.encode(message) + b"\n")
        self._channel.flush()


class RunError(Exception):
    """A run that gave no numbers: ``code`` names why."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def _block(plan: Plan) -> ProbeBlock:
    """Run, and the probe's block of a run that went well."""
    outcome = qemu.run(firmware.request_of(plan))
    reasons, _ = judge.ending(plan, outcome)
    block = blocks.decode(outcome.memory, plan.image.path.name) if outcome.memory else None
    if block is not None:
        reasons += judge.block_reasons(block, outcome)
    if reasons:
        raise RunError(reasons[0].code, reasons[0].message)
    if block is None:
        raise RunError("no-probe", f"{plan.image.path.name} has no probe")
    return block


def main(words: list[str]) -> int:
    """The command."""
    if len(words) != 3 or words[2] not in {"describe", "serve"}:
        sys.stderr.write("usage: BOARD ELF describe|serve\n")
        return 2
    try:
        board = Board(machines.find_machine(words[0]), image.load(Path(words[1])))
        if words[2] == "describe":
            sys.stdout.buffer.write(msgspec.json.encode(describe(board)) + b"\n")
            return 0
    except LitbenchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    end_with_parent()
    with os.fdopen(int(os.environ[DESCRIPTOR_VARIABLE]), "wb") as channel:
        Conversation(board, sys.stdin.buffer, channel).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

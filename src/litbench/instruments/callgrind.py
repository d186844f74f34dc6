"""valgrind's callgrind: instructions by function, which repeat from run to run."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import ClassVar

from litbench.instruments.base import (
    SLOW,
    Answer,
    Effort,
    Instrument,
    Obstacle,
    Program,
    Region,
    Watched,
)
from litbench.instruments.callgrind_file import Costs, read_costs
from litbench.instruments.tools import (
    ToolError,
    bounded_lines,
    installed,
    output_of,
    version_of,
)
from litbench.record import Table
from litbench.units import Unit

FUNCTIONS_SHOWN = 300


class Callgrind(Instrument):
    """Instructions of the region, simulated one by one: 30 to 50 times slower."""

    tool: ClassVar[str] = "callgrind"
    effort: ClassVar[Effort] = SLOW
    grace_s: ClassVar[float] = 120.0
    slows: ClassVar[float] = 50.0
    own_options: ClassVar[tuple[str, ...]] = ("--fair-sched=try",)

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._output = self.folder / "callgrind.out"
        self._pid = 0
        self._switched: list[bool] = []

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """Missing where valgrind is."""
        return installed("valgrind", "valgrind", "no instruction counts that repeat")

    @property
    def version(self) -> str:
        """valgrind's version."""
        return version_of("valgrind")

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Run it under callgrind; instrumentation is off until the region where there is one."""
        start = "no" if self.program.has_region else "yes"
        own = [f"--callgrind-out-file={self._output}", f"--instr-atstart={start}"]
        own += [*self.own_options, f"--vgdb-prefix={self.folder / 'vgdb'}"]
        return ["valgrind", "-q", "--tool=callgrind", *own, *command]

    def environment(self) -> dict[str, str]:
        """Python's hashes are drawn anew in every process, and with them the work of its tables."""
        return {"PYTHONHASHSEED": "0"} if self.program.is_python else {}

    def started(self, pid: int) -> None:
        """vgdb talks to the process by its pid."""
        self._pid = pid

    def on(self) -> None:
        """Instrumentation on."""
        self._switch("on")

    def off(self) -> None:
        """Instrumentation off."""
        self._switch("off")

    def _switch(self, word: str) -> None:
        prefix = f"--vgdb-prefix={self.folder / 'vgdb'}"
        command = ["vgdb", prefix, f"--pid={self._pid}", "instrumentation", word]
        done = False
        with contextlib.suppress(ToolError):
            output_of(command, timeout=30)
            done = True
        self._switched.append(done)

    def collect(self, watched: Watched) -> Answer:
        """Add up the file."""
        measured = self._switched == [True, True]
        answer = Answer(region=Region.MEASURED if measured else Region.WHOLE)
        answer.settings["simulated"] = True
        if self.program.has_region and not measured:
            answer.caution("not-switched", "vgdb could not switch the instrumentation on and off")
            return answer
        if not self._output.is_file():
            how = "was killed" if watched.killed else "ended"
            answer.caution("no-data", f"callgrind wrote nothing: the process {how} before its exit")
            return answer
        with self._output.open("rb") as file:
            costs = read_costs(bounded_lines(file))
        if costs.malformed or costs.truncated or watched.killed:
            why = "the process was killed" if watched.killed else "callgrind's file makes no sense"
            answer.caution("partial", f"{why} in places: the counts are too low")
        self.fill(answer, costs)
        return answer

    def fill(self, answer: Answer, costs: Costs) -> None:
        """Instructions in total and by function."""
        instructions = costs.sum_of("Ir")
        if not instructions:
            answer.caution("no-data", "callgrind counted no instruction in the region")
            return
        answer.totals["simulated-instructions"] = (Unit.INSTRUCTIONS, instructions)
        rows = sorted(costs.functions.items(), key=lambda item: (-item[1][0], item[0]))
        answer.tables.append(
            Table(
                name="functions",
                columns=("function", "file", "self", "self share"),
                units=(None, None, Unit.INSTRUCTIONS, Unit.RATIO),
                rows=tuple(
                    (function, file, counts[0], counts[0] / instructions)
                    for (function, file), counts in rows[:FUNCTIONS_SHOWN]
                ),
            )
        )

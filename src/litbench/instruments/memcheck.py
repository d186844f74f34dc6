"""valgrind's memcheck: blocks that nothing points to any more when the process exits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from litbench.instruments.base import SLOW, Answer, Effort, Instrument, Obstacle, Program, Watched
from litbench.instruments.lost import Lost, fill
from litbench.instruments.tools import installed, version_of
from litbench.instruments.valgrind_xml import Errors, read_errors
from litbench.units import Unit

SURELY = frozenset({"Leak_DefinitelyLost", "Leak_IndirectlyLost"})


class Memcheck(Instrument):
    """Leaks with their sites, for any program; 10 to 20 times slower."""

    tool: ClassVar[str] = "memcheck"
    effort: ClassVar[Effort] = SLOW
    grace_s: ClassVar[float] = 300.0
    slows: ClassVar[float] = 15.0

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """Missing where valgrind is."""
        return installed("valgrind", "valgrind", "no sites of lost blocks")

    @property
    def version(self) -> str:
        """valgrind's version."""
        return version_of("valgrind")

    @property
    def _output(self) -> Path:
        return self.folder / "memcheck.xml"

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Run it under memcheck. Its own exit status stays that of the program."""
        own = ["--leak-check=full", "--show-leak-kinds=definite,indirect,possible", "--xml=yes"]
        return ["valgrind", "--tool=memcheck", "-q", *own, f"--xml-file={self._output}", *command]

    def environment(self) -> dict[str, str]:
        """Python's pools hide what is lost; its objects go through malloc instead."""
        return {"PYTHONMALLOC": "malloc"} if self.program.is_python else {}

    def collect(self, watched: Watched) -> Answer:
        """Read the errors."""
        answer = Answer()
        if not self._output.is_file():
            answer.caution("no-data", "memcheck wrote nothing: the program did not start under it")
            return answer
        errors = read_errors(self._output)
        if not errors.whole or watched.killed:
            answer.caution("no-leak-check", _why_not(watched))
            return answer
        fill_leaks(answer, errors)
        return answer


def fill_leaks(answer: Answer, errors: Errors) -> None:
    """The leaks among memcheck's errors, and how many other errors it found."""
    found = [
        Lost(e.stacks[0] if e.stacks else [], e.leaked_bytes, e.leaked_blocks, e.kind)
        for e in errors.found
        if e.kind.startswith("Leak_")
    ]
    fill(answer, found, SURELY)
    answer.one(
        "possibly-lost",
        Unit.BYTES,
        sum(each.bytes for each in found if each.kind == "Leak_PossiblyLost"),
    )
    others = sorted({e.kind for e in errors.found if not e.kind.startswith("Leak_")})
    if others:
        message = f"memcheck also found other errors: {', '.join(others)}"
        answer.caution("memory-errors", message)


def _why_not(watched: Watched) -> str:
    how = "the process was killed" if watched.killed else "the file is cut off"
    return f"{how} before memcheck looked for leaks: what was lost is unknown"

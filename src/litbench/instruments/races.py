"""Data races: two threads use the same memory, one writes, and nothing orders them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from litbench.instruments.base import (
    EXACT,
    SLOW,
    Answer,
    Effort,
    Instrument,
    Obstacle,
    Program,
    Watched,
)
from litbench.instruments.frames import Frame
from litbench.instruments.sanitizers import sanitizer_of, sections
from litbench.instruments.sites import folded
from litbench.instruments.tools import (
    bounded_lines,
    installed,
    is_elf,
    program_path,
    symbols_of,
    version_of,
)
from litbench.instruments.valgrind_xml import Errors, read_errors
from litbench.record import Table
from litbench.units import Unit

RACES_LIMIT = 1_000


@dataclass
class Race:
    """One race: what was done by both threads, with both stacks, and to what."""

    first: str
    first_stack: list[Frame] = field(default_factory=list)
    second: str = ""
    second_stack: list[Frame] = field(default_factory=list)
    location: str = ""
    count: int = 1


def fill(answer: Answer, races: Sequence[Race]) -> None:
    """How many pairs of places race, and one row each."""
    races = distinct(races)
    answer.one("races", Unit.COUNT, len(races))
    rows = tuple(
        (_top(race.first_stack), _where(race.first_stack), race.first, _top(race.second_stack),
         _where(race.second_stack), race.second, race.location, race.count,
         folded(race.first_stack), folded(race.second_stack))
        for race in races[:RACES_LIMIT]
    )  # fmt: skip
    answer.tables.append(
        Table(
            name="races",
            columns=("first", "first where", "first access", "second", "second where",
                     "second access", "location", "count", "stack", "second stack"),
            units=(None, None, None, None, None, None, None, Unit.COUNT, None, None),
            rows=rows,
        )
    )  # fmt: skip


def distinct(races: Sequence[Race]) -> list[Race]:
    """Races of the same two places are one, whichever of them reads."""
    found: dict[tuple[str, ...], Race] = {}
    for race in races:
        stacks = (race.first_stack, race.second_stack)
        known = found.setdefault(tuple(sorted(f"{_top(s)} {_where(s)}" for s in stacks)), race)
        if known is not race:
            known.count += race.count
    return list(found.values())


def _top(stack: Sequence[Frame]) -> str:
    return stack[0].function if stack else "[unknown]"


def _where(stack: Sequence[Frame]) -> str:
    return stack[0].where if stack else ""


def read_races(lines: Iterable[bytes]) -> list[Race]:
    """The races of a ThreadSanitizer report."""
    races: list[Race] = []
    now: Race | None = None
    for section in sections(lines):
        heading, stack = section.heading, section.stack
        words = heading.lower()
        if words.startswith(("read of", "write of", "atomic read of", "atomic write of")):
            now = Race(heading.rstrip(":"), stack)
            if len(races) < RACES_LIMIT:
                races.append(now)
        elif now is not None and words.startswith(("previous ", "concurrent ")):
            now.second, now.second_stack = heading.rstrip(":"), stack
    return races


class ThreadSanitizer(Instrument):
    """Races of a program that was built with -fsanitize=thread."""

    tool: ClassVar[str] = "tsan"
    effort: ClassVar[Effort] = EXACT
    grace_s: ClassVar[float] = 60.0
    slows: ClassVar[float] = 1.0

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """Only for programs that were built for it."""
        if "thread" in sanitizer_of(program_path(program.command)):
            return None
        cost = "races cost up to 90 times the time to find"
        cure = "Build it with -fsanitize=thread (Rust: nightly, with -Zbuild-std)."
        return Obstacle("not built with the thread sanitizer", cost, cure)

    def environment(self) -> dict[str, str]:
        """Reports go to files; the exit status stays that of the program."""
        return {"TSAN_OPTIONS": f"exitcode=0 log_path={self.folder / 'tsan'}"}

    def collect(self, watched: Watched) -> Answer:
        """Read the reports. None is no race that happened in this run."""
        answer = Answer()
        races: list[Race] = []
        for path in sorted(self.folder.glob("tsan.*")):
            with path.open("rb") as file:
                races += read_races(bounded_lines(file))
        if b"FATAL: ThreadSanitizer" in watched.stderr:
            said = watched.stderr.decode("utf-8", "replace").strip()[-200:]
            answer.caution("no-data", f"the thread sanitizer did not start: {said}")
            return answer
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
        fill(answer, races)
        return answer


class Helgrind(Instrument):
    """Races of C and C++ programs with pthreads, without a rebuild; up to 90 times slower."""

    tool: ClassVar[str] = "helgrind"
    effort: ClassVar[Effort] = SLOW
    grace_s: ClassVar[float] = 120.0
    slows: ClassVar[float] = 90.0

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """Not for languages whose locks it does not know: it would report millions of races."""
        cost = "no data races without a rebuild"
        if because := foreign(program):
            return Obstacle(because, cost, "Build it with the thread sanitizer.")
        return installed("valgrind", "valgrind", cost)

    @property
    def version(self) -> str:
        """valgrind's version."""
        return version_of("valgrind")

    @property
    def _output(self) -> Path:
        return self.folder / "helgrind.xml"

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Run it under helgrind."""
        own = ["--xml=yes", f"--xml-file={self._output}"]
        return ["valgrind", "-q", "--tool=helgrind", *own, *command]

    def collect(self, watched: Watched) -> Answer:
        """Read the errors."""
        answer = Answer()
        if not self._output.is_file():
            answer.caution("no-data", "helgrind wrote nothing: the program did not start under it")
            return answer
        errors = read_errors(self._output)
        if watched.killed or not errors.whole:
            answer.caution("partial", "the process was killed: races after that are not known")
        fill(answer, races_of(errors))
        others = sorted({e.kind for e in errors.found if e.kind != "Race"})
        if others:
            answer.caution("lock-errors", f"helgrind also found {', '.join(others)}")
        return answer


def races_of(errors: Errors) -> list[Race]:
    """The races among helgrind's errors."""
    races = []
    for found in errors.found:
        if found.kind != "Race":
            continue
        race = Race(found.texts[0] if found.texts else "")
        race.first_stack = found.stacks[0] if found.stacks else []
        if len(found.stacks) > 1:
            race.second_stack = found.stacks[1]
            race.second = next((t for t in found.texts if "conflicts" in t), "")
        race.location = next((t for t in found.texts if t.startswith("Location")), "")
        race.count = errors.counts.get(found.unique, 1)
        races.append(race)
    return races


def foreign(program: Program) -> str:
    """Why helgrind's answer would be false; empty when it would not."""
    path = program_path(program.command)
    if program.is_python:
        return "Python's interpreter lock hides the races of Python code from native tools"
    language = program.language or language_of(path)
    if language == "rust":
        return "not possible here, because helgrind does not know the locks of Rust's std"
    if language and language not in {"c", "c++"}:
        return f"not possible here, because helgrind does not know the locks of {language}"
    if not is_elf(path):
        return f"not possible here, because {path.name} is a script"
    if sanitizer_of(path):
        return f"not possible here, because {path.name} is built with a sanitizer"
    return ""


def language_of(path: Path) -> str:
    """What a program is written in, as far as its file tells; empty when it does not."""
    names = symbols_of(str(path))
    if any(name.startswith("rust_") or "3std2rt" in name for name in names):
        return "rust"
    try:
        with path.open("rb") as file:
            data = file.read(64 << 20)
    except OSError:
        return ""
    marks = ((b"/rustc/", "rust"), (b"Go build ID:", "go"), (b"library/std/src/", "rust"))
    return next((language for mark, language in marks if mark in data), "")

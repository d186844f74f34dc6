"""What every instrument is: it may wrap the command, add environment, and watch a region.

The runner calls ``wrap`` and ``environment`` before the process exists, ``started`` once it does,
``on`` at `go` and ``off`` at `finish`. When it has exited, ``collect`` reads what the tool left
and answers. An instrument knows nothing of reports; its answer becomes a record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from litbench.record import Histogram, Metric, Note, Record, Scalar, Table
from litbench.units import Unit


class Question(StrEnum):
    """What a profile is asked."""

    HEAP = "heap"
    LEAKS = "leaks"
    FRAGMENTATION = "fragmentation"
    CPU = "cpu"
    CACHE = "cache"
    SCHED = "sched"
    LOCKS = "locks"
    RACES = "races"


class Region(StrEnum):
    """Which part of the process an answer is about."""

    MEASURED = "go..finish"
    WHOLE = "whole process"


@dataclass(frozen=True)
class Program:
    """What is to be watched: a command, its language where known, and a folder for its files.

    ``has_region``: it will say when its measured part begins and ends. ``rules`` are the user's
    own rules of whose time a function's is. ``size_name`` is the parameter that is the workload's
    size, where its memory can be asked for.
    """

    command: tuple[str, ...]
    folder: Path
    has_region: bool = False
    language: str = ""
    runtime: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    rules: tuple[Path, ...] = ()
    size_name: str = ""

    @property
    def is_python(self) -> bool:
        """Whether the command is run by a Python interpreter."""
        return Path(self.command[0]).name.startswith("python")


@dataclass(frozen=True)
class Obstacle:
    """Why an instrument cannot be used here: what is missing, what that costs, what to do.

    ``irrelevant``: it is for another kind of program, which nobody needs to be told.
    """

    missing: str
    cost: str
    cure: str
    irrelevant: bool = False

    @property
    def text(self) -> str:
        """One sentence for people."""
        return f"{self.missing}: {self.cost}. {self.cure}".strip()


@dataclass(frozen=True)
class Effort:
    """How much work a run under an instrument is given, since some are 50 times slower."""

    iterations: int
    time_limit_s: float
    timeout_s: float = 600.0


SAMPLED = Effort(iterations=100_000, time_limit_s=3.0)
EXACT = Effort(iterations=3, time_limit_s=3.0)
SLOW = Effort(iterations=1, time_limit_s=1.0, timeout_s=1800.0)


@dataclass(frozen=True)
class Watched:
    """How the watched run went: what ``collect`` may need to know; ``runs`` are of a target."""

    status: int | None
    stderr: bytes = b""
    stdout: bytes = b""
    handled: int | None = None
    runs: tuple[Record, ...] = ()

    @property
    def killed(self) -> bool:
        """Whether a signal ended it."""
        return self.status is not None and self.status < 0


@dataclass(frozen=True)
class File:
    """A file that an instrument leaves for people, in the program's folder."""

    name: str
    path: Path
    media_type: str


@dataclass
class Answer:
    """What an instrument found out.

    ``totals`` are costs of the whole region, (unit, amount); whoever knows the number of messages
    divides them. A cost that could not be measured is absent, never zero.
    """

    region: Region = Region.WHOLE
    totals: dict[str, tuple[Unit, int | float]] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)
    histograms: list[Histogram] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    cautions: list[Note] = field(default_factory=list)
    settings: dict[str, Scalar] = field(default_factory=dict)

    def caution(self, code: str, message: str) -> None:
        """Say something that a reader of the answer must know."""
        self.cautions.append(Note(code=code, message=message))

    def one(self, name: str, unit: Unit, value: float) -> None:
        """Add a metric of one value."""
        self.metrics.append(Metric(name=name, unit=unit, values=(value,)))


class Instrument:
    """Watches one run. This one changes nothing and finds nothing."""

    tool: ClassVar[str] = "none"
    effort: ClassVar[Effort] = SAMPLED
    # How long the process may take to exit after its last word: tools write their results then.
    grace_s: ClassVar[float] = 5.0
    # About how many times slower a program runs under it, to leave out what would take hours.
    slows: ClassVar[float] = 1.1
    # Whether it takes a run for each of several sizes, which measure memory and no time.
    over_sizes: ClassVar[bool] = False

    def __init__(self, program: Program) -> None:
        self.program = program
        self.folder = program.folder

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """Why it cannot be used on this program here, or None."""
        return None

    @property
    def version(self) -> str:
        """The tool's version; empty where it does not say."""
        return ""

    def wrap(self, command: Sequence[str]) -> list[str]:
        """The command to run instead."""
        return list(command)

    def environment(self) -> dict[str, str]:
        """Variables to add to the program's environment."""
        return {}

    def started(self, pid: int) -> None:
        """The process exists; ``pid`` is that of the wrapped command."""

    def on(self) -> None:
        """The region begins: the program is idle and about to be told to go."""

    def off(self) -> None:
        """The region is over: the program is idle again."""

    def stopped(self) -> None:
        """The process is gone, however it ended: let go of whatever was started beside it."""

    def collect(self, watched: Watched) -> Answer:  # noqa: ARG002
        """What was found, after the process has exited."""
        return Answer()


NOTHING = Instrument(Program(command=(), folder=Path()))

# Variables that hold lists, and what separates their entries.
_LISTS = {
    "LD_PRELOAD": ":", "ASAN_OPTIONS": ":", "LSAN_OPTIONS": ":", "TSAN_OPTIONS": " ",
    "JAVA_TOOL_OPTIONS": " ",
}  # fmt: skip


def added(environment: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """An environment with an instrument's variables; lists are added to, the rest is replaced."""
    result = dict(environment)
    for name, value in more.items():
        known = result.get(name)
        result[name] = f"{value}{_LISTS[name]}{known}" if known and name in _LISTS else value
    return result

"""What a profile is asked, and who hears how it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from litbench.instruments.base import Question


@dataclass(frozen=True)
class ProfileRequest:
    """What to find out, about a target with a workload or about a command.

    ``messages`` is what a command handles, if the user knows: costs are divided by it. ``plain``
    is whether to run once without instruments, to state the slow-down.
    """

    question: Question
    target: str = ""
    workload: str = ""
    command: tuple[str, ...] = ()
    parameters: dict[str, int] = field(default_factory=dict)
    threads: int | None = None
    iterations: int | None = None
    time_limit_s: float | None = None
    timeout_s: float | None = None
    tool: str | None = None
    messages: int | None = None
    rules: tuple[Path, ...] = ()
    plain: bool = True
    pin: bool = True
    seed: int = 1


class Observer:
    """Hears how a profile goes. This one says nothing."""

    def left_out(self, what: str) -> None:
        """A part of the question cannot be answered here, or a better tool is missing."""

    def running(self, tool: str) -> None:
        """A run begins; an empty ``tool`` is the plain run."""

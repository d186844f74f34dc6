"""What one function does to the stack by itself, and whom it calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from litbench.firmware.step import Value


class Call(NamedTuple):
    """A direct call (or tail call) at ``address``, made ``depth`` bytes deep."""

    address: int
    depth: int
    target: int
    tail: bool


class IndirectCall(NamedTuple):
    """A call through a register; ``value`` is what is known of the callee's address."""

    address: int
    depth: int
    tail: bool
    value: Value


class Problem(NamedTuple):
    """Something that the walk could not follow: ``dynamic``, ``sp``, ``undecoded``, ``grows``."""

    code: str
    address: int


@dataclass
class Summary:
    """What one function does to the stack by itself."""

    start: int
    depth: int = 0
    calls: list[Call] = field(default_factory=list)
    indirect: list[IndirectCall] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    returns: set[int] = field(default_factory=set)  # bytes still taken when it returns
    stack_top: int | None = None  # where it sets the stack pointer to a constant

    @property
    def dynamic(self) -> bool:
        """Whether it moves the stack pointer by an amount that only the run knows."""
        return any(p.code == "dynamic" for p in self.problems)

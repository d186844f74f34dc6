"""What to run on a board, and what to watch."""

from __future__ import annotations

from dataclasses import dataclass, field

from litbench.boards.image import Image, Symbol
from litbench.boards.machines import Machine
from litbench.boards.outcome import DEFAULT_LIMITS, Limits
from litbench.boards.plugin import Watch
from litbench.catalogue.definition import Values, WorkloadDefinition


@dataclass(frozen=True)
class Plan:
    """What to run and what to watch. Without a ``definition`` the firmware does what it does.

    ``between``: pairs of functions, for the instructions from one's entry to the other's; the
    ``watch`` marks both. ``origin``: where a firmware of litbench's own comes from, in words.
    ``idle_is_right``: whether WFI is counted right; None where the emulator here is to be asked.
    """

    image: Image
    machine: Machine
    name: str = ""
    origin: str = ""
    definition: WorkloadDefinition | None = None
    values: Values = field(default_factory=dict)
    iterations: int = 10
    latency: bool = False
    limits: Limits = DEFAULT_LIMITS
    semihosting: bool = False
    watch: Watch | None = None
    stack: bool = False
    idle_is_right: bool | None = None
    between: tuple[tuple[Symbol, Symbol], ...] = ()

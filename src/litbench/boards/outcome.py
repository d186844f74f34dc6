"""How a run of a firmware ended, and what could be read of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from litbench.boards.plugin import Profile


class End(StrEnum):
    """How a run ended."""

    STOPPED = "stopped"  # the firmware stopped the machine (reset, power off)
    EXITED = "exited"  # by semihosting or a test device, with a status
    FINISHED = "finished"  # the probe says so, the machine still runs
    LIMIT = "limit"  # the instructions that it was given are used up
    TIMED_OUT = "timed-out"
    FLOODED = "output-flood"
    CRASHED = "crashed"  # the emulator gave up: lock-up, bad address, no memory


@dataclass(frozen=True)
class Limits:
    """What a run may use. ``seconds`` of wall time, ``output`` bytes, ``instructions`` (0: any)."""

    seconds: float = 60.0
    output: int = 1 << 20
    instructions: int = 0


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Outcome:
    """One run.

    ``memory`` is the probe's block, None where it could not be read; ``stack_pointers`` all values
    that it had, lowest first, where that was asked for; ``stuck_at`` where a run hung.
    """

    end: End
    status: int | None = None
    output: bytes = b""
    messages: str = ""
    memory: bytes | None = None
    profile: Profile | None = None
    duration_ns: int = 0
    interrupts: dict[str, int] = field(default_factory=dict)
    stack_pointers: tuple[int, ...] = ()
    stuck_at: int | None = None

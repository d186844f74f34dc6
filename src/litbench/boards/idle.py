"""Whether this QEMU counts idle time right.

With ``sleep=off`` some versions let every wake-up from WFI consume two timer periods (fixed
upstream in 02ae315467ce, February 2025). A firmware that notes its own ticks shows it: they seem
twice as far apart.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from litbench.boards import block, image, qemu
from litbench.boards.job import Job
from litbench.boards.machines import Machine
from litbench.boards.outcome import Limits
from litbench.targets.firmware import prebuilt

IDLE_CHECK = 24
TICKS = 8
PERIOD = 20_000
# A timer's tick is up to 100 instructions.
TOLERANCE = 200


@dataclass(frozen=True)
class IdleCheck:
    """Ticks were ``period`` instructions apart and seemed to be ``seen``; None: it could not be
    told.
    """

    seen: float | None
    period: int = PERIOD

    @property
    def trusted(self) -> bool:
        """Whether times that contain idle may be used where a core sleeps with WFI."""
        return self.seen is not None and abs(self.seen - self.period) <= TOLERANCE


@functools.cache
def check(machine: Machine) -> IdleCheck:
    """Run the check once a process."""
    elf = prebuilt("c-m3" if machine.core == "arm" else "c-rv32")
    job = Job(
        IDLE_CHECK,
        1,
        (TICKS, PERIOD),
        stops=True,
        cycle_scale=machine.cycle_scale,
        counter_scale=machine.counter_scale,
    )
    request = qemu.Request(image.load(elf), machine, job, Limits(seconds=20))
    outcome = qemu.run(request)
    if outcome.memory is None:
        return IdleCheck(None)
    found = [h for h in block.decode(outcome.memory).histograms if h.count]
    return IdleCheck(found[0].sum / found[0].count if found else None)

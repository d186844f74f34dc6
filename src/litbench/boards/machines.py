"""The emulated boards: which QEMU machine, which clock, which memory."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from litbench.boards.job import UNSCALED, Scale
from litbench.errors import UsageError


@dataclass(frozen=True)
class Machine:
    """A QEMU machine. With ``-icount shift=N`` an instruction takes ``2**shift`` ns of virtual
    time.

    ``cycle_scale`` and ``counter_scale`` turn the core's cycle counter and the board's own counter
    into instructions, where they run under that setting.
    """

    name: str
    summary: str
    core: str
    program: str
    machine: tuple[str, ...]
    shift: int
    cycle_scale: Scale = UNSCALED
    counter_scale: Scale = UNSCALED
    counter_hertz: int = 0
    package: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """QEMU's options for the machine and its clock."""
        return (*self.machine, "-icount", f"shift={self.shift},sleep=off")


MACHINES = {
    machine.name: machine
    for machine in (
        Machine(
            name="mps2-an385",
            summary="Arm MPS2 with a Cortex-M3, in QEMU",
            core="arm",
            program="qemu-system-arm",
            machine=("-M", "mps2-an385"),
            shift=6,
            # The timer ticks at 25 MHz: 40 ns, an instruction is 64 ns.
            counter_scale=Scale(5, 3),
            counter_hertz=25_000_000,
            package="qemu-system-arm",
        ),
        Machine(
            name="mps2-an386",
            summary="Arm MPS2 with a Cortex-M4 and its floating-point unit, in QEMU",
            core="arm",
            program="qemu-system-arm",
            machine=("-M", "mps2-an386"),
            shift=6,
            counter_scale=Scale(5, 3),
            counter_hertz=25_000_000,
            package="qemu-system-arm",
        ),
        Machine(
            name="virt-rv32",
            summary="QEMU's virt machine with an RV32 core",
            core="riscv",
            program="qemu-system-riscv32",
            machine=("-M", "virt", "-bios", "none"),
            shift=0,
            cycle_scale=Scale(1, 0),
            counter_hertz=10_000_000,
            package="qemu-system-misc",
        ),
    )
}


def find_machine(name: str) -> Machine:
    """The machine of that name. Raises UsageError when there is none."""
    if name in MACHINES:
        return MACHINES[name]
    near = difflib.get_close_matches(name, MACHINES, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(MACHINES)}"
    raise UsageError(f"no board {name!r}: {hint}; or gdb:HOST:PORT")


def machine_for(core: str) -> Machine:
    """The first machine with that core."""
    return next(machine for machine in MACHINES.values() if machine.core == core)

"""What watching a firmware costs, as ratios of the same run in QEMU."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.result import Result, interleaved
from litbench.boards import firmware, image, machines, plugin, qemu
from litbench.boards.idle import prebuilt
from litbench.boards.plan import Plan
from litbench.catalogue import workload

ROUNDS = 7
DATA = Path(__file__).parents[1] / "tests" / "data" / "boards"


def run() -> Iterator[Result]:
    """Start-up beyond QEMU's own, then the plugin's."""
    if all(shutil.which(machine.program) for machine in machines.MACHINES.values()):
        yield _start()
        yield from _plugin()


def _start() -> Result:
    """A firmware of a few thousand instructions: by litbench, and by QEMU alone."""
    elf = image.load(DATA / "plain-rv32.elf")
    machine = machines.machine_for("riscv")
    plain = [qemu._program(machine), *machine.options, "-display", "none", "-monitor", "none"]
    plain += ["-serial", "none", "-nic", "none", "-kernel", str(elf.path)]
    alone, ours = interleaved(
        [
            lambda: subprocess.run(plain, capture_output=True, check=False),
            lambda: qemu.run(qemu.Request(elf, machine)),
        ],
        ROUNDS,
    )
    ratio = statistics.median(a / b for a, b in zip(ours, alone, strict=True))
    return Result("a short board run / QEMU alone", ratio, 2.5)


def _plugin() -> Iterator[Result]:
    """Some 500 million instructions, plain and counted by function."""
    with tempfile.TemporaryDirectory() as folder:
        library = plugin.build(Path(folder))
        for name in ("embassy-m3", "embassy-rv32"):
            elf = image.load(prebuilt(name))
            plain = Plan(
                image=elf,
                machine=machines.machine_for(elf.machine),
                definition=workload("ping-pong"),
                values=workload("ping-pong").values({"rounds": 20_000}),
                iterations=40,
            )
            watched = firmware.request_of(plain)
            counted = qemu.Request(
                elf, plain.machine, watched.job, watched.limits, watch=plugin.Watch(library)
            )
            requests = [watched, counted]
            times = interleaved([lambda r=r: qemu.run(r) for r in requests], ROUNDS)  # type: ignore[misc]
            ratio = statistics.median(b / a for a, b in zip(*times, strict=True))
            yield Result(f"{name}: run with instruction counts / without", ratio, 4)

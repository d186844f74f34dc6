"""What the tests of boards share: a probe's block made by hand, prebuilt firmware, runs."""

from __future__ import annotations

import functools
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from litbench.boards import firmware, image, machines, plugin
from litbench.boards.outcome import Limits
from litbench.boards.plan import Plan
from litbench.boards.workloads import small_values
from litbench.catalogue import workload
from litbench.record import Record
from litbench.targets.firmware import prebuilt

DATA = Path(__file__).parent / "data" / "boards"
HAVE_QEMU = all(shutil.which(machine.program) for machine in machines.MACHINES.values())
needs_qemu = pytest.mark.skipif(not HAVE_QEMU, reason="QEMU is not installed")
needs_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")

ARCHITECTURES = ("m3", "rv32")
LANGUAGES = ("embassy", "c")
EVERY = [f"{language}-{arch}" for language in LANGUAGES for arch in ARCHITECTURES]


def make_block(
    sections: Mapping[int, tuple[int, list[bytes]]], *, state: int = 2, code: int = 0, made: int = 0
) -> bytes:
    """A block with these sections: kind -> (bytes an entry, entries)."""
    place = 32 + 16 * len(sections)
    table, bodies = b"", b""
    for kind, (stride, entries) in sections.items():
        table += struct.pack("<4I", kind, place + len(bodies), stride, len(entries))
        for entry in entries:
            bodies += entry.ljust(stride, b"\0")
    size = place + len(bodies)
    header = struct.pack("<8s6I", b"LITBENCH", 1, size, state, code, made, len(sections))
    return header + table + bodies


def clock_entry(**changes: int) -> bytes:
    """An entry of the clock section: a core's cycle counter."""
    fields = {
        "source": 1,
        "unit": 1,
        "hertz": 0,
        "mask": 0xFFFFFFFF,
        "invert": 0,
        "address": 0,
        "multiply": 1,
        "shift": 0,
        "read_cost": 0,
        "event_cost": 0,
    }
    return struct.pack("<10I", *(fields | changes).values())


@functools.cache
def elf(name: str) -> image.Image:
    """A prebuilt firmware, or one that misbehaves."""
    path = DATA / f"{name}.elf"
    return image.load(path if path.exists() else prebuilt(name))


def run(
    name: str,
    what: str | None = None,
    *,
    iterations: int = 2,
    latency: bool = False,
    seconds: float = 30.0,
    instructions: int = 0,
    output: int = 1 << 20,
    watch: plugin.Watch | None = None,
    stack: bool = False,
    semihosting: bool = False,
    values: Mapping[str, int] | None = None,
    **more: int,
) -> firmware.Result:
    """One run of a firmware on the board for it."""
    loaded = elf(name)
    definition = workload(what) if what else None
    plan = Plan(
        image=loaded,
        machine=machines.machine_for(loaded.machine),
        definition=definition,
        values=small_values(definition, {**(values or {}), **more}) if definition else {},
        iterations=iterations,
        latency=latency,
        limits=Limits(seconds=seconds, instructions=instructions, output=output),
        watch=watch,
        stack=stack,
        semihosting=semihosting,
    )
    return firmware.run(plan, "session")


def table(record: Record, name: str) -> dict[object, tuple[object, ...]]:
    """A table's rows by their first column."""
    found = record.table(name)
    assert found is not None, f"no table {name}"
    return {row[0]: row[1:] for row in found.rows}


def value(record: Record, name: str) -> float:
    """A metric's only value."""
    found = record.metric(name)
    assert found is not None, f"no metric {name}"
    return found.values[0]


def codes(record: Record) -> set[str]:
    """Codes of a record's reasons."""
    return {note.code for note in record.reasons}

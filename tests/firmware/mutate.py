"""Broken ELF files from sound ones, and everything that reads them.

Run as a program it does many: `python -m tests.firmware.mutate COUNT SEED`.
"""

from __future__ import annotations

import random
import resource
import signal
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from litbench.errors import LitbenchError
from litbench.firmware import elf as elf_file
from litbench.firmware import footprint, scan, sources, symbols
from litbench.firmware.annotations import Annotations
from litbench.firmware.callgraph import CallGraph
from litbench.firmware.records import footprint as size_records
from litbench.firmware.records import scan as scan_records
from litbench.firmware.records import stack as stack_records
from litbench.firmware.stack import StackAnalysis

ELVES = Path(__file__).parents[1] / "data" / "firmware" / "elf"
SEEDS = ("ram-m3-Os", "virtual-m0-O2", "recursion-rv32-Os", "stripped-m3-Os", "rust-rv32-Os",
         "dynamic-m4f-O2", "nocfi-rv32-O2")  # fmt: skip
LIMIT_S = 2.0
LIMIT_BYTES = 500 * 1024 * 1024
_NASTY = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0)


class TooSlowError(Exception):
    """An analysis that did not end in time."""


def mutations(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """(what was done, the file) for ``count`` broken files."""
    chance = random.Random(seed)
    originals = [(name, (ELVES / f"{name}.elf").read_bytes()) for name in SEEDS]
    for number in range(count):
        name, data = originals[number % len(originals)]
        how = chance.choice((_flip, _flip, _field, _field, _truncate, _splice, _headers))
        yield f"{seed}/{number} {name} {how.__name__}", how(data, chance)


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 32, 256))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _field(data: bytes, chance: random.Random) -> bytes:
    """A nasty number in one of the tables: headers, sections, symbols, debug information."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 3))):
        at = chance.randrange(0, len(changed) - 4) & ~3
        struct.pack_into("<I", changed, at, chance.choice(_NASTY))
    return bytes(changed)


def _headers(data: bytes, chance: random.Random) -> bytes:
    """A nasty number in the ELF header, a program header or a section header."""
    changed = bytearray(data)
    ph, sh = struct.unpack_from("<II", data, 28)
    start, span = chance.choice(((16, 36), (ph, 96), (sh, 40 * 20)))
    for _ in range(chance.choice((1, 2))):
        at = start + chance.randrange(0, span)
        if at + 4 <= len(changed):
            struct.pack_into(
                "<I", changed, at & ~1, chance.choice(_NASTY) + chance.randrange(3) & 0xFFFFFFFF
            )
    return bytes(changed)


def _truncate(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _splice(data: bytes, chance: random.Random) -> bytes:
    """A part of the file over another part."""
    size = chance.randrange(1, 2000)
    source, target = (chance.randrange(max(1, len(data) - size)) for _ in range(2))
    return data[:target] + data[source : source + size] + data[target + size :]


def analyse(data: bytes) -> str:
    """Everything that reads an ELF, to its record; what it said, or "" for no complaint."""
    try:
        image = elf_file.parse(data, "mutated.elf")
        found = footprint.measure(image)
        assert sum(span.size for span in found.file) == len(data)
        items = symbols.attribute(found)
        assert sum(i.size for i in items) == sum(b.size for b in found.memory)
        size_records.size(found, Annotations(), "session")
        files = {"files": symbols.by_file(items, sources.files(image))}
        size_records.symbols(found, items, files, "session")
        analysis = StackAnalysis(CallGraph(image))
        stack_records.stack(analysis, "session")
        rules = scan.read_rules()
        scan_records.scan(image, scan.scan(image, rules, analysis), None, set(), "session")
    except LitbenchError as error:
        text = str(error)
        assert "mutated.elf" in text, text
        return text
    return ""


def run(count: int, seed: int) -> dict[str, int]:
    """Analyses many broken files under the limits; raises what must not happen, with its name."""
    counts = {"refused": 0, "analysed": 0}
    slowest = 0.0
    old = signal.signal(signal.SIGALRM, _too_slow)
    try:
        for name, data in mutations(count, seed):
            begun = time.process_time()
            signal.setitimer(signal.ITIMER_REAL, 10 * LIMIT_S)
            try:
                counts["refused" if analyse(data) else "analysed"] += 1
            except BaseException as error:
                raise AssertionError(f"{name}: {type(error).__name__}: {error}") from error
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            spent = time.process_time() - begun
            slowest = max(slowest, spent)
            assert spent < LIMIT_S, f"{name} took {spent:.1f} s"
    finally:
        signal.signal(signal.SIGALRM, old)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert used < LIMIT_BYTES, f"{used >> 20} MB"
    counts["slowest_ms"] = round(slowest * 1000)
    counts["memory_mb"] = used >> 20
    return counts


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlowError


if __name__ == "__main__":
    print(run(int(sys.argv[1]), int(sys.argv[2])))

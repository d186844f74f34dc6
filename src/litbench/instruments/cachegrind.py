"""Simulated caches and branch prediction: misses by function and line.

A command runs under cachegrind; a target under callgrind with the same simulator, since that can be
switched on for the region. The geometry is always given: left to itself, valgrind guesses it wrong
on virtual machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from litbench.instruments.base import Answer, Program
from litbench.instruments.callgrind import Callgrind
from litbench.instruments.callgrind_file import Costs
from litbench.record import Table
from litbench.units import Unit

ROWS = 200
LINE = 64
# bytes, ways; a common desktop's, where the machine does not tell its own
FALLBACK = {"I1": (32_768, 8), "D1": (32_768, 8), "LL": (33_554_432, 16)}
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def geometry(caches: Path = _CACHES) -> dict[str, tuple[int, int]]:
    """Bytes and ways of the first-level caches and the last one, as valgrind can simulate them.

    Sizes and ways become powers of two: the simulator demands it of the number of sets.
    """
    found: dict[str, tuple[int, int]] = {}
    for index in sorted(caches.glob("index*")):
        try:
            level = int((index / "level").read_text())
            kind = (index / "type").read_text().strip()
            size = int((index / "size").read_text().strip().removesuffix("K")) * 1024
            ways = int((index / "ways_of_associativity").read_text())
        except (OSError, ValueError):
            continue
        if size <= 0 or ways <= 0:
            continue
        if level == 1 and kind in {"Data", "Instruction"}:
            found["D1" if kind == "Data" else "I1"] = _simulable(size, ways)
        elif level > 1:
            found["LL"] = _simulable(size, ways)
    return FALLBACK | found


def _simulable(size: int, ways: int) -> tuple[int, int]:
    sets = max(size // (ways * LINE), 1)
    sets = 1 << (sets.bit_length() - 1)
    return sets * ways * LINE, ways


class Cachegrind(Callgrind):
    """Cache and branch misses, simulated: 20 to 60 times slower."""

    tool: ClassVar[str] = "cachegrind"

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._geometry = geometry()

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Under cachegrind, or callgrind where there is a region."""
        caches = [f"--{name}={size},{ways},{LINE}" for name, (size, ways) in self._geometry.items()]
        simulate = ["--cache-sim=yes", "--branch-sim=yes", *caches]
        if self.program.has_region:
            words = super().wrap(command)
            return [*words[:3], *simulate, *words[3:]]
        out = f"--cachegrind-out-file={self._output}"
        return ["valgrind", "-q", "--tool=cachegrind", out, *simulate, *command]

    def fill(self, answer: Answer, costs: Costs) -> None:
        """Misses in total and by function and line."""
        for name, (size, ways) in self._geometry.items():
            answer.settings[f"{name.lower()}_bytes"] = size
            answer.settings[f"{name.lower()}_ways"] = ways
        sums = {event: costs.sum_of(event) for event in costs.events}
        if not sums.get("Ir"):
            answer.caution("no-data", "no instruction was counted in the region")
            return
        for name, parts, whole, wholes in RATES:
            if all(event in sums for event in (*parts, *wholes)):
                some, all_of = _sum(sums, parts), _sum(sums, wholes)
                answer.totals[f"simulated-{name}"] = (Unit.COUNT, some)
                answer.totals[f"simulated-{whole}"] = (Unit.COUNT, all_of)
                if all_of:
                    answer.one(f"simulated-{name}-rate", Unit.RATIO, some / all_of)
        answer.totals["simulated-instructions"] = (Unit.INSTRUCTIONS, sums["Ir"] or 0)
        answer.tables += [_functions(costs), _lines(costs)]


# name, events that are misses, name and events of what could have missed
RATES: tuple[tuple[str, tuple[str, ...], str, tuple[str, ...]], ...] = (
    ("l1-misses", ("D1mr", "D1mw"), "data-accesses", ("Dr", "Dw")),
    ("ll-misses", ("DLmr", "DLmw"), "data-accesses", ("Dr", "Dw")),
    ("instruction-misses", ("I1mr",), "instruction-reads", ("Ir",)),
    ("branch-misses", ("Bcm", "Bim"), "branches", ("Bc", "Bi")),
)
COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("data accesses", ("Dr", "Dw")),
    ("l1 misses", ("D1mr", "D1mw")),
    ("ll misses", ("DLmr", "DLmw")),
    ("branches", ("Bc", "Bi")),
    ("branch misses", ("Bcm", "Bim")),
)


def _sum(sums: dict[str, int | None], events: Sequence[str]) -> int:
    return sum(sums[event] or 0 for event in events)


def _row(costs: Costs, counts: Sequence[int]) -> tuple[int | float | None, ...]:
    sums = dict(zip(costs.events, counts, strict=True))
    numbers = [
        sum(sums[e] for e in events) if all(e in sums for e in events) else None
        for _, events in COLUMNS
    ]
    accesses, misses = numbers[0], numbers[1]
    rate = misses / accesses if accesses and misses is not None else None
    return (*numbers, rate)


def _misses(costs: Costs, counts: Sequence[int]) -> tuple[int, int]:
    """What to sort by: misses of the first level, then accesses."""
    row = _row(costs, counts)
    return -int(row[1] or 0), -int(row[0] or 0)


def _table(
    name: str, first: tuple[str, str], unit: Unit | None, rows: list[tuple[object, ...]]
) -> Table:
    return Table(
        name=name,
        columns=(*first, *(column for column, _ in COLUMNS), "l1 miss rate"),
        units=(None, unit, *(Unit.COUNT for _ in COLUMNS), Unit.RATIO),
        rows=tuple(rows),  # type: ignore[arg-type]
    )


def _functions(costs: Costs) -> Table:
    ordered = sorted(costs.functions.items(), key=lambda item: (_misses(costs, item[1]), item[0]))
    rows: list[tuple[object, ...]] = [
        (function, file, *_row(costs, counts)) for (function, file), counts in ordered[:ROWS]
    ]
    return _table("functions", ("function", "file"), None, rows)


def _lines(costs: Costs) -> Table:
    ordered = sorted(costs.lines.items(), key=lambda item: (_misses(costs, item[1]), item[0]))
    rows: list[tuple[object, ...]] = [
        (file, line, *_row(costs, counts)) for (file, line), counts in ordered[:ROWS] if line
    ]
    return _table("lines", ("file", "line"), None, rows)

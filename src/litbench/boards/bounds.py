"""The static bound of a stack, to stand beside what was measured.

It comes from ``litbench.firmware``, the analysis of an ELF alone, where that part is installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from litbench.errors import InputError


@dataclass(frozen=True)
class StaticBound:
    """Bytes of the deepest thread and one handler of each priority, and how far to trust them."""

    bytes: int | None
    verdict: str


def static_bound(elf: Path) -> StaticBound | None:
    """The bound of an image's main stack, nesting included; None where it cannot be analysed.

    ``bytes`` is None where the analysis finds no bound.
    """
    if find_spec("litbench.firmware") is None:
        return None
    try:
        return _analyse(elf)
    except InputError:
        return None


def _analyse(elf: Path) -> StaticBound:
    def part(name: str) -> Any:
        return import_module(f"litbench.firmware.{name}")

    analysis = part("stack").StackAnalysis(part("callgraph").CallGraph(part("elf").load(elf)))
    bounds = [analysis.entry(entry) for entry in analysis.graph.vectors.entries]
    whole = part("nesting").total(analysis, bounds)
    verdict = str(whole.verdict)
    return StaticBound(None if verdict == "unbounded" else whole.total, verdict)

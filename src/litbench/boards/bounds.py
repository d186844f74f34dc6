"""The static bound of a stack, to stand beside what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from litbench.errors import InputError
from litbench.targets.manifest import PROJECT_FILE


@dataclass(frozen=True)
class StaticBound:
    """Bytes of the deepest thread and one handler of each priority, and how far to trust them."""

    bytes: int | None
    verdict: str


def static_bound(elf: Path) -> StaticBound | None:
    """The bound of an image's main stack, nesting included; None where it cannot be analysed.

    ``bytes`` is None where the analysis finds no bound. The option file beside the ELF is read.
    """
    try:
        return _analyse(elf)
    except InputError:
        return None


def _analyse(path: Path) -> StaticBound:
    from litbench.firmware import annotations, elf, nesting
    from litbench.firmware.callgraph import CallGraph
    from litbench.firmware.stack import StackAnalysis, Verdict

    options = path.with_name(PROJECT_FILE)
    known = annotations.read(options if options.is_file() else None)
    analysis = StackAnalysis(CallGraph(elf.load(path)), known)
    bounds = [analysis.entry(entry) for entry in analysis.graph.vectors.entries]
    whole = nesting.total(analysis, bounds)
    found = None if whole.verdict is Verdict.UNBOUNDED else whole.total
    return StaticBound(found, str(whole.verdict))

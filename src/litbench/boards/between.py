"""Instructions between two places in the code, from the plugin's marks: interrupt to handler, say.

Idle is not executed, so it does not count here; the probe's clock has it.
"""

from __future__ import annotations

from collections import Counter

from litbench.boards.image import Image, Symbol
from litbench.boards.plugin import Profile
from litbench.boards.readings import demangler, rounded
from litbench.errors import UsageError
from litbench.record import Histogram
from litbench.units import Unit


def find_function(image: Image, name: str) -> Symbol:
    """The one function whose name is, or ends in, ``name`` (demangled names count too).

    Raises UsageError when there is none or more than one.
    """
    functions = [symbol for symbol in image.symbols if symbol.function]
    exact = [symbol for symbol in functions if symbol.name == name]
    show = demangler()
    found = exact or [s for s in functions if name in show(s.name)]
    addresses = {symbol.address for symbol in found}
    if len(addresses) == 1:
        return found[0]
    if not found:
        raise UsageError(f"{image.path.name} has no function {name!r}")
    names = ", ".join(sorted(show(symbol.name) for symbol in found)[:5])
    raise UsageError(f"{name!r} is more than one function of {image.path.name}: {names}")


def histogram(profile: Profile, start: Symbol, end: Symbol, name: str) -> Histogram:
    """From each entry of ``start`` to the next entry of ``end``: instructions executed.

    An entry of ``start`` that is followed by another one before ``end`` still waits: the oldest
    counts.
    """
    marks = [(index, True) for index in profile.hits.get(start.address, ())]
    marks += [(index, False) for index in profile.hits.get(end.address, ())]
    counts: Counter[int] = Counter()
    waiting: int | None = None
    for index, is_start in sorted(marks):
        if is_start:
            waiting = index if waiting is None else waiting
        elif waiting is not None:
            counts[rounded(index - waiting)] += 1
            waiting = None
    return Histogram(name, Unit.INSTRUCTIONS, tuple(sorted(counts.items())))

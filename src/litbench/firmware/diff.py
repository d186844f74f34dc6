"""What changed between two images: per symbol and per crate, adding up to the difference."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from litbench.firmware.footprint import Footprint
from litbench.firmware.symbols import Group, Item, attribute, by_crate, by_name

NEW, GONE, GROWN, SHRUNK, SAME = "new", "gone", "grown", "shrunk", "same"
_SUFFIX = re.compile(r"(?:\.llvm\.\d+|\.\d+)$")


@dataclass(frozen=True)
class Change:
    """One name's bytes before and after, in flash and in RAM."""

    name: str
    before: Group | None
    after: Group | None

    @property
    def flash(self) -> int:
        """Bytes of flash more than before."""
        return (self.after.flash if self.after else 0) - (self.before.flash if self.before else 0)

    @property
    def ram(self) -> int:
        """Bytes of RAM more than before."""
        return (self.after.ram if self.after else 0) - (self.before.ram if self.before else 0)

    @property
    def kind(self) -> str:
        """Whether it is new, gone, grown, shrunk or of the same size."""
        if self.before is None:
            return NEW
        if self.after is None:
            return GONE
        change = self.flash + self.ram
        if change == 0:
            return SAME if self.flash == 0 else GROWN if self.flash > 0 else SHRUNK
        return GROWN if change > 0 else SHRUNK


@dataclass(frozen=True)
class Difference:
    """Two images compared. The changes of each list add up to ``flash`` and ``ram``."""

    before: Footprint
    after: Footprint
    symbols: tuple[Change, ...]
    crates: tuple[Change, ...]

    @property
    def flash(self) -> int:
        """Bytes of flash more than before."""
        return self.after.flash - self.before.flash

    @property
    def ram(self) -> int:
        """Bytes of RAM more than before."""
        return self.after.ram - self.before.ram


def compare(before: Footprint, after: Footprint) -> Difference:
    """The difference of two footprints; names that did not change are left out."""
    old, new = _stable(attribute(before)), _stable(attribute(after))
    return Difference(before, after, _changes(old, new, by_name), _changes(old, new, by_crate))


def _stable(items: list[Item]) -> list[Item]:
    """Items under names that a rebuild does not change."""
    return [item._replace(name=_SUFFIX.sub("", item.name)) for item in items]


def _changes(
    old: list[Item], new: list[Item], grouping: Callable[[list[Item]], list[Group]]
) -> tuple[Change, ...]:
    before = {g.name: g for g in grouping(old)}
    after = {g.name: g for g in grouping(new)}
    changes = [Change(n, before.get(n), after.get(n)) for n in before.keys() | after.keys()]
    changed = [c for c in changes if c.flash or c.ram]
    return tuple(sorted(changed, key=lambda c: (-abs(c.flash) - abs(c.ram), c.name)))

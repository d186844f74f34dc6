"""Whose time is it? Rules in data files put a sampled stack into a class.

A rule has a ``class`` and patterns (regular expressions) for ``functions``, ``modules`` or both. A
stack is looked at from the innermost frame outwards: the first rule that fits a frame decides. The
class ``caller`` passes the decision on to the next frame; a frame that no rule fits is the
program's own code. A user's rules come first, then those of the runtime, then the common ones.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from litbench.errors import InputError
from litbench.instruments import data_folder
from litbench.instruments.frames import UNKNOWN
from litbench.instruments.stacks import Place, Weighed
from litbench.record import Part, Table
from litbench.units import Unit

ACTOR = "actor code"
UNRESOLVED = "unresolved"
CALLER = "caller"
CLASSES = (
    ACTOR, "message passing", "scheduling", "allocator", "kernel", "idle", "synchronisation",
    UNRESOLVED,
)  # fmt: skip


class RuleEntry(Part, frozen=True, kw_only=True):
    """One rule of a file."""

    class_: str = msgspec.field(name="class")
    functions: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


class RuleFile(Part, frozen=True, kw_only=True):
    """A file of rules; ``runtimes`` are those that it is for, none: all."""

    runtimes: tuple[str, ...] = ()
    rules: tuple[RuleEntry, ...]


@dataclass(frozen=True)
class Rule:
    """A rule with compiled patterns. What is not given fits everything."""

    name: str
    functions: re.Pattern[str] | None
    modules: re.Pattern[str] | None

    def fits(self, place: Place) -> bool:
        """Whether a frame is what the rule is about."""
        function, module = place
        return (self.functions is None or self.functions.search(function) is not None) and (
            self.modules is None or self.modules.search(module) is not None
        )


class Rules:
    """Rules in their order, with every frame's answer remembered."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._known: dict[Place, str] = {}

    def class_of(self, stack: Sequence[Place]) -> str:
        """The class of a stack, innermost frame first."""
        for place in stack:
            name = self._known.get(place)
            if name is None:
                name = self._known[place] = self._class_of_frame(place)
            if name != CALLER:
                return name
        return UNRESOLVED

    def _class_of_frame(self, place: Place) -> str:
        if place[0] == UNKNOWN and not place[1].startswith("["):
            return CALLER
        return next((rule.name for rule in self._rules if rule.fits(place)), ACTOR)


def load_rules(runtime: str = "", extra: Iterable[Path] = ()) -> Rules:
    """The rules for a runtime. Raises InputError when a file is malformed."""
    rules: list[Rule] = []
    own = sorted((data_folder() / "classes").glob("*.toml"), key=lambda p: p.name == "common.toml")
    given = list(extra)
    for path in [*given, *own]:
        file = read_rules(path)
        if path in given or not file.runtimes or runtime.lower() in file.runtimes:
            rules += [_compiled(entry, path) for entry in file.rules]
    return Rules(rules)


def read_rules(path: Path) -> RuleFile:
    """One file of rules. Raises InputError."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), type=RuleFile)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InputError(path, f"malformed rules: {error}") from error


def _compiled(entry: RuleEntry, path: Path) -> Rule:
    if entry.class_ not in {*CLASSES, CALLER}:
        known = ", ".join((*CLASSES, CALLER))
        raise InputError(path, f"no class {entry.class_!r}: there are {known}")
    if not entry.functions and not entry.modules:
        raise InputError(path, f"a rule for {entry.class_!r} without functions and modules")
    try:
        return Rule(entry.class_, _pattern(entry.functions), _pattern(entry.modules))
    except re.error as error:
        raise InputError(path, f"{error.pattern!r} is no regular expression: {error}") from error


def _pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    for word in words:
        re.compile(word)
    return re.compile("|".join(f"(?:{word})" for word in words)) if words else None


def classes_table(stacks: Iterable[Weighed], rules: Rules, unit: Unit) -> Table:
    """How much of the time is whose: one row a class that has any, with its share."""
    sums: dict[str, int] = defaultdict(int)
    for each in stacks:
        sums[rules.class_of(each.stack)] += each.weight
    total = sum(sums.values()) or 1
    return Table(
        name="classes",
        columns=("class", "weight", "share"),
        units=(None, unit, Unit.RATIO),
        rows=tuple((c, sums[c], sums[c] / total) for c in CLASSES if sums.get(c)),
    )

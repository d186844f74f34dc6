"""Files of callgrind (format version 1) and cachegrind: costs by function and line.

Lines are headers (``events: Ir Dr``), positions (``fl=(1) a.c``, ``fn=(2) main``: a name is given
once with its number), costs (``+3 12 4``: a line and a count an event; subposition ``+n``, ``-n``,
``*`` are relative), and calls (``calls=1 0`` whose next line is the callee's cost, not the
caller's own).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from litbench.instruments.frames import UNKNOWN, readable

FUNCTIONS_LIMIT = 200_000
LINES_LIMIT = 500_000
NAMES_LIMIT = 500_000

Where = tuple[str, str]
"""A function and its file."""


@dataclass
class Costs:
    """Own costs in the order of ``events``, by function, by (file, line), and in total."""

    events: tuple[str, ...] = ()
    functions: dict[Where, list[int]] = field(default_factory=dict)
    lines: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    objects: dict[Where, str] = field(default_factory=dict)
    total: list[int] = field(default_factory=list)
    malformed: int = 0
    truncated: bool = False

    def sum_of(self, event: str) -> int | None:
        """The total of an event, or None where it was not counted."""
        return self.total[self.events.index(event)] if event in self.events else None


class _Reader:
    """Reads one file; its parts are added up."""

    def __init__(self) -> None:
        self.costs = Costs()
        self._names: dict[str, dict[str, str]] = defaultdict(dict)
        self._positions = 1
        self._instructions = False
        self._file = self._function_file = self._object = ""
        self._function = UNKNOWN
        self._line = 0
        self._skip = False

    def take(self, line: str) -> None:
        first = line[:1]
        if first.isdigit() or first in {"+", "-", "*"}:
            self._cost(line)
            return
        key, equals, value = line.partition("=")
        if equals and key.isalpha() and key.islower():
            self._position(key, value)
            return
        key, colon, value = line.partition(":")
        if colon and key == "events":
            self.costs.events = tuple(value.split())
            self.costs.total = [0] * len(self.costs.events)
        elif colon and key == "positions":
            self._positions = len(value.split())
        elif not colon and line.strip() and first != "#":
            self.costs.malformed += 1

    def _position(self, key: str, value: str) -> None:
        match key:
            case "fn":
                self._function = readable(self._name("fn", value).partition("'")[0])
                self._function_file = self._file
            case "fl":
                self._file = self._function_file = self._name("fl", value)
            case "fi" | "fe":
                self._file = self._name("fl", value)
            case "ob":
                self._object = self._name("ob", value)
            case "cob" | "cfn" | "cfi" | "cfl":
                kind = {"cob": "ob", "cfn": "fn"}.get(key, "fl")
                self._name(kind, value)
            case "calls":
                self._skip = True

    def _name(self, kind: str, value: str) -> str:
        """A name, or the number of one that was given before."""
        if not value.startswith("("):
            return value
        number, _, name = value[1:].partition(")")
        names = self._names[kind]
        if name.strip() and len(names) < NAMES_LIMIT:
            names[number] = name.strip()
        return names.get(number, UNKNOWN)

    def _cost(self, text: str) -> None:
        words = text.split()
        try:
            at = words[self._positions - 1]
            number = self._subposition(at)
            counts = [int(word) for word in words[self._positions :]]
        except (ValueError, IndexError):
            self.costs.malformed += 1
            return
        self._line = number
        if self._skip:
            self._skip = False
            return
        if not self.costs.events or len(counts) > len(self.costs.events):
            self.costs.malformed += 1
            return
        costs = self.costs
        where = (self._function, self._function_file)
        if where not in costs.functions and self._object:
            costs.objects[where] = self._object
        _add(costs.total, counts)
        if where in costs.functions or len(costs.functions) < FUNCTIONS_LIMIT:
            _add(costs.functions.setdefault(where, [0] * len(costs.events)), counts)
        else:
            costs.truncated = True
        line = (self._file, number)
        if line in costs.lines or len(costs.lines) < LINES_LIMIT:
            _add(costs.lines.setdefault(line, [0] * len(costs.events)), counts)
        else:
            costs.truncated = True

    def _subposition(self, word: str) -> int:
        if word == "*":
            return self._line
        if word.startswith("+"):
            return self._line + int(word[1:])
        if word.startswith("-"):
            return self._line - int(word[1:])
        return int(word, 16) if word.startswith("0x") else int(word)


def _add(sums: list[int], counts: list[int]) -> None:
    for at, count in enumerate(counts):
        sums[at] += count


def read_costs(lines: Iterable[bytes]) -> Costs:
    """The costs in a file. What makes no sense is counted in ``malformed``."""
    reader = _Reader()
    for line in lines:
        reader.take(line.decode("utf-8", "replace"))
    return reader.costs

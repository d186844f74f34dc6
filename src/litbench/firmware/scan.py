"""What an image contains and perhaps must not: by rules over its symbols, with who reaches it.

The rules are data (``scan_rules.toml``); a project may bring its own file.
"""

from __future__ import annotations

import re
import tomllib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import msgspec

from litbench.errors import UsageError
from litbench.firmware.demangle import demangle
from litbench.firmware.elf import STT_FUNC, Elf
from litbench.firmware.stack import StackAnalysis

MAX_RULES_FILE = 1024 * 1024


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to look for; ``symbols`` and ``names`` are regular expressions."""

    id: str
    title: str
    advice: str
    symbols: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    code_only: bool = False


class _Rules(msgspec.Struct, forbid_unknown_fields=True):
    rule: list[Rule]


@dataclass(frozen=True)
class Hit:
    """A symbol that a rule matches. ``reached_from``: entries whose code may come to it;
    ``callers``: functions that call it directly; None where calls were not analysed."""

    rule: str
    name: str
    address: int
    size: int
    callers: tuple[str, ...] | None
    reached_from: tuple[str, ...] | None


@dataclass(frozen=True)
class Scan:
    """The findings of all rules, in their order."""

    rules: tuple[Rule, ...]
    hits: tuple[Hit, ...]

    def of(self, rule: str) -> list[Hit]:
        """The hits of one rule."""
        return [hit for hit in self.hits if hit.rule == rule]


def read_rules(path: Path | None = None) -> tuple[Rule, ...]:
    """The rules in a file, or those that come with litbench; raises UsageError when it is wrong."""
    try:
        if path is None:
            text = resources.files("litbench.firmware").joinpath("scan_rules.toml").read_bytes()
        else:
            with path.open("rb") as file:
                text = file.read(MAX_RULES_FILE)
        rules = msgspec.convert(tomllib.loads(text.decode("utf-8")), _Rules).rule
        for rule in rules:
            for pattern in (*rule.symbols, *rule.names):
                re.compile(pattern)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"{path}: {error}") from error
    except re.error as error:
        raise UsageError(
            f"{path}: {error.pattern!r} is not a regular expression: {error}"
        ) from error
    return tuple(rules)


def scan(elf: Elf, rules: Iterable[Rule], analysis: StackAnalysis | None) -> Scan:
    """Applies rules to an image; ``analysis`` tells who reaches what it finds."""
    rules = tuple(rules)
    callers = _Callers(analysis) if analysis else None
    hits = [
        _hit(rule, name, address, size, callers)
        for rule in rules
        for name, address, size in _matches(elf, rule)
    ]
    return Scan(rules, tuple(hits))


def _matches(elf: Elf, rule: Rule) -> list[tuple[str, int, int]]:
    """(readable name, address, size) of what a rule matches, once an address."""
    symbols = re.compile("|".join(f"(?:{p})" for p in rule.symbols)) if rule.symbols else None
    names = re.compile("|".join(f"(?:{p})" for p in rule.names)) if rule.names else None
    found: dict[int, tuple[str, int, int]] = {}
    for symbol in elf.symbols:
        if rule.code_only and symbol.type != STT_FUNC:
            continue
        if not 0 < symbol.section < len(elf.sections):
            continue
        readable = demangle(symbol.name)
        hit = (symbols is not None and symbols.match(symbol.name)) or (
            names is not None and names.match(readable)
        )
        if hit:
            old = found.get(symbol.value, (readable, symbol.value, 0))
            found[symbol.value] = (old[0], symbol.value, max(old[2], symbol.size))
    return sorted(found.values(), key=lambda f: (-f[2], f[1]))


class _Callers:
    """Who calls a function, and from which entries it can be reached."""

    def __init__(self, analysis: StackAnalysis) -> None:
        self._analysis = analysis
        self._callers: dict[int, set[int]] = {}
        for node in analysis.nodes.values():
            for edge in node.edges:
                self._callers.setdefault(edge.target, set()).add(node.start)
        self._entries = {e.start: e.name for e in analysis.graph.vectors.entries}

    def direct(self, address: int) -> tuple[str, ...]:
        return tuple(sorted(self._analysis.name(c) for c in self._callers.get(address, ())))

    def entries(self, address: int) -> tuple[str, ...]:
        seen, work, found = {address}, deque([address]), []
        while work:
            at = work.popleft()
            if at in self._entries:
                found.append(self._entries[at])
            for caller in self._callers.get(at, ()):
                if caller not in seen:
                    seen.add(caller)
                    work.append(caller)
        return tuple(sorted(found))


def _hit(rule: Rule, name: str, address: int, size: int, callers: _Callers | None) -> Hit:
    if callers is None:
        return Hit(rule.id, name, address, size, None, None)
    return Hit(rule.id, name, address, size, callers.direct(address), callers.entries(address))


def broken(found: Scan, deny: dict[str, str], features: set[str]) -> list[str]:
    """What is in the image against the user's wish, one sentence each.

    ``deny`` is by rule: "" for never, or the feature that allows it. Raises UsageError for a rule
    that does not exist.
    """
    known = {rule.id: rule for rule in found.rules}
    sentences = []
    for name, unless in deny.items():
        if name not in known:
            raise UsageError(f"no rule {name!r}: there are {', '.join(known)}")
        hits = found.of(name)
        if not hits or (unless and unless in features):
            continue
        examples = ", ".join(hit.name for hit in hits[:3])
        allowed = f" (allowed only with feature {unless})" if unless else ""
        sentences.append(f"{name}: {len(hits)} found{allowed}: {examples}")
    return sentences

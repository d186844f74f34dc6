"""``unsafe`` and ``std`` in the sources of a Cargo workspace, by crate and feature.

The sources are read with a small lexer that knows comments (nested ones), strings (raw ones) and
character literals, so that a word in a text is not taken for code. Attributes of the form
``#[cfg(feature = "x")]`` give what follows its feature.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from litbench.errors import InputError, UsageError

MAX_FILES = 50_000
MAX_SOURCE = 4 * 1024 * 1024
# build scripts, tests and examples run on the host: std is at home there
_SKIPPED = {"target", ".git", "node_modules", "tests", "benches", "examples"}
_TOKEN = re.compile(
    r"""
    (?P<line>//[^\n]*)
  | (?P<open>/\*)
  | (?P<raw>b?c?r(?P<hashes>\#*)"(?s:.*?)"(?P=hashes))
  | (?P<text>[bc]?"(?:[^"\\]|\\(?s:.))*")
  | (?P<character>b?'(?:[^'\\\n]|\\(?:[^u\n]|u\{[0-9a-fA-F_]*\}))[0-9a-fA-F]?')
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark>[{}()\[\];#!=,:])
  | (?P<newline>\n)
    """,
    re.VERBOSE,
)
_COMMENT = re.compile(r"/\*|\*/")


@dataclass(frozen=True)
class Use:
    """One place in the sources. ``kind``: ``unsafe block``, ``unsafe fn``, ``std`` and so on;
    ``feature`` is "" where no feature guards it."""

    crate: str
    feature: str
    kind: str
    file: str
    line: int


def scan_sources(folder: Path) -> list[Use]:
    """Every use in the Rust sources below a folder; raises UsageError where there are none."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    found: list[Use] = []
    count = 0
    for path in _sources(folder):
        count += 1
        if count > MAX_FILES:
            raise UsageError(f"{folder}: more than {MAX_FILES} Rust files")
        crate = _crate(path, folder)
        shown = str(path.relative_to(folder))
        found += [Use(crate, f, kind, shown, line) for f, kind, line in uses(_read(path))]
    if not count:
        raise UsageError(f"{folder} holds no Rust sources")
    return found


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir() and path.name not in _SKIPPED:
            yield from _sources(path)
        elif path.suffix == ".rs" and path.name != "build.rs" and path.is_file():
            yield path


def _read(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MAX_SOURCE + 1)
    if len(data) > MAX_SOURCE:
        raise InputError(path, "a source file larger than 4 MiB", offset=MAX_SOURCE)
    return data.decode("utf-8", "replace")


def _crate(path: Path, folder: Path) -> str:
    """The name of the package that a source file belongs to."""
    for parent in path.parents:
        manifest = parent / "Cargo.toml"
        if manifest.is_file():
            try:
                package = tomllib.loads(_read(manifest)).get("package", {})
            except tomllib.TOMLDecodeError:
                package = {}
            if isinstance(package, dict) and "name" in package:
                return str(package["name"])
        if parent == folder:
            break
    return folder.name


def tokens(source: str) -> Iterator[tuple[str, int]]:
    """(word, mark or text, line) of a source, without comments; texts come with their quotes."""
    at, line = 0, 1
    while match := _TOKEN.search(source, at):
        at = match.end()
        kind = match.lastgroup
        if kind == "newline":
            line += 1
            continue
        if match["open"]:
            at = _end_of_comment(source, at)
            line += source.count("\n", match.start(), at)
            continue
        if match["word"] or match["mark"] or match["text"]:
            yield match[0], line
        line += match[0].count("\n")


def _end_of_comment(source: str, at: int) -> int:
    depth = 1
    while depth:
        match = _COMMENT.search(source, at)
        if match is None:
            return len(source)
        depth += 1 if match[0] == "/*" else -1
        at = match.end()
    return at


def uses(source: str) -> list[tuple[str, str, int]]:
    """(feature, kind, line) of each use in one source."""
    found: list[tuple[str, str, int]] = []
    words = list(tokens(source))
    guards: list[tuple[int, str]] = []  # (depth of the block that it guards, feature)
    pending = ""
    depth = 0
    for index, (word, line) in enumerate(words):
        if word == "#":
            pending = _feature(words, index) or pending
        elif word == "{":
            depth += 1
            if pending and not _in_attribute(words, index):
                guards.append((depth, pending))
                pending = ""
        elif word == "}":
            if guards and guards[-1][0] == depth:
                guards.pop()
            depth -= 1
        kind = _kind(words, index)
        if kind:
            feature = pending or (guards[-1][1] if guards else "")
            found.append((feature, kind, line))
        if word == ";":
            pending = ""
    return found


def _feature(words: list[tuple[str, int]], index: int) -> str:
    """The feature in ``#[cfg(feature = "x")]`` (``#![...]``, ``all(...)`` included), or ""."""
    ahead = [w for w, _ in words[index + 1 : index + 40]]
    if ahead[:1] == ["!"]:
        ahead = ahead[1:]
    if ahead[:2] != ["[", "cfg"] or "]" not in ahead:
        return ""
    body = ahead[: ahead.index("]")]
    if "not" in body or "feature" not in body:
        return ""
    at = body.index("feature")
    return body[at + 2].strip('"') if body[at + 1 : at + 2] == ["="] and len(body) > at + 2 else ""


def _in_attribute(words: list[tuple[str, int]], index: int) -> bool:
    return index > 0 and words[index - 1][0] == "["


def _kind(words: list[tuple[str, int]], index: int) -> str:
    word = words[index][0]
    after = [w for w, _ in words[index + 1 : index + 4]]
    if word == "unsafe":
        if after[:1] == ["extern"]:
            return "unsafe extern" if "fn" not in after else "unsafe fn"
        return {"{": "unsafe block", "fn": "unsafe fn", "impl": "unsafe impl"}.get(
            after[0] if after else "", "unsafe trait" if after[:1] == ["trait"] else ""
        )
    if word == "std":
        before = [w for w, _ in words[max(0, index - 2) : index]]
        if after[:2] == [":", ":"] and before[-2:] != [":", ":"]:
            return "std"
        if before[-2:] == ["extern", "crate"]:
            return "std"
    return ""

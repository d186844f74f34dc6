"""Memory regions from a GNU linker script, or from the map file that the linker wrote.

Only the ``MEMORY`` command is read (GNU ld manual, 3.7), with sums, differences and products of
numbers in it, which is what vendors' scripts hold.
"""

from __future__ import annotations

import ast
import operator
import re
from pathlib import Path

from litbench.errors import InputError
from litbench.firmware.annotations import Memory

MAX_FILE = 64 * 1024 * 1024
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLOCK = re.compile(r"\bMEMORY\b\s*\{([^}]*)\}")
_REGION = re.compile(
    r"(?P<name>[\w.$-]+)\s*(?:\((?P<flags>[^)]*)\))?\s*:\s*(?:ORIGIN|org|o)\s*=\s*(?P<origin>[^,\n]+?)"
    r"\s*,?\s*(?:LENGTH|len|l)\s*=\s*(?P<length>[^\n]+?)\s*(?=\n|$)"
)
_MAP = re.compile(
    r"^(?P<name>\S+)\s+(?P<origin>0x[0-9a-f]+)\s+(?P<length>0x[0-9a-f]+)(?:\s+(?P<flags>[a-z!]+))?$",
    re.MULTILINE,
)
_NUMBER = re.compile(r"\b(0x[0-9a-fA-F]+|\d+)([kKmM])?\b")
_OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv, ast.Div: operator.floordiv,
}  # fmt: skip


def regions(path: Path) -> tuple[Memory, ...]:
    """The regions of a linker script or of a map file; raises InputError where there are none."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE:
        raise InputError(path, "larger than 64 MiB: not a linker script or map")
    text = data.decode("utf-8", "replace")
    heading = text.find("Memory Configuration")
    found = _from_map(text[heading:]) if heading >= 0 else _from_script(path, text)
    if not found:
        raise InputError(
            path, "names no memory regions (no MEMORY command, no Memory Configuration)"
        )
    return found


def _from_map(text: str) -> tuple[Memory, ...]:
    end = text.find("Linker script and memory map")
    body = text[: end if end >= 0 else 65_536]
    return tuple(
        _memory(m["name"], m["flags"] or "", int(m["origin"], 16), int(m["length"], 16))
        for m in _MAP.finditer(body)
        if m["name"] != "*default*"
    )


def _from_script(path: Path, text: str) -> tuple[Memory, ...]:
    block = _BLOCK.search(_COMMENT.sub("", text))
    if block is None:
        return ()
    found = []
    for match in _REGION.finditer(block[1].replace(";", "\n")):
        origin = _evaluate(path, match["origin"])
        length = _evaluate(path, match["length"])
        found.append(_memory(match["name"], match["flags"] or "", origin, length))
    return tuple(found)


def _memory(name: str, flags: str, origin: int, length: int) -> Memory:
    writable = "w" in flags.lower().split("!")[0]
    ram = writable or (not flags and "ram" in name.lower())
    return Memory(name, origin, length, ram)


def _evaluate(path: Path, text: str) -> int:
    """A number with K and M, and sums and products of such."""
    factors = {"k": 1024, "m": 1024 * 1024}

    def plain(match: re.Match[str]) -> str:
        return str(int(match[1], 0) * factors.get((match[2] or "").lower(), 1))

    try:
        return _fold(ast.parse(_NUMBER.sub(plain, text.strip()), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError) as error:
        problem = f"{text.strip()!r} is not a number that can be read here"
        raise InputError(path, problem) from error


def _fold(node: ast.expr) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return int(_OPERATORS[type(node.op)](_fold(node.left), _fold(node.right)))
    raise ValueError(ast.dump(node))

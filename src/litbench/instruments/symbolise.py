"""Addresses in a program's files to functions, lines and data symbols."""

from __future__ import annotations

import bisect
import functools
import shutil
from collections.abc import Iterable
from pathlib import Path

from litbench.instruments.frames import UNKNOWN, Frame, readable
from litbench.instruments.tools import ToolError, output_of

BATCH = 500


def frames_at(path: str, offsets: Iterable[int]) -> dict[int, list[Frame]]:
    """The functions at offsets from a module's load address, inlined ones first.

    An offset that nothing is known of has one unknown frame.
    """
    wanted = sorted(set(offsets))
    base = base_of(path)
    found: dict[int, list[Frame]] = {}
    if shutil.which("addr2line"):
        for at in range(0, len(wanted), BATCH):
            found |= _addr2line(path, wanted[at : at + BATCH], base)
    for offset in wanted:
        if not found.get(offset) or found[offset][0].function == UNKNOWN:
            name = symbol_at(path, offset + base, "STT_FUNC") or UNKNOWN
            found[offset] = [Frame(readable(name), module=Path(path).name)]
    return found


def _addr2line(path: str, offsets: list[int], base: int) -> dict[int, list[Frame]]:
    command = ["addr2line", "-f", "-i", "-a", "-e", path, *(hex(o + base) for o in offsets)]
    try:
        lines = output_of(command, timeout=120).decode("utf-8", "replace").splitlines()
    except ToolError:
        return {}
    return parse_addr2line(lines, base, Path(path).name)


def parse_addr2line(lines: list[str], base: int, module: str) -> dict[int, list[Frame]]:
    """What ``addr2line -f -i -a`` prints: an address, then pairs of function and file:line."""
    found: dict[int, list[Frame]] = {}
    now: list[Frame] = []
    at = 0
    while at < len(lines):
        if lines[at].startswith("0x"):
            try:
                now = found.setdefault(int(lines[at], 16) - base, [])
            except ValueError:
                now = []
            at += 1
            continue
        name = lines[at]
        place = lines[at + 1] if at + 1 < len(lines) else "??:0"
        file, _, line = place.partition(" (")[0].rpartition(":")
        known = name not in {"??", ""}
        number = int(line) if line.isascii() and line.isdigit() else 0
        now.append(
            Frame(
                readable(name) if known else UNKNOWN, "" if file == "??" else file, number, module
            )
        )
        at += 2
    return found


@functools.lru_cache(maxsize=64)
def base_of(path: str) -> int:
    """What to add to an offset from the load address: the first address of a fixed program."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with Path(path).open("rb") as file:
            elf = ELFFile(file)
            loads = [s["p_vaddr"] for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"]
            return int(min(loads)) & ~0xFFF if loads and elf["e_type"] == "ET_EXEC" else 0
    except (OSError, ELFError):
        return 0


def symbol_at(path: str, address: int, kind: str) -> str | None:
    """The symbol of that kind (``STT_FUNC``, ``STT_OBJECT``) that holds an address, or None."""
    starts, ends, names = _symbols(path, kind)
    at = bisect.bisect_right(starts, address) - 1
    return names[at] if at >= 0 and address < ends[at] else None


@functools.lru_cache(maxsize=64)
def _symbols(path: str, kind: str) -> tuple[list[int], list[int], list[str]]:
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    rows: list[tuple[int, int, str]] = []
    try:
        with Path(path).open("rb") as file:
            for section in ELFFile(file).iter_sections():
                if isinstance(section, SymbolTableSection):
                    rows += [
                        (s["st_value"], s["st_value"] + max(s["st_size"], 1), s.name)
                        for s in section.iter_symbols()
                        if s["st_info"]["type"] == kind and s["st_value"]
                    ]
    except (OSError, ELFError, KeyError):
        return [], [], []
    rows.sort()
    return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]


def function_start(path: str, file_offset: int) -> int | None:
    """The offset in the file at which the function begins that an offset in it belongs to."""
    shift = _text_shift(path, file_offset)
    if shift is None:
        return None
    starts, ends, _ = _symbols(path, "STT_FUNC")
    address = file_offset + shift
    at = bisect.bisect_right(starts, address) - 1
    return starts[at] - shift if at >= 0 and address < ends[at] else None


def frames_in_file(path: str, file_offset: int) -> list[Frame]:
    """The functions at an offset in a file, inlined ones first; one unknown frame at least."""
    address = address_of(path, file_offset)
    if address is None:
        return [Frame(UNKNOWN, module=Path(path).name)]
    relative = address - base_of(path)
    return frames_at(path, [relative])[relative]


def address_of(path: str, file_offset: int) -> int | None:
    """The link-time address of an offset in an ELF file."""
    shift = _text_shift(path, file_offset)
    return None if shift is None else file_offset + shift


def _text_shift(path: str, file_offset: int) -> int | None:
    for start, end, shift in _segments(path):
        if start <= file_offset < end:
            return shift
    return None


@functools.lru_cache(maxsize=64)
def _segments(path: str) -> tuple[tuple[int, int, int], ...]:
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with Path(path).open("rb") as file:
            return tuple(
                (s["p_offset"], s["p_offset"] + s["p_filesz"], s["p_vaddr"] - s["p_offset"])
                for s in ELFFile(file).iter_segments()
                if s["p_type"] == "PT_LOAD"
            )
    except (OSError, ELFError):
        return ()

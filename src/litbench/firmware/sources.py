"""The source file of each symbol, from DWARF line tables, or from the symbol table's file names.

Line tables are DWARF 2 to 5, section 6.2 (read by pyelftools); they are read only when somebody
asks for files, since they are by far the largest part of a debug build.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any, TypeVar

from litbench.firmware.elf import STB_LOCAL, STT_FILE, STT_FUNC, STT_OBJECT, Elf

_T = TypeVar("_T")
MAX_ROWS = 4_000_000
_UNIT = re.compile(r"-cgu\.\d+$")  # a codegen unit of rustc, which is no file
_HASH_FOLDERS = ("/rustc/", "/cargo/registry/src/")


def files(elf: Elf) -> dict[int, str]:
    """Source file by the address of each function or object that has one."""
    found = _from_symbol_table(elf)
    starts, names = _line_table(elf)
    if starts:
        for symbol in elf.symbols:
            if symbol.type != STT_FUNC:
                continue
            index = bisect_right(starts, symbol.value) - 1
            if index >= 0 and names[index]:
                found[symbol.value] = names[index]
    return found


def _from_symbol_table(elf: Elf) -> dict[int, str]:
    """Local symbols stand behind their file's name."""
    found: dict[int, str] = {}
    current = ""
    for symbol in elf.all_symbols:
        if symbol.type == STT_FILE:
            current = "" if _UNIT.search(symbol.name) else symbol.name
        elif current and symbol.binding == STB_LOCAL and symbol.type in {STT_FUNC, STT_OBJECT}:
            found[symbol.value] = current
    return found


def _line_table(elf: Elf) -> tuple[list[int], list[str]]:
    """Sorted addresses, and the file that is in effect from each on ("" behind a sequence)."""
    if elf.section(".debug_line") is None or elf.section(".debug_info") is None:
        return [], []
    rows: list[tuple[int, int, str]] = []
    for unit, program in _guarded(lambda: list(_programs(elf))):
        rows += _guarded(partial(_rows, unit, program))
        if len(rows) > MAX_ROWS:
            break
    rows.sort(key=lambda row: row[:2])
    return [row[0] for row in rows], [row[2] for row in rows]


def _guarded(read: Callable[[], list[_T]]) -> list[_T]:
    """What ``read`` finds; nothing where debug information makes no sense."""
    try:
        return read()
    except Exception:  # pyelftools raises nearly anything on malformed input
        return []


def _programs(elf: Elf) -> Iterator[tuple[Any, Any]]:
    """(unit, line program) of each unit."""
    from elftools.elf.elffile import ELFFile

    dwarf = ELFFile(io.BytesIO(elf.data)).get_dwarf_info(relocate_dwarf_sections=False)
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is not None:
            yield unit, program


def _rows(unit: Any, program: Any) -> list[tuple[int, int, str]]:
    """(address, 1, file) where another file begins, (address, 0, "") where a sequence ends."""
    names = _names(unit, program)
    rows: list[tuple[int, int, str]] = []
    previous = None
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if state.end_sequence:
            rows.append((int(state.address), 0, ""))
            previous = None
        elif state.file != previous:
            rows.append((int(state.address), 1, names.get(state.file, "")))
            previous = state.file
    return rows


def _names(unit: Any, program: Any) -> dict[int, str]:
    """The path of each file number."""
    header = program.header
    modern = header["version"] >= 5
    base = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
    root = base.value.decode("utf-8", "replace") if base is not None else ""
    folders = [_text(folder) for folder in header["include_directory"]]
    if not modern:
        folders = ["", *folders]
    found = {}
    for index, entry in enumerate(header["file_entry"], 0 if modern else 1):
        folder = entry.dir_index if entry.dir_index < len(folders) else 0
        place = folders[folder] if folders else ""
        path = PurePosixPath(_text(entry.name))
        if not path.is_absolute() and place:
            path = PurePosixPath(place) / path
        found[index] = _short(str(path), root)
    return found


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _short(path: str, root: str) -> str:
    """A path relative to where the unit was compiled, or without a registry's long prefix."""
    if root and path.startswith(root.rstrip("/") + "/"):
        return path[len(root.rstrip("/")) + 1 :]
    for folder in _HASH_FOLDERS:
        if folder in path:
            return path.split(folder, 1)[1].split("/", 1)[-1]
    return path.removeprefix("./")

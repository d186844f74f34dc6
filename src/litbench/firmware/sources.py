"""The source file of each symbol, from DWARF line tables, or from the symbol table's file names.

Line tables are DWARF 2 to 5, section 6.2 (read by pyelftools); they are read only when somebody
asks for files, since they are by far the largest part of a debug build.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from pathlib import PurePosixPath
from typing import Any

from litbench.firmware.elf import STB_LOCAL, STT_FILE, STT_FUNC, STT_OBJECT, Elf

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
    for unit, program in _programs(elf):
        names = _names(unit, program)
        previous = None
        for entry in _entries(program):
            state = entry.state
            if state is None:
                continue
            if state.end_sequence:
                rows.append((state.address, 0, ""))
                previous = None
            elif state.file != previous:
                rows.append((state.address, 1, names.get(state.file, "")))
                previous = state.file
            if len(rows) > MAX_ROWS:
                break
    rows.sort(key=lambda row: row[:2])
    return [row[0] for row in rows], [row[2] for row in rows]


def _programs(elf: Elf) -> list[tuple[Any, Any]]:
    """(unit, line program) of each unit that can be read; malformed ones are left out."""
    from elftools.elf.elffile import ELFFile

    found: list[tuple[Any, Any]] = []
    try:
        dwarf = ELFFile(io.BytesIO(elf.data)).get_dwarf_info(relocate_dwarf_sections=False)
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            if program is not None:
                found.append((unit, program))
    except Exception:  # noqa: S110 (see _entries)
        pass
    return found


def _entries(program: Any) -> list[Any]:
    try:
        return list(program.get_entries())
    except Exception:
        return []


def _names(unit: Any, program: Any) -> dict[int, str]:
    """The path of each file number."""
    header = program.header
    modern = header["version"] >= 5
    try:
        base = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
        root = base.value.decode("utf-8", "replace") if base is not None else ""
        folders = [_text(f) for f in header["include_directory"]]
        entries = header["file_entry"]
    except Exception:
        return {}
    if not modern:
        folders = ["", *folders]
    found = {}
    for index, entry in enumerate(entries, 0 if modern else 1):
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

"""Files that lie: a clear error with the file and the offset, no crash, no hang, no memory."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litbench.errors import InputError
from litbench.firmware import elf as elf_file
from litbench.firmware.elf import parse
from tests.firmware import mutate
from tests.firmware.fixtures import NAMES, load, path

GOOD = path("ram-m3-Os").read_bytes()


def patched(at: int, layout: str, *values: int) -> bytes:
    data = bytearray(GOOD)
    struct.pack_into(layout, data, at, *values)
    return bytes(data)


def section_at(name: str, field: int) -> int:
    """File offset of a field of a section header."""
    section = next(s for s in parse(GOOD).sections if s.name == name)
    return parse(GOOD).section_headers[0] + 40 * section.index + 4 * field


@pytest.mark.parametrize(
    ("data", "problem", "offset"),
    [
        (b"", "not an ELF file", 0),
        (b":10000000", "Intel HEX", 0),
        (GOOD[:12], "truncated", 12),
        (GOOD[:40], "truncated in the ELF header", 40),
        (patched(4, "<B", 9), "unknown ELF class 9", 4),
        (patched(5, "<B", 2), "little-endian", 5),
        (patched(28, "<I", 0xFFFF_FFF0), "program header table reaches past", 0xFFFF_FFF0),
        (patched(32, "<I", len(GOOD) - 8), "section header table reaches past", len(GOOD) - 8),
        (patched(46, "<H", 4), "section headers of 4 bytes", parse(GOOD).section_headers[0]),
        (patched(50, "<H", 900), "section name table 900", parse(GOOD).section_headers[0]),
        (patched(section_at(".text", 5), "<I", 0x7FFF_FFFF), "a section reaches past", None),
        (patched(section_at(".text", 0), "<I", 0x7FFF_FFFF), "name lies outside", None),
        (patched(section_at(".symtab", 6), "<I", 4000), "names no string table", None),
        (patched(section_at(".symtab", 9), "<I", 7), "symbols of an unknown size", None),
    ],
)  # fmt: skip
def test_errors_name_file_cause_and_offset(data: bytes, problem: str, offset: int | None) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        _ = parse(data, "broken.elf").symbols
    assert str(caught.value).startswith("broken.elf: offset 0x")
    if offset is not None:
        assert caught.value.offset == offset


def test_overlapping_sections_cannot_exhaust_the_reader() -> None:
    data = bytearray(GOOD)
    start, size = parse(GOOD).section_headers
    for at in range(start, start + size, 40):
        struct.pack_into("<II", data, at + 16, 0, len(data))
    with pytest.raises(InputError, match="overlap"):
        parse(bytes(data))


def test_overlapping_names_cannot_exhaust_the_reader() -> None:
    """A string table without an end, and every symbol's name at its beginning."""
    data = bytearray(GOOD)
    image = parse(GOOD)
    strings = next(s for s in image.sections if s.name == ".strtab")
    table = next(s for s in image.sections if s.name == ".symtab")
    data[strings.offset : strings.offset + strings.size] = b"x" * strings.size
    count = len(data) * 40 // strings.size
    symbols = struct.pack("<IIIBBH", 0, 0, 0, 0, 0, 1) * count
    at = image.section_headers[0] + 40 * table.index
    struct.pack_into("<II", data, at + 16, len(data), len(symbols))
    with pytest.raises(InputError, match="overlap"):
        _ = parse(bytes(data) + symbols).symbols


@pytest.mark.parametrize("name", NAMES)
def test_the_reader_agrees_with_pyelftools(name: str) -> None:
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    ours = load(name)
    with path(name).open("rb") as file:
        theirs = ELFFile(file)
        sections = [
            (s.name, s["sh_addr"], s["sh_size"], s["sh_offset"]) for s in theirs.iter_sections()
        ]
        assert [(s.name, s.address, s.size, s.offset) for s in ours.sections] == sections
        segments = [(s["p_vaddr"], s["p_filesz"], s["p_memsz"]) for s in theirs.iter_segments()]
        assert [(s.vaddr, s.file_size, s.memory_size) for s in ours.segments] == segments
        table = theirs.get_section_by_name(".symtab")
        if isinstance(table, SymbolTableSection):
            names = [(s.name, s["st_size"]) for s in table.iter_symbols()]
            assert [(s.name, s.size) for s in ours.all_symbols] == names


def test_memory_is_read_by_address() -> None:
    image = load("calls-m3-Os")
    section = image.section(".rodata")
    assert section is not None
    assert image.read(section.address, section.size) == bytes(image.content(section))
    assert image.read(section.address, 1 << 30) is None
    assert image.word(0) == 0x2000_8000
    assert image.read(0xFFFF_FFF0, 4) is None


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=600))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    mutate.analyse(b"\x7fELF\x01\x01\x01" + data)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        elf_file.load(Path("/nonexistent/firmware.elf"))


@pytest.mark.parametrize("seed", [1, 2])
def test_mutated_files_neither_crash_nor_hang(seed: int) -> None:
    counts = fuzz(700, seed)
    assert counts["refused"] > 100
    assert counts["analysed"] > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_a_hundred_thousand_mutations(seed: int) -> None:
    assert fuzz(10_000, seed)["refused"] > 1000


def fuzz(count: int, seed: int) -> dict[str, int]:
    """In a process of its own, whose memory is only that of the analysis."""
    code = (
        "import resource, sys, json; from tests.firmware import mutate;"
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30));"
        f"print(json.dumps(mutate.run({count}, {seed})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    import json

    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found

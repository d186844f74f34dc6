"""A bounded reader of ELF files: headers, segments, sections, symbols, and memory by address.

Written for speed and for files that lie (System V ABI, chapters 4 and 5; ELF for the Arm
Architecture; RISC-V ELF psABI). Every offset is checked against the file before it is used, counts
are bounded by what the file can hold, and a broken file raises InputError with the offset of the
first thing that made no sense. Debug information is not read here.
"""

from __future__ import annotations

import hashlib
import struct
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from litbench.errors import InputError

MAX_FILE = 256 * 1024 * 1024
MAX_SYMBOLS = 1_000_000
MAX_NAME = 65_536

EM_ARM, EM_RISCV = 40, 243
PT_LOAD = 1
PF_X, PF_W, PF_R = 1, 2, 4
SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOBITS, SHT_REL = 0, 1, 2, 3, 4, 8, 9
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHF_COMPRESSED = 1, 2, 4, 0x400, 0x800
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE = 0, 1, 2, 3, 4
STT_TLS = 6
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
SHN_UNDEF, SHN_LORESERVE, SHN_ABS, SHN_COMMON, SHN_XINDEX = 0, 0xFF00, 0xFFF1, 0xFFF2, 0xFFFF

_MAPPING = frozenset("tadx")
_UNNAMED = {STT_SECTION, STT_FILE}
_MACHINES = {EM_ARM: "arm", EM_RISCV: "riscv", 3: "x86", 62: "x86-64", 183: "aarch64"}


@dataclass(frozen=True, slots=True)
class Section:
    """One section header; ``size`` bytes at file ``offset`` (none there when ``nobits``)."""

    index: int
    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry_size: int

    @property
    def allocated(self) -> bool:
        """Whether it occupies memory on the target."""
        return bool(self.flags & SHF_ALLOC)

    @property
    def executable(self) -> bool:
        """Whether it holds instructions."""
        return bool(self.flags & SHF_EXECINSTR)

    @property
    def writable(self) -> bool:
        """Whether the program may write to it."""
        return bool(self.flags & SHF_WRITE)

    @property
    def nobits(self) -> bool:
        """Whether it has no bytes in the file."""
        return self.type == SHT_NOBITS

    @property
    def end(self) -> int:
        """The address after its last byte."""
        return self.address + self.size


class Segment(NamedTuple):
    """One program header, sizes and addresses in bytes."""

    type: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    file_size: int
    memory_size: int


class Symbol(NamedTuple):
    """One symbol. ``value`` has Thumb's bit 0 cleared for functions; ``section`` is an index."""

    name: str
    value: int
    size: int
    type: int
    binding: int
    section: int

    @property
    def end(self) -> int:
        """The address after its last byte."""
        return self.value + self.size


@dataclass(frozen=True)
class Elf:
    """An ELF file in memory. ``symbols`` leaves out mapping symbols, which are in ``mapping``."""

    path: Path
    data: bytes
    bits: int
    machine: str
    type: int
    flags: int
    entry: int
    header_size: int
    program_headers: tuple[int, int]
    section_headers: tuple[int, int]
    segments: tuple[Segment, ...]
    sections: tuple[Section, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.data).hexdigest()

    def section(self, name: str) -> Section | None:
        """The first section of that name."""
        return next((s for s in self.sections if s.name == name), None)

    def content(self, section: Section) -> memoryview:
        """The bytes of a section (none when ``nobits``)."""
        if section.nobits:
            return memoryview(b"")
        return memoryview(self.data)[section.offset : section.offset + section.size]

    @cached_property
    def loads(self) -> tuple[Segment, ...]:
        """The segments that occupy memory."""
        return tuple(s for s in self.segments if s.type == PT_LOAD and s.memory_size)

    @cached_property
    def all_symbols(self) -> tuple[Symbol, ...]:
        """Every entry of the symbol table, in its order, mapping symbols and all."""
        table = next((s for s in self.sections if s.type == SHT_SYMTAB), None)
        return () if table is None else tuple(_symbols(self, table))

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """Defined symbols with a name, in the table's order, without mapping symbols."""
        return tuple(
            s
            for s in self.all_symbols
            if s.name and s.section and s.type not in _UNNAMED and not _is_mapping(s)
        )

    @cached_property
    def mapping(self) -> tuple[tuple[int, str], ...]:
        """Sorted (address, kind), kind ``t``, ``a``, ``d`` or ``x``: what begins at the address."""
        found: dict[int, str] = {}
        for symbol in self.all_symbols:
            if symbol.name[:1] != "$" or not _is_mapping(symbol):
                continue
            if not 0 < symbol.section < len(self.sections):
                continue
            if self.sections[symbol.section].allocated and found.get(symbol.value, "d") == "d":
                found[symbol.value] = symbol.name[1]
        return tuple(sorted(found.items()))

    @cached_property
    def _extents(self) -> tuple[list[int], list[tuple[int, int, int]]]:
        """Initialised memory as sorted (start, end, file offset): segments, or else sections."""
        spans = [(s.vaddr, s.vaddr + s.file_size, s.offset) for s in self.loads if s.file_size]
        if not spans:
            spans = [
                (s.address, s.end, s.offset)
                for s in self.sections
                if s.allocated and not s.nobits and s.size
            ]
        spans.sort()
        return [start for start, _, _ in spans], spans

    def read(self, address: int, size: int) -> bytes | None:
        """``size`` initialised bytes at a memory address, or None where the image has none."""
        starts, spans = self._extents
        index = bisect_right(starts, address) - 1
        if index < 0 or size < 0:
            return None
        start, end, offset = spans[index]
        if address + size > end:
            return None
        return self.data[offset + address - start : offset + address - start + size]

    def word(self, address: int) -> int | None:
        """The little-endian 32-bit word at a memory address, or None."""
        raw = self.read(address, 4)
        return None if raw is None else int.from_bytes(raw, "little")

    @cached_property
    def _code(self) -> tuple[list[int], list[Section]]:
        sections = sorted(
            (s for s in self.sections if s.allocated and s.executable and s.size and not s.nobits),
            key=lambda s: s.address,
        )
        return [s.address for s in sections], sections

    def section_at(self, address: int) -> Section | None:
        """The allocated section that holds an address (thread-local templates left out)."""
        starts, sections = self._allocated
        index = bisect_right(starts, address) - 1
        if index >= 0 and address < sections[index].end:
            return sections[index]
        return None

    @cached_property
    def _allocated(self) -> tuple[list[int], list[Section]]:
        found = [s for s in self.sections if s.allocated and s.size and not is_thread_bss(s)]
        found.sort(key=lambda s: s.address)
        return [s.address for s in found], found

    def is_code(self, address: int) -> bool:
        """Whether an address lies in an executable section (or segment, without sections)."""
        section = self.section_at(address)
        if section is not None:
            return (section.executable and not section.nobits) or address in self._functions
        if self._allocated[1]:
            return False
        return any(
            s.flags & PF_X and s.vaddr <= address < s.vaddr + s.file_size for s in self.loads
        )

    @cached_property
    def _functions(self) -> frozenset[int]:
        """Function starts by symbol: code in a section that is not marked executable."""
        return frozenset(s.value for s in self.symbols if s.type == STT_FUNC)


def is_thread_bss(section: Section) -> bool:
    """Whether a section is a thread-local template without bytes, which takes no address space."""
    return bool(section.flags & SHF_TLS) and section.nobits


def load(path: Path | str) -> Elf:
    """Reads an ELF file of at most 256 MiB; raises InputError when it is not a sound one."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE:
        raise InputError(path, f"larger than {MAX_FILE >> 20} MiB: not a firmware image")
    return parse(data, path)


def parse(data: bytes, path: Path | str = "ELF") -> Elf:
    """The ELF file in ``data``; ``path`` is only for messages."""
    path = Path(path)
    bits = _identify(data, path)
    layout = "<HHIIIIIHHHHHH" if bits == 32 else "<HHIQQQIHHHHHH"
    if len(data) < 16 + struct.calcsize(layout):
        raise InputError(path, "truncated in the ELF header", offset=len(data))
    (kind, machine, _, entry, ph, sh, flags, size, ph_size, ph_count, sh_size, sh_count, names) = (
        struct.unpack_from(layout, data, 16)
    )
    headers = _section_headers(data, path, bits, (sh, sh_size, sh_count, names))
    segments = _segments(data, path, bits, (ph, ph_size, ph_count))
    return Elf(
        path=path,
        data=data,
        bits=bits,
        machine=_MACHINES.get(machine, f"machine {machine}"),
        type=kind,
        flags=flags,
        entry=entry,
        header_size=size,
        program_headers=(ph, ph_size * ph_count),
        section_headers=(sh, sh_size * len(headers)),
        segments=segments,
        sections=headers,
    )


def _identify(data: bytes, path: Path) -> int:
    if data[:4] != b"\x7fELF":
        hint = " (Intel HEX or a raw binary has no symbols: give the ELF)" if data else ""
        raise InputError(path, f"not an ELF file{hint}", offset=0)
    if len(data) < 16:
        raise InputError(path, "truncated in the ELF identification", offset=len(data))
    bits = {1: 32, 2: 64}.get(data[4])
    if bits is None:
        raise InputError(path, f"unknown ELF class {data[4]}", offset=4)
    if data[5] != 1:
        raise InputError(path, "not a little-endian ELF file: only those are read", offset=5)
    return bits


def _segments(
    data: bytes, path: Path, bits: int, table: tuple[int, int, int]
) -> tuple[Segment, ...]:
    offset, size, count = table
    layout = struct.Struct("<IIIIIIII" if bits == 32 else "<IIQQQQQQ")
    _check_table(data, path, "program header", table, layout.size)
    found = []
    for at in range(offset, offset + size * count, size or 1):
        f = layout.unpack_from(data, at)
        if bits == 32:
            segment = Segment(f[0], f[6], f[1], f[2], f[3], f[4], f[5])
        else:
            segment = Segment(f[0], f[1], f[2], f[3], f[4], f[5], f[6])
        if segment.type == PT_LOAD:
            if segment.offset + segment.file_size > len(data):
                raise InputError(path, "a segment reaches past the end of the file", offset=at)
            if segment.file_size > segment.memory_size:
                raise InputError(path, "a segment is larger in the file than in memory", offset=at)
        found.append(segment)
    _check_overlap(path, [s.file_size for s in found if s.type == PT_LOAD], len(data), offset)
    return tuple(found)


def _section_headers(
    data: bytes, path: Path, bits: int, table: tuple[int, int, int, int]
) -> tuple[Section, ...]:
    offset, size, count, names = table
    layout = struct.Struct("<IIIIIIIIII" if bits == 32 else "<IIQQQQIIQQ")
    if offset == 0:
        return ()
    _check_table(data, path, "section header", (offset, size, max(count, 1)), layout.size)
    first = layout.unpack_from(data, offset)
    count, names = count or first[5], first[6] if names == SHN_XINDEX else names
    _check_table(data, path, "section header", (offset, size, count), layout.size)
    raw = [layout.unpack_from(data, offset + i * size) for i in range(count)]
    strings = _section_names(data, path, raw, names, offset)
    found = []
    for index, f in enumerate(raw):
        at = offset + index * size
        if f[1] not in {SHT_NULL, SHT_NOBITS} and f[4] + f[5] > len(data):
            raise InputError(path, "a section reaches past the end of the file", offset=at)
        name = _text(strings, f[0])
        if name is None:
            raise InputError(path, "a section's name lies outside the name table", offset=at)
        found.append(Section(index, name, *f[1:]))
    stored = [s.size for s in found if s.type not in {SHT_NULL, SHT_NOBITS}]
    _check_overlap(path, stored, len(data), offset)
    return tuple(found)


def _section_names(
    data: bytes, path: Path, raw: list[tuple[int, ...]], names: int, offset: int
) -> bytes:
    if not raw or names == SHN_UNDEF:
        return b"\0"
    if names >= len(raw):
        raise InputError(path, f"section name table {names} does not exist", offset=offset)
    start, size = raw[names][4], raw[names][5]
    if start + size > len(data):
        raise InputError(path, "the section name table reaches past the end", offset=start)
    return data[start : start + size]


def _check_table(
    data: bytes, path: Path, what: str, table: tuple[int, int, int], least: int
) -> None:
    offset, size, count = table
    if count and size < least:
        raise InputError(path, f"{what}s of {size} bytes are too small", offset=offset)
    if count and offset + size * count > len(data):
        raise InputError(path, f"the {what} table reaches past the end", offset=offset)


def _check_overlap(path: Path, sizes: list[int], length: int, offset: int) -> None:
    """A file whose parts together are far larger than itself is made to exhaust its reader."""
    if sum(sizes) > 4 * length + 65_536:
        raise InputError(path, "sections or segments overlap many times over", offset=offset)


def _text(strings: bytes, offset: int) -> str | None:
    """The NUL-terminated text at ``offset``, or None outside the table."""
    if offset > len(strings):
        return None
    end = strings.find(b"\0", offset, offset + MAX_NAME)
    raw = strings[offset : end if end >= 0 else min(len(strings), offset + MAX_NAME)]
    return raw.decode("utf-8", "replace")


def _is_mapping(symbol: Symbol) -> bool:
    """Whether a symbol is ``$t``, ``$d.12``, ``$xrv32imac...``: it only marks code or data."""
    name = symbol.name
    return name[:1] == "$" and name[1:2] in _MAPPING and symbol.binding == STB_LOCAL


def _symbols(elf: Elf, table: Section) -> list[Symbol]:
    layout = struct.Struct("<IIIBBH" if elf.bits == 32 else "<IBBHQQ")
    if table.link >= len(elf.sections):
        raise InputError(elf.path, "the symbol table names no string table", offset=table.offset)
    if table.entry_size not in {0, layout.size}:
        raise InputError(elf.path, "symbols of an unknown size", offset=table.offset)
    if table.size // layout.size > MAX_SYMBOLS:
        raise InputError(elf.path, f"more than {MAX_SYMBOLS} symbols", offset=table.offset)
    strings = bytes(elf.content(elf.sections[table.link]))
    raw = elf.content(table)
    thumb = elf.machine == "arm"
    found = []
    budget = 8 * len(elf.data) + 65_536
    for index, f in enumerate(layout.iter_unpack(raw[: len(raw) // layout.size * layout.size])):
        if elf.bits == 32:
            name, value, size, info, _, section = f
        else:
            name, info, _, section, value, size = f
        text = _text(strings, name)
        if text is None:
            at = table.offset + index * layout.size
            raise InputError(elf.path, "a symbol's name lies outside the table", offset=at)
        budget -= len(text)
        if budget < 0:
            at = table.offset + index * layout.size
            raise InputError(elf.path, "symbol names overlap many times over", offset=at)
        kind = info & 15
        if thumb and kind == STT_FUNC:
            value &= ~1
        found.append(Symbol(text, value, size, kind, info >> 4, section))
    return found

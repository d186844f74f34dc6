"""Every byte of an image's memory under one symbol, or as padding, or as without a symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from litbench.firmware.demangle import demangle, fold, group
from litbench.firmware.elf import STT_NOTYPE, STT_OBJECT, STT_TLS, Elf, Symbol
from litbench.firmware.footprint import HEAP, PADDING, STACK, Block, Footprint

NO_SYMBOL, FILLER = "[no symbol]", "[padding]"
MAX_PADDING = 64
_FILLERS = (b"\0", b"\xff", b"\xbf\x00", b"\x00\xbf", b"\xc0\x46", b"\x01\x00", b"\x13\x00\x00\x00")


class Item(NamedTuple):
    """``size`` bytes of memory under one name. ``flash`` and ``ram``: how many of them count there.

    ``symbol`` is the name in the symbol table, "" for padding and for bytes without a symbol.
    """

    name: str
    symbol: str
    section: str
    category: str
    address: int
    size: int
    flash: int
    ram: int


@dataclass(frozen=True)
class Group:
    """Items added up under one name."""

    name: str
    size: int
    flash: int
    ram: int
    count: int


def attribute(footprint: Footprint) -> list[Item]:
    """Labels every byte of memory: the items' sizes add up to the footprint's memory."""
    symbols = _sized(footprint.elf)
    found: list[Item] = []
    at = 0
    for block in footprint.memory:
        while at < len(symbols) and symbols[at].end <= block.start:
            at += 1
        found += _cover(footprint.elf, block, symbols, at)
    return found


def nm(elf: Elf) -> list[tuple[int, int, str]]:
    """(address, size, name) as ``nm -S --size-sort`` lists them, sorted by size and address.

    For RISC-V nm leaves out local labels (``.L...``), as it does mapping symbols everywhere.
    """
    hidden = ".L" if elf.machine == "riscv" else "\0"
    listed = {
        (s.value, s.size, s.name) for s in elf.symbols if s.size and not s.name.startswith(hidden)
    }
    return sorted(listed, key=lambda s: (s[1], s[0], s[2]))


def _sized(elf: Elf) -> list[Symbol]:
    """Symbols with a size that hold memory, by address; of aliases the most public one."""
    best: dict[tuple[int, int], Symbol] = {}
    sections = elf.sections
    for symbol in elf.symbols:
        if not symbol.size or symbol.section >= len(sections) or symbol.type == STT_TLS:
            continue
        if not sections[symbol.section].allocated:
            continue
        key = (symbol.value, symbol.size)
        if key not in best or _rank(symbol) < _rank(best[key]):
            best[key] = symbol
    return sorted(best.values(), key=lambda s: (s.value, -s.size))


def _rank(symbol: Symbol) -> tuple[int, int, str]:
    kinds = {STT_OBJECT: 0, STT_NOTYPE: 2}
    return (kinds.get(symbol.type, 0), -symbol.binding if symbol.binding < 2 else 0, symbol.name)


def _cover(elf: Elf, block: Block, symbols: list[Symbol], first: int) -> Iterable[Item]:
    at = block.start
    for index in range(first, len(symbols)):
        symbol = symbols[index]
        if symbol.value >= block.end:
            break
        low, high = max(symbol.value, at), min(symbol.end, block.end)
        if low >= high:
            continue
        if at < low:
            yield _gap(elf, block, at, low)
        yield _item(block, demangle(symbol.name), symbol.name, low, high)
        at = high
    if at < block.end:
        yield _gap(elf, block, at, block.end)


def _gap(elf: Elf, block: Block, start: int, end: int) -> Item:
    if block.category in {HEAP, STACK}:
        return _item(block, f"[{block.category} reserve]", "", start, end)
    padding = block.category == PADDING or _is_padding(elf, block, start, end)
    return _item(block, FILLER if padding else NO_SYMBOL, "", start, end)


def _is_padding(elf: Elf, block: Block, start: int, end: int) -> bool:
    """Whether bytes only fill up to the next aligned address (or the block's end)."""
    if end - start >= MAX_PADDING:
        return False
    aligned = end % 2 == 0 and end - start < (end & -end)
    if not aligned and end != block.end:
        return False
    raw = None if block.load is None else elf.read(start, end - start)
    if raw is None:
        return True
    return any(raw == (filler * len(raw))[: len(raw)] for filler in _FILLERS)


def _item(block: Block, name: str, symbol: str, start: int, end: int) -> Item:
    size = end - start
    flash = size if block.load is not None else 0
    ram = size if block.ram else 0
    return Item(name, symbol, block.section, block.category, start, size, flash, ram)


def folded(items: Iterable[Item]) -> list[Group]:
    """Items added up by their name without generic arguments, the largest first."""
    return _grouped(items, lambda item: fold(item.name))


def by_name(items: Iterable[Item]) -> list[Group]:
    """Items added up by their name, the largest first."""
    return _grouped(items, lambda item: item.name)


def by_crate(items: Iterable[Item]) -> list[Group]:
    """Items added up by crate (Rust) or namespace (C++), the largest first."""
    return _grouped(items, lambda item: group(item.symbol) if item.symbol else item.name)


def by_file(items: Iterable[Item], files: dict[int, str]) -> list[Group]:
    """Items added up by source file, from ``files`` by address (see ``sources.files``)."""
    return _grouped(items, lambda item: _file_of(item, files))


def by_folder(items: Iterable[Item], files: dict[int, str]) -> list[Group]:
    """Items added up by the folder of their source file."""

    def folder(item: Item) -> str:
        path = _file_of(item, files)
        return path.rpartition("/")[0] or ("." if item.symbol and path[:1] != "[" else path)

    return _grouped(items, folder)


def _file_of(item: Item, files: dict[int, str]) -> str:
    return files.get(item.address, "[unknown file]") if item.symbol else item.name


def _grouped(items: Iterable[Item], key: Callable[[Item], str]) -> list[Group]:
    sums: dict[str, list[int]] = {}
    for item in items:
        row = sums.setdefault(key(item), [0, 0, 0, 0])
        row[0] += item.size
        row[1] += item.flash
        row[2] += item.ram
        row[3] += 1
    groups = [Group(name, *row) for name, row in sums.items()]
    return sorted(groups, key=lambda g: (-g.size, g.name))

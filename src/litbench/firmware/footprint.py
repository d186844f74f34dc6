"""Where an image's bytes are: every byte of the file once, every byte of memory once.

``size``'s Berkeley figures (text, data, bss) are those of GNU binutils. Flash is what must be
stored: initialised bytes, at their load addresses. RAM is what is written or copied at run time:
writable bytes, and code that runs elsewhere than where it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from litbench.firmware.annotations import Memory
from litbench.firmware.elf import (
    PF_W,
    PF_X,
    SHF_ALLOC,
    SHT_NULL,
    Elf,
    Section,
    Segment,
    is_thread_bss,
)

TEXT, RODATA, DATA, BSS, HEAP, STACK, PADDING = (
    "text", "rodata", "data", "bss", "heap", "stack", "padding",
)  # fmt: skip
CATEGORIES = (TEXT, RODATA, DATA, BSS, HEAP, STACK, PADDING)
_RESERVES = {
    HEAP: (("__HeapBase", "__HeapLimit"), ("_sheap", "_eheap"), ("__heap_start", "__heap_end")),
    STACK: (("__StackLimit", "__StackTop"), ("_stack_end", "_stack_start")),
}


class Span(NamedTuple):
    """Bytes from ``start`` up to ``end``, all of one label."""

    start: int
    end: int
    label: str

    @property
    def size(self) -> int:
        """How many bytes it is."""
        return self.end - self.start


@dataclass(frozen=True)
class Block:
    """A labelled run of memory. ``load`` is its load address, None where it has no bytes stored."""

    start: int
    end: int
    section: str
    category: str
    load: int | None
    ram: bool

    @property
    def size(self) -> int:
        """How many bytes it is."""
        return self.end - self.start


@dataclass(frozen=True)
class Berkeley:
    """What ``size`` prints for a file, in bytes."""

    text: int
    data: int
    bss: int


@dataclass(frozen=True)
class Use:
    """How much of a memory region is in use, in bytes."""

    region: Memory
    used: int


@dataclass(frozen=True)
class Footprint:
    """An image's bytes. ``file`` covers the file, ``memory`` all its memory, without overlaps."""

    elf: Elf
    file: tuple[Span, ...]
    memory: tuple[Block, ...]
    berkeley: Berkeley

    @property
    def flash(self) -> int:
        """Bytes that must be stored."""
        return sum(b.size for b in self.memory if b.load is not None)

    @property
    def ram(self) -> int:
        """Bytes of RAM that the image itself takes, reserves included."""
        return sum(b.size for b in self.memory if b.ram)

    def category(self, name: str) -> int:
        """Bytes of memory of one category."""
        return sum(b.size for b in self.memory if b.category == name)

    def reserve(self, name: str) -> int | None:
        """Bytes that sections or a pair of symbols set aside for ``heap`` or ``stack``."""
        if size := self.category(name):
            return size
        symbols = {s.name: s.value for s in self.elf.symbols}
        for low, high in _RESERVES[name]:
            if low in symbols and symbols.get(high, -1) > symbols[low]:
                return symbols[high] - symbols[low]
        return None

    def regions(self, regions: Iterable[Memory]) -> list[Use]:
        """How much of each region is used, at run time or by what is stored for it."""
        return [Use(region, self._used(region)) for region in regions]

    def _used(self, region: Memory) -> int:
        taken: list[tuple[int, int]] = []
        for block in self.memory:
            taken.append((block.start, block.end))
            if block.load is not None:
                taken.append((block.load, block.load + block.size))
        low, high, used = region.origin, region.end, 0
        at = low
        for start, end in sorted(taken):
            start, end = max(start, at), min(end, high)  # noqa: PLW2901 (clipped to the region)
            if start < end:
                used += end - start
                at = end
        return used


def measure(elf: Elf) -> Footprint:
    """The footprint of an ELF file."""
    return Footprint(elf, tuple(_file_spans(elf)), tuple(_blocks(elf)), _berkeley(elf))


def _berkeley(elf: Elf) -> Berkeley:
    """As binutils' size.c: by the flags of each allocated section."""
    text = data = bss = 0
    for section in elf.sections:
        if not section.flags & SHF_ALLOC:
            continue
        if section.executable or not section.writable:
            text += section.size
        elif not section.nobits:
            data += section.size
        else:
            bss += section.size
    return Berkeley(text, data, bss)


def _file_spans(elf: Elf) -> list[Span]:
    """Labels for every byte of the file: headers, sections, and what nothing claims."""
    claims = [
        Span(0, elf.header_size, "[ELF header]"),
        Span(elf.program_headers[0], sum(elf.program_headers), "[program headers]"),
        Span(elf.section_headers[0], sum(elf.section_headers), "[section headers]"),
    ]
    claims += [
        Span(s.offset, s.offset + s.size, s.name or f"[section {s.index}]")
        for s in elf.sections
        if s.type != SHT_NULL and not s.nobits and s.size
    ]
    if not elf.sections:
        claims += [
            Span(s.offset, s.offset + s.file_size, f"[segment {i}]")
            for i, s in enumerate(elf.loads)
        ]
    return list(partition(claims, 0, len(elf.data), "[not claimed]"))


def partition(claims: Iterable[Span], start: int, end: int, rest: str) -> Iterable[Span]:
    """Covers [start, end) without overlaps: each byte goes to the claim that begins first."""
    at = start
    for claim in sorted(claims, key=lambda c: (c.start, -c.end)):
        low, high = max(claim.start, at), min(claim.end, end)
        if low >= high:
            continue
        if at < low:
            yield Span(at, low, rest)
        yield Span(low, high, claim.label)
        at = high
    if at < end:
        yield Span(at, end, rest)


def _blocks(elf: Elf) -> list[Block]:
    """Every byte of memory once: allocated sections, and what segments hold beside them."""
    sections = [s for s in elf.sections if s.allocated and s.size and not is_thread_bss(s)]
    found: list[Block] = []
    at = -1
    for section in sorted(sections, key=lambda s: (s.address, s.end)):
        start = max(section.address, at)
        if start >= section.end:
            continue
        found.append(_section_block(elf, section, start))
        at = section.end
    found += _uncovered(elf, found)
    return sorted(found, key=lambda b: b.start)


def _section_block(elf: Elf, section: Section, start: int) -> Block:
    load = None
    if not section.nobits:
        load = _load_address(elf, section) + start - section.address
    copied = load is not None and load != start
    return Block(
        start, section.end, section.name, _category(section), load, section.writable or copied
    )


def _load_address(elf: Elf, section: Section) -> int:
    for segment in elf.loads:
        inside = segment.offset <= section.offset < segment.offset + segment.file_size
        if inside and section.address - segment.vaddr == section.offset - segment.offset:
            return segment.paddr + section.offset - segment.offset
    return section.address


def _category(section: Section) -> str:
    name = section.name.lower()
    if section.nobits or section.writable:
        if "heap" in name:
            return HEAP
        if "stack" in name and section.nobits:
            return STACK
    if section.executable:
        return TEXT
    if not section.writable and not section.nobits:
        return RODATA
    return BSS if section.nobits else DATA


def _uncovered(elf: Elf, blocks: list[Block]) -> list[Block]:
    """What segments hold that no section does: headers, gaps, or everything without sections."""
    claims = [Span(b.start, b.end, b.section) for b in blocks]
    found: list[Block] = []
    at = -1
    for segment in sorted(elf.loads, key=lambda s: s.vaddr):
        start, end = max(segment.vaddr, at), segment.vaddr + segment.memory_size
        if start >= end:
            continue
        at = end
        stored = segment.vaddr + segment.file_size
        inside = [c for c in claims if c.start < end and c.end > start]
        for span in partition(inside, start, end, "[not claimed]"):
            if span.label == "[not claimed]":
                found += _segment_blocks(elf, segment, span, stored)
    return found


def _segment_blocks(elf: Elf, segment: Segment, span: Span, stored: int) -> list[Block]:
    ram = bool(segment.flags & PF_W) or segment.vaddr != segment.paddr
    if elf.sections:
        category, label = PADDING, "[between sections]"
    else:
        category = TEXT if segment.flags & PF_X else DATA if ram else RODATA
        label = "[segment]"
    found = []
    middle = min(max(stored, span.start), span.end)
    if span.start < middle:
        load = segment.paddr + span.start - segment.vaddr
        found.append(Block(span.start, middle, label, category, load, ram))
    if middle < span.end:
        category = BSS if not elf.sections else PADDING
        found.append(Block(middle, span.end, label, category, None, ram))
    return found

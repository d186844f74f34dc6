"""Functions of an image: names, extents, decoded code; found in the code without symbols.

A function begins at a symbol of type function (or at a named label in code that no function
covers, as assembly often has) and ends with its size, or at the next beginning where it has none.
Mapping symbols (``$t``, ``$d``, ``$x``; ELF for the Arm Architecture, 5.5.5) tell code from data.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from litbench.errors import InputError
from litbench.firmware.elf import (
    STB_GLOBAL,
    STB_LOCAL,
    STT_FUNC,
    STT_NOTYPE,
    Elf,
    Section,
    Symbol,
)
from litbench.firmware.step import Insn, Isa, Place, Step, steps

MAX_FUNCTION = 4 * 1024 * 1024


@dataclass
class Function:
    """Code from ``start`` to ``end``; ``names`` are its symbols, the most public one first."""

    start: int
    end: int
    names: tuple[str, ...]
    sized: bool = False

    @property
    def name(self) -> str:
        """The name that it is known by, or its address where it has none."""
        return self.names[0] if self.names else f"<{self.start:#x}>"


class Body:
    """A function's code: ``runs`` of it with their addresses, and ``gaps``, where data begins.

    Steps, constants and the instructions themselves are read when first asked for.
    """

    def __init__(self, isa: Isa, runs: list[tuple[int, bytes]], gaps: frozenset[int]) -> None:
        self.gaps = gaps
        self._isa = isa
        self.runs = [(first, code) for first, code in runs if len(code) > 1]

    def outline(self) -> Iterator[Place]:
        """The steps among the instructions, by address, as the instruction set has them."""
        for first, code in self.runs:
            yield from self._isa.outline(code, first)

    @cached_property
    def steps(self) -> list[Step]:
        """The steps, sorted by address."""
        return [step for first, code in self.runs for step in steps(self._isa, code, first)]

    @cached_property
    def constants(self) -> list[tuple[int, int]]:
        """The instructions that make constants, as (address, instruction word)."""
        return [c for first, code in self.runs for c in self._isa.constants(code, first)]

    @property
    def end(self) -> int:
        """The address after the last instruction; 0 where there is none."""
        first, code = self.runs[-1] if self.runs else (0, b"")
        return first + (len(code) & ~1)

    @property
    def last(self) -> int:
        """Where the last instruction begins."""
        return self.end - (4 if self.end - 2 in self._middles else 2)

    @cached_property
    def _middles(self) -> set[int]:
        first, code = self.runs[0] if self.runs else (0, b"")
        found = self._isa.middles(code, first)
        for first, code in self.runs[1:]:
            found |= self._isa.middles(code, first)
        return found

    @cached_property
    def insns(self) -> list[Insn]:
        """The instructions."""
        return [insn for first, code in self.runs for insn in self._isa.decode(code, first)]

    @cached_property
    def index(self) -> dict[int, int]:
        """Position of each instruction by its address."""
        return {insn.address: i for i, insn in enumerate(self.insns)}

    def all_begin(self, addresses: Iterable[int]) -> bool:
        """Whether instructions begin at all these addresses; faster than each by itself."""
        ordered = sorted(addresses)
        done = 0
        for first, code in self.runs:
            at, end = 0, first + (len(code) & ~1)
            for address in ordered[done:]:
                if not first <= address < end:
                    break
                if self._isa.whole.fullmatch(code, at, address - first) is None:
                    return False
                at = address - first
                done += 1
        return done == len(ordered)

    def begins(self, address: int) -> bool:
        """Whether an instruction begins at an address."""
        if address in self._middles:
            return False
        return any(
            first <= address < first + (len(code) & ~1) and not (address - first) % 2
            for first, code in self.runs
        )


class Program:
    """The functions of an image, each decoded once, when it is first asked for."""

    def __init__(self, elf: Elf, isa: Isa) -> None:
        self.elf = elf
        self.isa = isa
        self._functions = {f.start: f for f in _from_symbols(elf)}
        self.starts = sorted(self._functions)
        self.symbolic = bool(self._functions)
        self._bodies: dict[int, Body] = {}
        self._mapping = elf.mapping
        self._mapped = [address for address, _ in elf.mapping]

    @property
    def functions(self) -> list[Function]:
        """All functions known so far, by address."""
        return [self._functions[start] for start in self.starts]

    def __getitem__(self, start: int) -> Function:
        return self._functions[start]

    def __contains__(self, start: int) -> bool:
        return start in self._functions

    def containing(self, address: int) -> Function | None:
        """The function that covers an address, or None."""
        index = bisect_right(self.starts, address) - 1
        if index < 0:
            return None
        found = self._functions[self.starts[index]]
        return found if address < found.end else None

    def enter(self, address: int) -> Function | None:
        """The function that begins at an address, made where there is none; None outside code.

        A target inside another function (a shared end, as ``__riscv_restore_4`` has) becomes a
        function of its own, up to that one's end. Where symbols are gone, the function before it
        ends here instead.
        """
        if address in self._functions:
            return self._functions[address]
        if not self.elf.is_code(address):
            return None
        outer = self.containing(address)
        end = outer.end if outer else self._next_boundary(address)
        if outer is not None and not outer.sized:
            outer.end = address
            self._bodies.pop(outer.start, None)
        made = Function(address, end, (), sized=bool(outer and outer.sized))
        if made.sized and outer is not None:
            made.names = (f"{outer.name}+{address - outer.start:#x}",)
        self._functions[address] = made
        if not made.sized:
            insort(self.starts, address)
        return made

    def _next_boundary(self, address: int) -> int:
        section = self.elf.section_at(address)
        end = section.end if section else address + 4
        if section is None:
            for segment in self.elf.loads:
                if segment.vaddr <= address < segment.vaddr + segment.file_size:
                    end = segment.vaddr + segment.file_size
        index = bisect_right(self.starts, address)
        return min(end, self.starts[index]) if index < len(self.starts) else end

    def body(self, function: Function) -> Body:
        """The decoded code of a function."""
        body = self._bodies.get(function.start)
        if body is None:
            body = self._bodies[function.start] = self._body(function.start, function.end)
        return body

    def resynchronise(self, function: Function, address: int) -> Body:
        """The body read again from an address that lay inside an instruction."""
        old = self.body(function)
        code = [p for p in self._pieces(function.start, function.end) if p[2]]
        pieces = [(a, min(b, address)) for a, b, _ in code if a < address]
        pieces.append((address, function.end))
        body = self._bodies[function.start] = self._read(pieces, old.gaps)
        return body

    def _body(self, start: int, end: int) -> Body:
        pieces = self._pieces(start, end)
        gaps = {first for first, _, is_code in pieces if not is_code}
        body = self._read([(a, b) for a, b, is_code in pieces if is_code], frozenset(gaps))
        if not self._mapping:
            literals = {self.isa.literal(insn) for insn in body.insns if "[pc" in insn.operands}
            body.gaps |= {address for address in literals if address is not None}
        return body

    def _read(self, pieces: list[tuple[int, int]], gaps: frozenset[int]) -> Body:
        runs = [(first, self._bytes(first, last)) for first, last in pieces]
        return Body(self.isa, runs, gaps)

    def _pieces(self, start: int, end: int) -> list[tuple[int, int, bool]]:
        """Pieces of code and data between two addresses, by the mapping symbols."""
        low = bisect_right(self._mapped, start)
        high = bisect_left(self._mapped, end)
        kind = self._mapping[low - 1][1] if low else "t"
        pieces = []
        at = start
        for address, after in self._mapping[low:high]:
            pieces.append((at, address, kind != "d"))
            at, kind = address, after
        # a function's first byte is code, whatever a mapping symbol of a section before it says
        pieces.append((at, end, kind != "d" or at == start))
        return [p for p in pieces if p[0] < p[1]]

    def _bytes(self, start: int, end: int) -> bytes:
        size = min(end - start, MAX_FUNCTION)
        return self.elf.read(start, size) or b""


def isa_of(elf: Elf) -> Isa:
    """The instruction set of an image; raises InputError where stack analysis has none."""
    if elf.bits == 32 and elf.machine == "arm":
        from litbench.firmware.thumb import Thumb

        return Thumb(elf)
    if elf.bits == 32 and elf.machine == "riscv":
        from litbench.firmware.riscv import RiscV

        return RiscV()
    problem = f"code of {elf.machine} ({elf.bits}-bit) is not analysed: only Cortex-M and RV32 are"
    raise InputError(elf.path, problem, offset=18)


def _from_symbols(elf: Elf) -> list[Function]:
    by_start: dict[int, list[Symbol]] = {}
    for symbol in elf.symbols:
        if symbol.type == STT_FUNC and elf.is_code(symbol.value):
            by_start.setdefault(symbol.value, []).append(symbol)
    covered = sorted((s.value, s.end) for group in by_start.values() for s in group if s.size)
    for symbol in elf.symbols:
        if symbol.type == STT_NOTYPE and _is_label(elf, symbol, covered):
            by_start.setdefault(symbol.value & ~1, []).append(symbol)
    starts = sorted(by_start)
    found = []
    for index, start in enumerate(starts):
        symbols = sorted(by_start[start], key=_publicness)
        after = starts[index + 1] if index + 1 < len(starts) else None
        section = elf.section_at(start)
        limit = section.end if section else start + MAX_FUNCTION
        size = max(s.size for s in symbols)
        end = min(start + size, limit) if size else min(after or limit, limit)
        names = tuple(dict.fromkeys(s.name for s in symbols))
        found.append(Function(start, end, names, sized=bool(size)))
    return found


def _publicness(symbol: Symbol) -> tuple[int, int, str]:
    order = {STB_GLOBAL: 0, STB_LOCAL: 2}.get(symbol.binding, 1)
    return (0 if symbol.type == STT_FUNC else 1, order, symbol.name)


def _is_label(elf: Elf, symbol: Symbol, covered: list[tuple[int, int]]) -> bool:
    """Whether an untyped symbol is an assembly function: global, in code, in no sized function."""
    section: Section | None = elf.section_at(symbol.value & ~1)
    if section is None or not section.executable or symbol.section != section.index:
        return False
    if symbol.binding == STB_LOCAL or symbol.value & 1:
        return False
    if not _mapped_as_code(elf, symbol.value):
        return False
    index = bisect_right(covered, (symbol.value, 1 << 40)) - 1
    return index < 0 or symbol.value >= covered[index][1]


def _mapped_as_code(elf: Elf, address: int) -> bool:
    index = bisect_right(elf.mapping, (address, "z")) - 1
    return index < 0 or elf.mapping[index][1] != "d"

"""What an indirect call may reach.

Every function pointer comes from an address that occurs somewhere in the image, so the functions
whose address is taken are a complete set of candidates. A call through a table that cannot be
written is resolved. Virtual tables narrow the rest: a function whose address occurs only in virtual
tables is called only through its own slot.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import cached_property

from litbench.firmware.elf import STT_OBJECT, Elf, Symbol
from litbench.firmware.functions import Function, Program
from litbench.firmware.openness import Openness
from litbench.firmware.signatures import Signatures
from litbench.firmware.step import Kind, Value

_NO_POINTERS = (".eh_frame", ".ARM.exidx", ".ARM.extab", ".gcc_except_table")
_WORD = 0xFFFFFFFF
RUST_HEADER = 3  # words before a Rust virtual table's methods: drop, size, align
ITANIUM_HEADER = 2  # words before a C++ virtual table's methods: offset to top, type information


@dataclass(frozen=True)
class Candidates:
    """Functions that a call may reach. ``resolved``: it can reach no others.

    ``open``: why there might be others even in a closed image; "" where nothing says so.
    """

    targets: tuple[int, ...]
    resolved: bool
    reason: str
    open: str = ""


@dataclass
class _Taken:
    """Where a function's address occurs: slots of virtual tables, and anywhere else."""

    slots: set[int] = field(default_factory=set)
    elsewhere: bool = False


class AddressTaken:
    """The functions of a program whose address is taken; ``vectors`` is left out of the search."""

    def __init__(self, program: Program, vectors: tuple[int, int]) -> None:
        self._program = program
        self._elf = program.elf
        self._vectors = vectors
        self._code_bit = 1 if program.elf.machine == "arm" else 0
        self._starts = {f.start for f in program.functions}
        self._signatures = Signatures(program.elf)
        self._openness = Openness(program)

    @cached_property
    def taken(self) -> dict[int, _Taken]:
        """How the address of each function is taken."""
        found: dict[int, _Taken] = {}
        slots = self._slots
        for where, function in self._pointers:
            entry = found.setdefault(function, _Taken())
            if where in slots:
                entry.slots.add(slots[where])
            else:
                entry.elsewhere = True
        for function in self._computed():
            found.setdefault(function, _Taken()).elsewhere = True
        return found

    @cached_property
    def _pointers(self) -> list[tuple[int, int]]:
        """(address of the word, function) for each word that is a function's address.

        In data at any address, since structures may be packed; in code only at aligned ones.
        """
        bit = self._code_bit
        wanted = {start | bit for start in self._starts}
        low, high = self._vectors
        found = []
        for section in self._elf.sections:
            if not section.allocated or section.nobits or section.name in _NO_POINTERS:
                continue
            data = bytes(self._elf.content(section))
            for skip in (-section.address % 4,) if section.executable else range(4):
                words = array("I", data[skip : skip + (len(data) - skip) // 4 * 4])
                base = section.address + skip
                found += [(base + 4 * i, w & ~bit) for i, w in enumerate(words) if w in wanted]
        return sorted(
            (where, function)
            for where, function in found
            if not low <= where < high and self._may_be_data(where)
        )

    def _may_be_data(self, address: int) -> bool:
        """Whether a word is data, as far as mapping symbols tell where it is in a code section."""
        mapping, section = self._elf.mapping, self._elf.section_at(address)
        if not mapping or section is None or not section.executable:
            return True
        index = bisect_right(mapping, (address, "z")) - 1
        return index >= 0 and mapping[index][1] == "d"

    def _computed(self) -> set[int]:
        """Functions whose address is put together by instructions (MOVW/MOVT, LUI/ADDI)."""
        found = set()
        for function in self._program.functions:
            found |= made(self._program, function)
        return {address & ~self._code_bit for address in found} & self._starts

    @cached_property
    def _slots(self) -> dict[int, int]:
        """Byte offset from its table's base, for each word that is in a virtual table."""
        found: dict[int, int] = {}
        for symbol in self._elf.symbols:
            section = self._elf.section_at(symbol.value)
            if symbol.name.startswith("_ZTV") and section is not None:
                base = symbol.value + 4 * ITANIUM_HEADER
                for at in range(base, min(symbol.end, section.end), 4):
                    found[at] = at - base
        if _is_rust(self._elf):
            found |= self._rust_slots()
        return found

    def _rust_slots(self) -> dict[int, int]:
        """Rust's virtual tables by their shape: drop or 0, size, align, one method or more."""
        pointers = {where for where, _ in self._pointers}
        found: dict[int, int] = {}
        for where in sorted(pointers):
            base = where - 4 * RUST_HEADER
            if where in found or not self._is_rust_table(base, pointers):
                continue
            found[base] = 0
            at = where
            while at in pointers and (at == where or not self._is_rust_table(at, pointers)):
                found[at] = at - base
                at += 4
        return found

    def _is_rust_table(self, base: int, pointers: set[int]) -> bool:
        section = self._elf.section_at(base)
        if section is None or section.writable or section.executable:
            return False
        drop, size, align = (self._elf.word(base + 4 * n) for n in range(RUST_HEADER))
        if drop is None or size is None or align is None or base + 4 * RUST_HEADER not in pointers:
            return False
        sound = 0 < align <= 4096 and align & (align - 1) == 0 and size % align == 0
        return sound and size < 1 << 20 and (drop == 0 or base in pointers)

    def candidates(self, value: Value, caller: int) -> Candidates:
        """The functions that a call to ``value`` in the function at ``caller`` may reach."""
        exact = self._exact(value)
        if exact is not None:
            return exact
        found = replace(self._in_slot(value), open=self._openness.reason(value))
        kept = tuple(t for t in found.targets if self._has_type(caller, t))
        if len(kept) == len(found.targets):
            return found
        reason = f"{found.reason}, of a pointer's type in the caller's unit"
        return replace(found, targets=kept, reason=reason)

    def _has_type(self, caller: int, target: int) -> bool:
        return bool(self.taken[target].slots) or self._signatures.allows(caller, target)

    def _in_slot(self, value: Value) -> Candidates:
        """All whose address is taken, but for those that other slots of virtual tables hold."""
        everything = self.taken
        if value.kind is Kind.LOADED and value.number >= 0 and _through_pointer(value):
            offset = value.number
            kept = [f for f, t in everything.items() if t.elsewhere or offset in t.slots]
            if len(kept) < len(everything):
                reason = f"address taken, or at offset {offset} of a virtual table"
                return Candidates(tuple(sorted(kept)), False, reason)
        return Candidates(tuple(sorted(everything)), False, "address taken")

    def _exact(self, value: Value) -> Candidates | None:
        """The answer where the pointer comes from memory that nothing can write."""
        base = value.base
        if value.kind is not Kind.LOADED or base is None:
            return None
        if base.kind is Kind.CONSTANT and self._read_only(base.number):
            word = self._elf.word(base.number)
            target = None if word is None else word & ~self._code_bit
            if target in self._starts and target is not None:
                return Candidates((target,), True, f"constant at {base.number:#x}")
        if base.kind is Kind.OFFSET and self._read_only(base.number):
            return self._in_table(base.number + value.number)
        return None

    def _in_table(self, address: int) -> Candidates | None:
        symbol = _object_at(self._objects, address)
        if symbol is None:
            return None
        targets = {f for where, f in self._pointers if symbol.value <= where < symbol.end}
        if not targets:
            return None
        return Candidates(tuple(sorted(targets)), True, f"constant table {symbol.name}")

    @cached_property
    def _objects(self) -> list[Symbol]:
        objects = [s for s in self._elf.symbols if s.type == STT_OBJECT and s.size]
        return sorted(objects, key=lambda s: (s.value, -s.size))

    def _read_only(self, address: int) -> bool:
        section = self._elf.section_at(address)
        return section is not None and not section.writable and not section.nobits


def made(program: Program, function: Function) -> set[int]:
    """The addresses that a function may put together from parts in its instructions.

    Each part with every first part in its register: nothing says in which order blocks are run.
    """
    whole: set[int] = set()
    bases: dict[str, set[int]] = {}  # by register: first parts
    rest: list[tuple[str, str, int]] = []
    for address, word in program.body(function).constants:
        register, form, source, number = program.isa.constant(address, word)
        if form in {"constant", "upper"}:
            bases.setdefault(register, set()).add(number & _WORD)
            whole |= {number & _WORD} if form == "constant" else set()
        elif form == "high":
            rest.append((form, register, number))
        elif form == "copy":
            rest.append((form, source, number))
    for form, register, number in rest:
        for base in bases.get(register, ()):
            joined = (base & 0xFFFF) | number << 16 if form == "high" else base + number
            whole.add(joined & _WORD)
    return whole


def constants(program: Program, function: Function) -> set[int]:
    """The addresses that a function's instructions name, those of its literals included."""
    literals = {program.isa.literal(i) for i in program.body(function).insns}
    words = {program.elf.word(address) for address in literals if address is not None}
    return made(program, function) | {word for word in words if word is not None}


def _through_pointer(value: Value) -> bool:
    """Whether a callee was read at an offset from a pointer that is itself not known."""
    return value.base is not None and value.base.kind in {Kind.UNKNOWN, Kind.LOADED}


def _object_at(objects: list[Symbol], address: int) -> Symbol | None:
    index = bisect_right(objects, address, key=lambda s: s.value) - 1
    if index >= 0 and objects[index].value <= address < objects[index].end:
        return objects[index]
    return None


def _is_rust(elf: Elf) -> bool:
    comment = elf.section(".comment")
    if comment is not None and b"rustc" in bytes(elf.content(comment)):
        return True
    return any(s.name.startswith("_R") or "17h" in s.name[-20:] for s in elf.symbols)

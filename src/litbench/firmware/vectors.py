"""Where control enters an image: the vector table of Cortex-M, the trap vector of RISC-V.

Reference: Armv7-M Architecture Reference Manual, B1.5.3; RISC-V privileged architecture, 3.1.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from litbench.firmware.demangle import demangle, fold
from litbench.firmware.elf import Elf

if TYPE_CHECKING:
    from litbench.firmware.functions import Function, Program

_SECTIONS = (".vector_table", ".isr_vector", ".vectors", ".vector", ".vtable", ".intvecs")
_SYSTEM = {
    1: "Reset", 2: "NMI", 3: "HardFault", 4: "MemManage", 5: "BusFault", 6: "UsageFault",
    7: "SecureFault", 11: "SVCall", 12: "DebugMonitor", 14: "PendSV", 15: "SysTick",
}  # fmt: skip
FIXED_PRIORITY = {1: -3, 2: -2, 3: -1}
MAX_VECTORS = 16 + 496
THREAD, EXCEPTION, INTERRUPT, TRAP, TASK = "thread", "exception", "interrupt", "trap", "task"


@dataclass(frozen=True)
class Entry:
    """A place where execution begins. ``numbers`` are the vectors that lead to it."""

    name: str
    kind: str
    start: int
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Vectors:
    """The entries, where the stack begins, and the table's extent (none: (0, 0))."""

    entries: tuple[Entry, ...]
    initial_sp: int | None = None
    table: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()


def find(program: Program) -> Vectors:
    """The entries of an image; the ELF's own entry point where it has no vector table."""
    elf = program.elf
    if elf.machine == "arm":
        start = _find_table(elf)
        if start is not None:
            return _read_table(program, start)
        note = "no vector table was found: interrupts are not known, only the entry point is"
        return Vectors(_entry_point(program), notes=(note,))
    return _riscv(program)


def _entry_point(program: Program) -> tuple[Entry, ...]:
    start = program.elf.entry & program.isa.pointer_mask
    if not program.elf.is_code(start):
        return ()
    function = program.enter(start)
    return (Entry(function.name if function else "entry", THREAD, start),)


def _find_table(elf: Elf) -> int | None:
    """By its section's name or symbol, else at the lowest load address (and a few after it)."""
    tried = [s.address for s in elf.sections if s.name in _SECTIONS and s.allocated and s.size]
    names = {"__isr_vector", "__Vectors", "vector_table", "__vectors", "__VECTOR_TABLE", "vectors"}
    tried += [s.value for s in elf.symbols if s.name in names]
    tried += [s.vaddr for s in sorted(elf.loads, key=lambda s: s.paddr) if s.file_size]
    tried += [s.address for s in elf.sections if s.allocated and not s.nobits and s.size]
    return next((address for address in tried if _looks_like_table(elf, address)), None)


def _looks_like_table(elf: Elf, address: int) -> bool:
    if address % 4:
        return False
    stack, reset = elf.word(address), elf.word(address + 4)
    if stack is None or reset is None or stack % 4 or not reset & 1:
        return False
    others = [elf.word(address + 4 * n) for n in (2, 3)]
    if any(w is None or (w and not (w & 1 and elf.is_code(w & ~1))) for w in others):
        return False
    return elf.is_code(reset & ~1) and not elf.is_code(stack) and stack >= 0x1000_0000


def _read_table(program: Program, start: int) -> Vectors:
    elf = program.elf
    handlers: dict[int, list[int]] = {}
    count = _table_length(elf, start)
    for number in range(1, count):
        word = elf.word(start + 4 * number)
        if word and word & 1 and elf.is_code(word & ~1):
            handlers.setdefault(word & ~1, []).append(number)
    entries = [_entry(program, address, numbers) for address, numbers in handlers.items()]
    return Vectors(tuple(entries), elf.word(start), (start, start + 4 * count))


def _table_length(elf: Elf, start: int) -> int:
    """Entries in the table: its symbol's or section's size, or up to the first that is none."""
    sizes = [s.size for s in elf.symbols if s.value == start and s.size >= 8]
    section = elf.section_at(start)
    if not sizes and section is not None and section.name in _SECTIONS:
        sizes = [section.end - start]
    limit = min(max(sizes, default=4 * MAX_VECTORS) // 4, MAX_VECTORS)
    for number in range(2, limit):
        word = elf.word(start + 4 * number)
        if word is None or (word and not (word & 1 and elf.is_code(word & ~1))):
            return number
    return limit


def _entry(program: Program, address: int, numbers: list[int]) -> Entry:
    function = program.enter(address)
    name = _name(function, numbers) if function else f"<{address:#x}>"
    kind = INTERRUPT if numbers[0] >= 16 else EXCEPTION
    if function is not None and not function.names:
        name = _SYSTEM.get(numbers[0], f"IRQ{numbers[0] - 16}")
    if 1 in numbers:
        kind = THREAD
    return Entry(name, kind, address, tuple(numbers))


def _name(function: Function, numbers: list[int]) -> str:
    """A handler's readable name; of many aliases of a shared handler the one that says so."""
    names = [fold(demangle(name)) for name in function.names] or [function.name]
    if len(numbers) > 1:
        return next((n for n in names if "default" in n.lower()), names[0])
    return names[0]


def vector_name(number: int) -> str:
    """The architecture's name of a vector: ``SysTick``, ``IRQ5``."""
    return _SYSTEM.get(number, f"IRQ{number - 16}" if number >= 16 else f"vector {number}")


def _riscv(program: Program) -> Vectors:
    entries = list(_entry_point(program))
    traps, notes = _trap_vectors(program)
    for address in traps:
        function = program.enter(address)
        if function is not None:
            entries.append(Entry(function.name, TRAP, address))
    if not traps and not notes:
        notes = ("nothing writes mtvec: traps are not known, only the entry point is",)
    return Vectors(tuple(entries), notes=notes)


def _trap_vectors(program: Program) -> tuple[list[int], tuple[str, ...]]:
    """Addresses written to ``mtvec``, a vectored table taken apart into its jumps."""
    from litbench.firmware.slicing import Slicer
    from litbench.firmware.step import Flow, Kind

    found: list[int] = []
    notes: list[str] = []
    for function in program.functions:
        body = program.body(function)
        for insn in body.insns:
            if "mtvec" not in insn.operands or not insn.mnemonic.startswith("csr"):
                continue
            register = insn.operands.split(", ")[-1]
            if insn.mnemonic == "csrr" or register == "zero":
                continue
            leaders = {s.target for s in body.steps if s.flow is Flow.JUMP and s.target}
            value = Slicer(program.isa, body, leaders).before(insn.address, register)
            if value.kind is not Kind.CONSTANT:
                notes.append(f"{function.name} sets mtvec to an address that is not constant")
            elif value.number & 3 == 1:
                found += _vectored(program, value.number & ~3)
            else:
                found.append(value.number & ~3)
    return list(dict.fromkeys(found)), tuple(notes)


def _vectored(program: Program, table: int) -> list[int]:
    from litbench.firmware.step import Flow

    found = []
    for at in range(table, table + 4 * 64, 4):
        raw = program.elf.read(at, 4)
        insns = program.isa.decode(raw, at) if raw else []
        step = program.isa.lift(insns[0]) if insns else None
        if step is None or step.flow is not Flow.JUMP or step.conditional or step.target is None:
            break
        found.append(step.target)
    return found

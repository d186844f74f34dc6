"""RISC-V instructions (RV32, compressed ones included) as steps, from capstone's text.

Reference: The RISC-V Instruction Set Manual, volume I, chapters 2 and 16.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Iterator

from litbench.firmware.step import Flow, Insn, Place, Sp, Step
from litbench.firmware.templates import Template, decode_one, template

_BRANCHES = {
    "beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez", "blez", "bgez", "bltz", "bgtz",
    "bgt", "ble", "bgtu", "bleu",
}  # fmt: skip
_STORES = {"sb", "sh", "sw", "sd", "swsp", "sdsp", "fsw", "fsd", "fswsp", "fsdsp"}
_LOADS = {"lw", "lwsp"}
_SILENT = {"nop", "fence", "fence.i", "ecall", "ebreak", "wfi", "ret", "mret", "sret", "unimp", "j"}
_MEMORY = re.compile(r"(-?(?:0x[0-9a-f]+|\d+))?\((\w+)\)$")
_RETURN_REGISTERS = {"ra"}
# first bytes of instructions of 16 and of 32 bits (volume I, 1.5)
_SHORT, _LONG = (
    b"[%b]." % b"".join(re.escape(bytes([n])) for n in range(256) if (n & 3 == 3) == long)
    for long in (False, True)
)
_LAST = re.compile(b"(?:%b)*+%b.." % (_SHORT, _LONG), re.DOTALL)
_CALL_MASK, _CALL = 0xFFF, 0x0EF  # JAL ra


_CALLS = Step(0, 4, Flow.CALL, 0)


def _words(code: bytes, address: int) -> Iterator[tuple[int, int, int]]:
    """(address, word, size) of each instruction."""
    halves = array("H", code[: len(code) & ~1])
    if sys.byteorder == "big":
        halves.byteswap()
    at, count = 0, len(halves)
    while at < count:
        word, size = halves[at], 2
        if word & 3 == 3 and at + 1 < count:
            word, size = word | halves[at + 1] << 16, 4
        yield address + 2 * at, word, size
        at += size // 2


class RiscV:
    """RV32 code of one image."""

    alignment = 2
    pointer_mask = 0xFFFFFFFF
    clobbered = frozenset(
        {"ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", *(f"a{n}" for n in range(8))}
    )
    stack = "sp"
    whole = re.compile(b"(?:%b|%b..)*+" % (_SHORT, _LONG), re.DOTALL)

    def __init__(self) -> None:
        import capstone

        mode = capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC
        self._capstone = capstone.Cs(capstone.CS_ARCH_RISCV, mode)
        self._capstone.skipdata = True
        self._templates: dict[int, Template] = {}

    def decode(self, code: bytes, address: int) -> list[Insn]:
        """All instructions of ``code``."""
        return [Insn._make(i) for i in self._capstone.disasm_lite(code, address)]

    def outline(self, code: bytes, address: int) -> Iterator[Place]:
        """The steps of ``code``, each instruction word decoded once."""
        templates = self._templates
        for place, word, size in _words(code, address):
            if word & _CALL_MASK == _CALL:  # each is a different word: not worth a template
                yield place, _CALLS, place + _call_distance(word) & 0xFFFFFFFF, False
                continue
            what = templates.get(word)
            if what is None:
                what = templates[word] = template(self, word, size)
            step = what.step
            if step is not None:
                target = step.target
                yield place, step, None if target is None else place + target & 0xFFFFFFFF, False
            elif what.in_place:
                step = self.lift(decode_one(self, word, size, place))
                if step is not None:
                    yield place, step, step.target, False

    def constants(self, code: bytes, address: int) -> list[tuple[int, int]]:
        """The instructions that make constants, as (address, instruction word)."""
        found = []
        for place, word, size in _words(code, address):
            if word & _CALL_MASK == _CALL:
                continue
            what = self._templates.get(word)
            if what is None:
                what = self._templates[word] = template(self, word, size)
            if what.constant:
                found.append((place, word))
        return found

    def middles(self, code: bytes, address: int) -> set[int]:
        """Addresses in the middle of instructions (and perhaps places after the code)."""
        # a last one behind the code, so that the search ends there and begins nowhere else
        ended = code[: len(code) & ~1] + b"\x03\0\0\0"
        return {address + match.end() - 2 for match in _LAST.finditer(ended)}

    def makes_constant(self, insn: Insn) -> bool:
        """Whether an instruction may make a part of an address."""
        return insn.mnemonic.removeprefix("c.") in {"lui", "auipc", "li", "addi"}

    def constant(self, address: int, word: int) -> tuple[str, str, str, int]:
        """(register, form, source, number) of an instruction that makes a constant."""
        insn = decode_one(self, word, 4 if word & 3 == 3 else 2, address)
        register = insn.operands.partition(",")[0]
        form, source, number = self.form(insn, register)
        if form == "constant" and insn.mnemonic in {"lui", "c.lui", "auipc"}:
            form = "upper"
        return register, form, source, number

    def lift(self, insn: Insn) -> Step | None:
        """The step of an instruction, or None."""
        address, size, mnemonic, operands = insn
        base = mnemonic.removeprefix("c.")
        if base in _BRANCHES:
            target = address + int(operands.rsplit(", ", 1)[-1], 0)
            return Step(address, size, Flow.JUMP, target, conditional=True)
        if base in _JUMPS:
            return _JUMPS[base](insn)
        if base in {"mret", "sret", "ret"}:
            return Step(address, size, Flow.RETURN)
        if base in {"unimp", "ebreak", ".byte"}:
            data = ".byte" if base == ".byte" else None
            return Step(address, size, Flow.STOP, register=data)
        if operands.startswith("sp, ") and base not in _STORES:
            return _assign_sp(insn, base)
        return None

    def literal(self, insn: Insn) -> int | None:  # noqa: ARG002 (a protocol's method)
        """RISC-V code reads no literals relative to itself in one instruction."""
        return None

    def written(self, insn: Insn) -> tuple[str, ...]:
        """The register that an instruction writes."""
        base = insn.mnemonic.removeprefix("c.")
        if base in _STORES or base in _BRANCHES or base in _SILENT or not insn.operands:
            return ()
        if base in {"jr", "jalr", "jal"}:
            return ("ra",) if base != "jr" else ()
        if base.startswith("csr") and base in {"csrw", "csrs", "csrc", "csrwi", "csrsi", "csrci"}:
            return ()
        return (insn.operands.split(",", 1)[0],)

    def form(self, insn: Insn, register: str) -> tuple[str, str, int]:  # noqa: PLR0911 (one a form)
        """How ``register`` is computed; the forms are those of ``Isa.form``."""
        base = insn.mnemonic.removeprefix("c.")
        parts = insn.operands.split(", ")
        if parts[0] != register:
            return "other", "", 0
        if base in _LOADS and (match := _MEMORY.search(insn.operands)):
            return "load", match[2], int(match[1] or "0", 0)
        if base == "mv":
            return "copy", parts[1], 0
        number = _number(parts[-1])
        if number is None:
            if base == "add":
                return "sum", " ".join(parts[1:] if len(parts) == 3 else parts), 0
            if base == "neg" or (base == "sub" and parts[1] == "zero"):
                return "negate", parts[-1], 0
            if base == "sub":
                return "difference", " ".join(parts[1:] if len(parts) == 3 else parts), 0
            return "other", "", 0
        return _arithmetic(insn, base, parts, number)


def _arithmetic(  # noqa: PLR0911 (one a form)
    insn: Insn, base: str, parts: list[str], number: int
) -> tuple[str, str, int]:
    source = parts[1] if len(parts) == 3 else parts[0]
    if base == "lui":
        return "constant", "", number << 12 & 0xFFFFFFFF
    if base == "auipc":
        return "constant", "", insn.address + (number << 12) & 0xFFFFFFFF
    if base == "li":
        return "constant", "", number
    if base in {"addi", "addi16sp", "addi4spn"}:
        return ("constant", "", number) if source == "zero" else ("copy", source, number)
    if base == "slli":
        return "shift", source, number
    if base == "andi" and number < 0:
        return "align", source, -number - 1
    return "other", "", 0


def _assign_sp(insn: Insn, base: str) -> Step:  # noqa: PLR0911 (one a form)
    address, size, _, operands = insn
    parts = operands.split(", ")
    source = parts[1] if len(parts) == 3 else "sp"
    number = _number(parts[-1])
    if base in {"addi", "addi16sp"} and number is not None:
        if source == "sp":
            return Step(address, size, sp=Sp.ADD, amount=number)
        return Step(address, size, sp=Sp.COPY, source=source, amount=number)
    if base == "mv":
        return Step(address, size, sp=Sp.COPY, source=parts[1])
    if base in {"add", "sub"} and number is None and source == "sp":
        kind = Sp.INCREASE if base == "add" else Sp.SUBTRACT
        return Step(address, size, sp=kind, source=parts[-1])
    if base == "add" and len(parts) == 3 and parts[2] == "sp":
        return Step(address, size, sp=Sp.INCREASE, source=parts[1])
    if base == "andi" and number is not None and number < 0 and source == "sp":
        return Step(address, size, sp=Sp.ALIGN, amount=-number - 1)
    if base in {"auipc", "lui"}:
        value = (number or 0) << 12
        value = value + address if base == "auipc" else value
        return Step(address, size, sp=Sp.COPY, source=f"#{value & 0xFFFFFFFF:#x}")
    return Step(address, size, sp=Sp.UNKNOWN)


def _call_distance(word: int) -> int:
    """How far a JAL jumps (the J-type's immediate)."""
    distance = word & 0xFF000 | (word >> 9) & 0x800 | (word >> 20) & 0x7FE
    return distance - (word >> 31 << 20)


def _jump(insn: Insn) -> Step:
    return Step(insn.address, insn.size, Flow.JUMP, insn.address + int(insn.operands, 0))


def _jump_and_link(insn: Insn) -> Step:
    parts = insn.operands.split(", ")
    target = insn.address + int(parts[-1], 0)
    if len(parts) == 2 and parts[0] == "zero":
        return Step(insn.address, insn.size, Flow.JUMP, target)
    ordinary = len(parts) == 1 or parts[0] in _RETURN_REGISTERS
    return Step(insn.address, insn.size, Flow.CALL, target, link=ordinary)


def _register(insn: Insn) -> tuple[str, int]:
    """The register and offset that an indirect jump goes to."""
    last = insn.operands.split(", ")
    if match := _MEMORY.search(insn.operands):
        return match[2], int(match[1] or "0", 0)
    number = _number(last[-1])
    if number is not None and len(last) > 1:
        return last[-2], number
    return last[-1], 0


def _jump_register(insn: Insn) -> Step:
    register, offset = _register(insn)
    if register in {"ra", "t0"} and offset == 0:
        return Step(insn.address, insn.size, Flow.RETURN, register=register)
    return Step(insn.address, insn.size, Flow.JUMP_REGISTER, register=register, amount=offset)


def _call_register(insn: Insn) -> Step:
    register, offset = _register(insn)
    parts = insn.operands.split(", ")
    if len(parts) > 1 and parts[0] == "zero":
        return _jump_register(insn)
    ordinary = len(parts) == 1 or parts[0] in _RETURN_REGISTERS
    return Step(
        insn.address, insn.size, Flow.CALL_REGISTER, register=register, amount=offset, link=ordinary
    )


_JUMPS = {
    "j": _jump,
    "jal": _jump_and_link,
    "jr": _jump_register,
    "jalr": _call_register,
}


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None

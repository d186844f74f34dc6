"""Thumb and Thumb-2 instructions (Armv6-M, v7-M, v8-M) as steps, from capstone's text.

Reference: Armv7-M Architecture Reference Manual DDI 0403, chapters A5 to A7; Armv8-M DDI 0553.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from litbench.firmware import thumb_scan
from litbench.firmware.step import Flow, Insn, Place, Reader, Sp, Step
from litbench.firmware.templates import Template, decode_one

_CONDITIONS = (
    "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "cs", "cc",
)  # fmt: skip
_BASES = (
    "b", "bl", "blx", "bx", "blxns", "bxns", "push", "pop", "vpush", "vpop", "mov", "movs", "movw",
    "movt", "mvn", "mvns", "add", "adds", "addw", "sub", "subs", "subw", "adr", "ldr", "ldrd",
    "str", "strd", "ldm", "ldmdb", "ldmia", "stm", "stmdb", "vldmia", "vstmdb", "vldmdb", "vstmia",
    "lsl", "lsls", "bic", "bics", "bfc", "and", "ands", "rsbs", "rsb", "orr", "orrs",
)  # fmt: skip
_PLAIN = ("cbz", "cbnz", "tbb", "tbh", "udf", "udf.w", "trap", ".byte")
_SPLIT = {base: (base, False) for base in (*_BASES, *_PLAIN)}
_SPLIT |= {base + c: (base, True) for base in _BASES for c in _CONDITIONS}
_SPLIT |= {f"{name}.w": what for name, what in _SPLIT.items()}

_NUMBER = r"#(-?(?:0x[0-9a-f]+|\d+))"
_IMMEDIATE = re.compile(_NUMBER)
_LITERAL = re.compile(r"\[pc(?:, " + _NUMBER + r")?\]$")
_PRE = re.compile(r"\[sp, " + _NUMBER + r"\]!")
_POST = re.compile(r"\[sp\], " + _NUMBER)
_MEMORY = re.compile(r"\[(\w+)(?:, " + _NUMBER + r")?\]$")
_INDEXED = re.compile(r"\[(\w+), (\w+)(?:, lsl #\d)?\]$")
_NEVER_WRITES = re.compile(
    r"(?:str(?!ex)|stl(?!ex)|stm|cmp|cmn|tst|teq|push|vpush|vst|vcmp|msr|pld|pli|it|nop|cps|dsb|dmb"
    r"|isb|bkpt|svc|wf|sev|yield)"
)
_MANY = re.compile(r"^(?:ldrd|umull|smull|umlal|smlal|ldm|pop|vldm|vpop|umaal|ldrexd|ldaexd)")
_SIZES = {"s": 4, "d": 8, "q": 16}


class Thumb:
    """Thumb code of one image; ``reader`` resolves literals."""

    alignment = 2
    pointer_mask = 0xFFFFFFFE
    clobbered = frozenset({"r0", "r1", "r2", "r3", "ip", "lr"})
    stack = "sp"
    whole = thumb_scan.WHOLE

    def __init__(self, reader: Reader) -> None:
        import capstone

        mode = capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS | capstone.CS_MODE_V8
        self._capstone = capstone.Cs(capstone.CS_ARCH_ARM, mode)
        self._capstone.skipdata = True
        self._reader = reader
        self._templates: dict[int, Template] = {}

    def decode(self, code: bytes, address: int) -> list[Insn]:
        """All instructions of ``code``."""
        return [Insn._make(i) for i in self._capstone.disasm_lite(code, address)]

    def outline(self, code: bytes, address: int) -> Iterator[Place]:
        """The steps of ``code``, each instruction word decoded once at most."""
        return thumb_scan.outline(self, self._templates, code, address)

    def constants(self, code: bytes, address: int) -> list[tuple[int, int]]:
        """The instructions that make constants, as (address, instruction word)."""
        return thumb_scan.constants(self, self._templates, code, address)

    def middles(self, code: bytes, address: int) -> set[int]:
        """Addresses in the middle of instructions."""
        return thumb_scan.middles(code, address)

    def makes_constant(self, insn: Insn) -> bool:
        """Whether an instruction may make a part of an address."""
        return insn.mnemonic in {"movw", "movt", "adr", "adr.w"} or ", pc, #" in insn.operands

    def constant(self, address: int, word: int) -> tuple[str, str, str, int]:
        """(register, form, source, number) of an instruction that makes a constant."""
        insn = decode_one(self, word, 4 if word & 0xFFFF >= thumb_scan.FIRST_OF_TWO else 2, address)
        register = insn.operands.partition(",")[0]
        return register, *self.form(insn, register)

    def lift(self, insn: Insn) -> Step | None:
        """The step of an instruction, or None."""
        address, size, mnemonic, operands = insn
        base, conditional = _SPLIT.get(mnemonic, ("", False))
        if base in _JUMPS:
            return _JUMPS[base](self, insn, base, conditional)
        if base in {"push", "vpush"}:
            return Step(address, size, sp=Sp.ADD, amount=-_list_bytes(operands))
        if base in {"pop", "vpop"}:
            flow = Flow.RETURN if "pc" in operands else Flow.NEXT
            amount = _list_bytes(operands)
            return Step(address, size, flow, conditional=conditional, sp=Sp.ADD, amount=amount)
        if operands.startswith("pc") or ("pc}" in operands and base.startswith("ldm")):
            return self._write_pc(insn, base, conditional)
        if "sp" in operands:
            return self._move_sp(insn, base)
        return None

    def _write_pc(self, insn: Insn, base: str, conditional: bool) -> Step | None:
        address, size, mnemonic, operands = insn
        if _NEVER_WRITES.match(mnemonic):
            return None
        amount = 0
        if base in {"ldm", "ldmia"} and operands.startswith("sp!"):
            amount = _list_bytes(operands)
        elif match := _POST.search(operands):
            amount = int(match[1], 0)
        if amount or "pc}" in operands:
            sp = Sp.ADD if amount else Sp.NONE
            return Step(address, size, Flow.RETURN, conditional=conditional, sp=sp, amount=amount)
        literal = self.literal(insn)
        if base == "ldr" and literal is not None:
            target = self._reader.word(literal)
            if target is not None:
                return Step(address, size, Flow.JUMP, target & ~1, conditional=conditional)
        source = operands.split(", ")[-1]
        if base in {"mov", "movs"} and source == "lr":
            return Step(address, size, Flow.RETURN, conditional=conditional)
        if base == "mov":
            return Step(address, size, Flow.JUMP_REGISTER, register=source, conditional=conditional)
        return Step(address, size, Flow.TABLE, register="pc", conditional=conditional)

    def _move_sp(self, insn: Insn, base: str) -> Step | None:
        address, size, mnemonic, operands = insn
        if match := _PRE.search(operands) or _POST.search(operands):
            return Step(address, size, sp=Sp.ADD, amount=int(match[1], 0))
        if operands.startswith("sp!"):
            sign = 1 if base in {"ldm", "ldmia", "vldmia", "pop"} else -1
            return Step(address, size, sp=Sp.ADD, amount=sign * _list_bytes(operands))
        if not operands.startswith("sp") or _NEVER_WRITES.match(mnemonic):
            return self._system(insn)
        return _assign_sp(insn, base, self)

    def _system(self, insn: Insn) -> Step | None:
        """``msr msp, r0``: the main stack pointer from a register."""
        name, _, source = insn.operands.partition(", ")
        if insn.mnemonic == "msr" and name in {"msp", "msp_ns"}:
            return Step(insn.address, insn.size, sp=Sp.COPY, source=source)
        return None

    def literal(self, insn: Insn) -> int | None:
        """The address of the literal that a PC-relative load reads."""
        if "[pc" not in insn.operands or not insn.mnemonic.startswith(("ldr", "vldr")):
            return None
        match = _LITERAL.search(insn.operands)
        return None if match is None else ((insn.address + 4) & ~3) + int(match[1] or "0", 0)

    def written(self, insn: Insn) -> tuple[str, ...]:
        """The registers that an instruction writes (pops of a frame's end included)."""
        mnemonic, operands = insn.mnemonic, insn.operands
        found: list[str] = []
        if "]!" in operands or "], " in operands:
            found.append(operands[operands.index("[") + 1 :].split(",")[0].rstrip("]!"))
        elif "!" in operands:
            found.append(operands.split("!")[0])
        if _SPLIT.get(mnemonic, ("",))[0] in _JUMPS or _NEVER_WRITES.match(mnemonic):
            return tuple(found)
        if "{" in operands:
            found += _expand(operands)
        else:
            parts = operands.split(", ")
            found += parts[: 2 if _MANY.match(mnemonic) else 1]
        return tuple(found)

    def form(self, insn: Insn, register: str) -> tuple[str, str, int]:  # noqa: PLR0911 (one a form)
        """How ``register`` is computed: (form, source register, number).

        The forms are those of ``Isa.form``.
        """
        base, conditional = _SPLIT.get(insn.mnemonic, ("", False))
        operands = insn.operands
        parts = operands.split(", ")
        if conditional or parts[0] != register:
            return "other", "", 0
        literal = self.literal(insn)
        if literal is not None and base == "ldr":
            word = self._reader.word(literal)
            return ("constant", "", word) if word is not None else ("other", "", 0)
        if base == "ldr":
            if match := _MEMORY.search(operands):
                return "load", match[1], int(match[2] or "0", 0)
            if match := _INDEXED.search(operands):
                return "index", f"{match[1]} {match[2]}", 0
            return "other", "", 0
        if len(parts) == 3 and parts[1] == "pc" and base in {"add", "addw"}:
            return "constant", "", ((insn.address + 4) & ~3) + int(parts[2][1:], 0)
        return _arithmetic(base, parts, register)


_FORMS = {
    "mov": "constant", "movs": "constant", "movw": "constant", "mvn": "inverse", "mvns": "inverse",
    "movt": "high", "add": "copy", "adds": "copy", "addw": "copy", "sub": "minus", "subs": "minus",
    "subw": "minus", "lsl": "shift", "lsls": "shift", "bic": "align", "bics": "align",
    "bfc": "clear", "rsb": "reverse", "rsbs": "reverse",
}  # fmt: skip


def _arithmetic(base: str, parts: list[str], register: str) -> tuple[str, str, int]:
    last = parts[-1]
    source = parts[1] if len(parts) == 3 else register
    if not _IMMEDIATE.fullmatch(last):
        return _of_registers(base, parts, source)
    number = int(last[1:], 0)
    form = _FORMS.get(base, "other")
    if form == "clear" and parts[1] == "#0":
        form, source, number = "align", register, (1 << number) - 1
    elif form == "reverse":
        form = "negate" if number == 0 else "other"
    elif form == "inverse":
        form, number = "constant", ~number & 0xFFFFFFFF
    elif form == "minus":
        form, number = "copy", -number
    return form, source, number


def _of_registers(base: str, parts: list[str], source: str) -> tuple[str, str, int]:
    last = parts[-1]
    if base in {"mov", "movs"} and len(parts) == 2:
        return "copy", last, 0
    if base in {"add", "adds"} and " " not in last:
        return "sum", f"{source} {last}", 0
    if base in {"sub", "subs"} and " " not in last:
        return "difference", f"{source} {last}", 0
    return "other", "", 0


def _assign_sp(insn: Insn, base: str, isa: Thumb) -> Step | None:  # noqa: PLR0911 (one a form)
    address, size, _, operands = insn
    parts = operands.split(", ")
    last = parts[-1]
    number = int(last[1:], 0) if _IMMEDIATE.fullmatch(last) else None
    source = parts[1] if len(parts) == 3 else "sp"
    if base in {"add", "adds", "addw", "sub", "subs", "subw"}:
        sign = 1 if base.startswith("add") else -1
        if number is not None and source == "sp":
            return Step(address, size, sp=Sp.ADD, amount=sign * number)
        if number is not None:
            return Step(address, size, sp=Sp.COPY, source=source, amount=sign * number)
        if source == "sp" and " " not in last:
            kind = Sp.INCREASE if sign > 0 else Sp.SUBTRACT
            return Step(address, size, sp=kind, source=last)
    if base in {"mov", "movs"} and number is None:
        return Step(address, size, sp=Sp.COPY, source=last)
    if base in {"bic", "bics"} and number is not None and source == "sp":
        return Step(address, size, sp=Sp.ALIGN, amount=number)
    literal = isa.literal(insn)
    if base == "ldr" and literal is not None:
        return Step(address, size, sp=Sp.COPY, source=f"={literal:#x}")
    return Step(address, size, sp=Sp.UNKNOWN)


def _branch(_: Thumb, insn: Insn, base: str, conditional: bool) -> Step:
    target = int(_IMMEDIATE.search(insn.operands)[1], 0)  # type: ignore[index]
    flow = Flow.CALL if base in {"bl", "blx"} else Flow.JUMP
    conditional = conditional or base in {"cbz", "cbnz"}
    return Step(insn.address, insn.size, flow, target, conditional=conditional)


def _exchange(_: Thumb, insn: Insn, base: str, conditional: bool) -> Step:
    if insn.operands.startswith("#"):
        return _branch(_, insn, base, conditional)
    if base.startswith("blx"):
        flow = Flow.CALL_REGISTER
    else:
        flow = Flow.RETURN if insn.operands == "lr" else Flow.JUMP_REGISTER
    return Step(insn.address, insn.size, flow, register=insn.operands, conditional=conditional)


def _through_table(_: Thumb, insn: Insn, base: str, __: bool) -> Step:
    register = base if insn.operands.startswith("[pc") else "pc"
    return Step(insn.address, insn.size, Flow.TABLE, register=register)


def _trap(_: Thumb, insn: Insn, base: str, __: bool) -> Step:
    return Step(insn.address, insn.size, Flow.STOP, register=".byte" if base == ".byte" else None)


_JUMPS = {
    "b": _branch, "bl": _branch, "cbz": _branch, "cbnz": _branch, "bx": _exchange, "blx": _exchange,
    "bxns": _exchange, "blxns": _exchange, "tbb": _through_table, "tbh": _through_table,
    "udf": _trap, "udf.w": _trap, "trap": _trap, ".byte": _trap,
}  # fmt: skip


def _expand(operands: str) -> list[str]:
    """The registers in braces, ranges spelled out."""
    found: list[str] = []
    inside = operands[operands.index("{") + 1 :].rstrip("}")
    for part in inside.split(","):
        first, _, last = part.strip().partition("-")
        if last:
            kind = first[0]
            found += [f"{kind}{n}" for n in range(int(first[1:]), int(last[1:]) + 1)]
        else:
            found.append(first)
    return found


def _list_bytes(operands: str) -> int:
    """Bytes that a register list moves."""
    return sum(_SIZES.get(r[0], 4) if r[1:].isdigit() else 4 for r in _expand(operands))

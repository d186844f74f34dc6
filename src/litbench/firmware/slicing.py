"""What a register holds at an instruction, by looking back through its function.

A register's value is taken from the write before it in the same straight run of code, or else from
the only write in the whole function; everything else is unknown. That is sound where a function
does not use a register before it has written it, which no compiler does.
"""

from __future__ import annotations

from litbench.firmware.functions import Body
from litbench.firmware.step import UNKNOWN, Flow, Insn, Isa, Kind, Value

MAX_DEPTH = 12
MAX_BACK = 64
_WORD = 0xFFFFFFFF
_ENDING = {Flow.JUMP, Flow.JUMP_REGISTER, Flow.TABLE, Flow.RETURN, Flow.STOP}


class Slicer:
    """Values in one function; ``leaders`` are the addresses that something jumps to."""

    def __init__(self, isa: Isa, body: Body, leaders: set[int]) -> None:
        self._isa = isa
        self._body = body
        self._leaders = leaders
        self._calls = {s.address for s in body.steps if s.flow in {Flow.CALL, Flow.CALL_REGISTER}}
        self._ends = {s.address for s in body.steps if s.flow in _ENDING and not s.conditional}

    def before(self, address: int, register: str) -> Value:
        """The value of ``register`` just before the instruction at ``address``."""
        index = self._body.index.get(address)
        return UNKNOWN if index is None else self._value(index, register, MAX_DEPTH)

    def _value(self, index: int, register: str, depth: int) -> Value:
        if register == self._isa.stack:
            return Value(Kind.STACK, 0)
        if depth == 0:
            return UNKNOWN
        found = self._nearest(index, register)
        if found is None:
            found = self._only(register)
        return UNKNOWN if found is None else self._compute(found, register, depth - 1)

    def _nearest(self, index: int, register: str) -> int | None:
        """The last write before ``index`` in the same straight run, if there is one."""
        insns = self._body.insns
        at = index
        while at > 0 and index - at < MAX_BACK:
            if insns[at].address in self._leaders:
                return None
            at -= 1
            insn = insns[at]
            if insn.end != insns[at + 1].address or insn.address in self._ends:
                return None
            if insn.address in self._calls and register in self._isa.clobbered:
                return None
            if register in self._isa.written(insn):
                return at
        return None

    def _only(self, register: str) -> int | None:
        """The only write in the function, where nothing else can have changed the register."""
        if register in self._isa.clobbered and self._calls:
            return None
        writes = [
            at
            for at, insn in enumerate(self._body.insns)
            if register in insn.operands
            and register in self._isa.written(insn)
            and not _restores(insn)
        ]
        return writes[0] if len(writes) == 1 else None

    def _compute(self, index: int, register: str, depth: int) -> Value:
        insn = self._body.insns[index]
        form, source, number = self._isa.form(insn, register)
        if form == "constant":
            return Value(Kind.CONSTANT, number & _WORD)
        if form in {"sum", "index"}:
            return self._of_two(form, index, source, depth)
        if form in {"other", "difference"}:
            return UNKNOWN
        value = self._value(index, source, depth)
        if form == "load":
            return _loaded(value, number)
        return _apply(form, value, number)

    def _of_two(self, form: str, index: int, registers: str, depth: int) -> Value:
        """A sum of two registers, or the word at it: useful where one of them is a constant."""
        values = [self._value(index, name, depth) for name in registers.split()]
        constants = [v.number for v in values if v.kind is Kind.CONSTANT]
        bases = [v.number for v in values if v.kind in {Kind.CONSTANT, Kind.OFFSET}]
        stacks = [v.number for v in values if v.kind is Kind.STACK]
        total = UNKNOWN
        if stacks and constants:
            total = Value(Kind.STACK, stacks[0] + _signed(constants[0]))
        elif len(constants) == 2:
            total = Value(Kind.CONSTANT, sum(constants) & _WORD)
        elif bases and not stacks:
            total = Value(Kind.OFFSET, max(bases))
        return _loaded(total, 0) if form == "index" else total


def _loaded(address: Value, number: int) -> Value:
    if address.kind is Kind.CONSTANT:
        return Value(Kind.LOADED, 0, Value(Kind.CONSTANT, address.number + number & _WORD))
    return Value(Kind.LOADED, number, address)


def _apply(form: str, value: Value, number: int) -> Value:
    if form == "align":
        return Value(Kind.ALIGNED, number, value) if value.kind is Kind.STACK else UNKNOWN
    if form == "copy" and value.kind is Kind.STACK:
        return value._replace(number=value.number + number)
    if form == "copy" and (number == 0 or value.kind is Kind.OFFSET):
        return value  # a table's address plus an index plus a displacement is still in the table
    if value.kind is not Kind.CONSTANT:
        return UNKNOWN
    results = {
        "copy": value.number + number,
        "high": (value.number & 0xFFFF) | number << 16,
        "shift": value.number << (number & 31),
        "negate": -value.number,
    }
    return Value(Kind.CONSTANT, results[form] & _WORD)


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number


def _restores(insn: Insn) -> bool:
    """Whether an instruction gives a register back its caller's value: a pop, or a stack load."""
    return insn.mnemonic.startswith("pop") or "sp" in insn.operands.partition(", ")[2]

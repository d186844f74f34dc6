"""What an instruction does to control flow and to the stack pointer, for every instruction set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple, Protocol


class Insn(NamedTuple):
    """One instruction as capstone prints it; ``mnemonic`` is ``.byte`` where it is none."""

    address: int
    size: int
    mnemonic: str
    operands: str

    @property
    def end(self) -> int:
        """The address after it."""
        return self.address + self.size


class Flow(IntEnum):
    """Where control goes after an instruction."""

    NEXT = 0
    JUMP = 1  # to ``target``
    CALL = 2  # to ``target``, and then on
    RETURN = 3
    CALL_REGISTER = 4  # to what ``register`` holds, and then on
    JUMP_REGISTER = 5  # to what ``register`` holds
    TABLE = 6  # into the function itself, through a table
    STOP = 7  # nowhere: a trap


class Sp(IntEnum):
    """How an instruction changes the stack pointer."""

    NONE = 0
    ADD = 1  # by ``amount`` bytes (negative: the stack grows)
    COPY = 2  # becomes ``source`` + ``amount``
    SUBTRACT = 3  # less what the register ``source`` holds
    INCREASE = 4  # plus what the register ``source`` holds
    ALIGN = 5  # rounded down, by at most ``amount`` bytes
    UNKNOWN = 6


class Step(NamedTuple):
    """An instruction that moves the stack pointer or control; all others are left out."""

    address: int
    size: int
    flow: Flow = Flow.NEXT
    target: int | None = None
    register: str | None = None
    conditional: bool = False
    sp: Sp = Sp.NONE
    amount: int = 0
    source: str | None = None
    link: bool = True  # a call that leaves the return address where calls usually do

    @property
    def end(self) -> int:
        """The address after it."""
        return self.address + self.size


# (address, what the instruction does, where it goes, whether a condition before it decides): the
# step itself is shared by equal instructions, its address and target are not of this place
Place = tuple[int, Step, int | None, bool]


class Kind(IntEnum):
    """What is known of a value in a register."""

    UNKNOWN = 0
    CONSTANT = 1  # ``number``
    OFFSET = 2  # the constant ``number`` plus something unknown
    LOADED = 3  # the word in memory at ``base`` + ``number``
    STACK = 4  # the stack pointer + ``number``
    ALIGNED = 5  # the stack pointer, rounded down by at most ``number``


class Value(NamedTuple):
    """A value in a register, as far as a look back through the code can tell."""

    kind: Kind = Kind.UNKNOWN
    number: int = 0
    base: Value | None = None


UNKNOWN = Value()


class Reader(Protocol):
    """Reads the image's words, for literals in code."""

    def word(self, address: int) -> int | None:
        """The 32-bit word at a memory address, or None."""


class Isa(Protocol):
    """What the analysis asks of an instruction set."""

    alignment: int  # of instructions, bytes
    pointer_mask: int  # what clears the mode bits of a code pointer
    clobbered: frozenset[str]  # registers that a call may overwrite
    stack: str  # the stack pointer's name
    whole: re.Pattern[bytes]  # nothing but whole instructions

    def decode(self, code: bytes, address: int) -> list[Insn]:
        """All instructions of ``code``; bytes that are none come as ``.byte``."""

    def outline(self, code: bytes, address: int) -> Iterator[Place]:
        """The steps of ``code``: much faster than to decode it, since equal instructions are
        decoded once, and most not at all."""

    def constants(self, code: bytes, address: int) -> list[tuple[int, int]]:
        """The instructions that make constants, as (address, instruction word)."""

    def middles(self, code: bytes, address: int) -> set[int]:
        """Addresses in the middle of instructions (and perhaps places after the code)."""

    def constant(self, address: int, word: int) -> tuple[str, str, str, int]:
        """(register, form, source, number) of an instruction that makes a constant."""

    def lift(self, insn: Insn) -> Step | None:
        """The step of an instruction, or None where it neither jumps nor moves the stack."""

    def written(self, insn: Insn) -> tuple[str, ...]:
        """The registers that an instruction writes."""

    def literal(self, insn: Insn) -> int | None:
        """The address of a literal that an instruction reads relative to itself."""

    def form(self, insn: Insn, register: str) -> tuple[str, str, int]:
        """How ``register`` is computed: (form, source register, number).

        Forms: ``constant``; ``copy`` (source + number); ``high`` (number << 16 over source);
        ``load`` (the word at source + number); ``index`` (the word at the sum of two registers,
        named with a space between); ``shift`` (source << number); ``negate``; ``align`` (source
        with low bits cleared, at most number); ``sum``, ``difference`` (of two); ``other``.
        """


def steps(isa: Isa, code: bytes, address: int) -> list[Step]:
    """The steps of ``code``, each with its address and target."""
    found = []
    for place, step, target, may_not in isa.outline(code, address):
        conditional = step.conditional or (may_not and step.flow is not Flow.NEXT)
        found.append(step._replace(address=place, target=target, conditional=conditional))
    return found

"""Steps of instructions, decoded once for each instruction word.

Code repeats itself: a tenth of an image's instructions are different ones. What a word does is the
same wherever it stands, but for targets, which are relative, and for what is read relative to the
program counter, which is decoded in its place.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from litbench.firmware.step import Insn, Step

_BASE = 0x4000_0000  # where a word is decoded to learn what it does; aligned, far from 0


class Template(NamedTuple):
    """What an instruction word does. ``step`` has its target relative to the instruction."""

    step: Step | None = None
    in_place: bool = False  # depends on where it stands
    constant: bool = False  # may make a part of an address
    conditions: int = 0  # the following instructions that are conditional (Thumb's IT)


EMPTY = Template()  # the instruction words that do nothing of interest


class Decoder(Protocol):
    def decode(self, code: bytes, address: int) -> list[Insn]: ...

    def lift(self, insn: Insn) -> Step | None: ...

    def makes_constant(self, insn: Insn) -> bool: ...


def decode_one(decoder: Decoder, word: int, size: int, address: int) -> Insn:
    """The instruction of a word (little-endian, of ``size`` bytes) at an address."""
    insns = decoder.decode(word.to_bytes(size, "little"), address)
    if insns and insns[0].size == size:
        return insns[0]
    return Insn(address, size, ".byte", "")


def template(decoder: Decoder, word: int, size: int) -> Template:
    """What a word does, wherever it stands."""
    insn = decode_one(decoder, word, size, _BASE)
    constant = decoder.makes_constant(insn)
    if "[pc" in insn.operands and not insn.mnemonic.startswith("tb"):
        target = insn.operands[:3] in {"pc,", "sp,"}
        return Template(in_place=target, constant=constant) if target or constant else EMPTY
    if insn.mnemonic == "auipc":
        return Template(in_place=insn.operands.startswith("sp,"), constant=constant)
    if insn.mnemonic.startswith("it"):
        return Template(conditions=len(insn.mnemonic) - 1)
    step = decoder.lift(insn)
    if step is not None and step.target is not None:
        step = step._replace(target=step.target - _BASE)
    return Template(step, constant=constant) if step is not None or constant else EMPTY

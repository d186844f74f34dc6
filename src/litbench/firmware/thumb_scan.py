"""A run of Thumb code at a glance: its jumps, its moves of the stack pointer, its constants.

Most halfwords do nothing of that, whatever their operands, so a regular expression over the bytes
passes over them and stops at the others; a test decodes all 59,392 to prove that none is missed.
Reference: Armv7-M Architecture Reference Manual DDI 0403, A5.2 and A7.7.18 (BL).
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Iterator

from litbench.firmware.step import Flow, Place, Step
from litbench.firmware.templates import Decoder, Template, decode_one, template

FIRST_OF_TWO = 0xE800  # halfwords from here on begin an instruction of 32 bits
_STRAIGHT = 0x2800  # J1 and J2 of BL: both set where the distance is below 4 MB


def _letters(numbers: list[int]) -> bytes:
    return b"".join(re.escape(bytes([number])) for number in numbers)


# low bytes of ADD and MOV (high registers) that write neither SP nor PC
_OTHER_REGISTERS = _letters([n for n in range(256) if n & 0x87 not in {0x85, 0x87}])
_HINTS = _letters(list(range(0, 256, 16)))  # NOP, WFI and such; the other BFxx are IT
_PLAIN = (
    rb"[\x00-\xff][\x00-\x43\x45\x48-\xaf\xb2\xba\xbe\xdf]|[^\x00][\xc0-\xcf]"
    rb"|[%b][\x44\x46]|[%b]\xbf" % (_OTHER_REGISTERS, _HINTS)
)  # fmt: skip
_GENERAL = (*range(13), 14)  # registers other than SP and PC


def _bytes_of(high: tuple[int, ...], low: tuple[int, ...]) -> bytes:
    """A class of the bytes with these nibbles."""
    return b"[%b]" % _letters([h << 4 | n for h in high for n in low])


# of 32 bits: arithmetic (a modified constant, a shifted register) into a general register,
# comparisons, MOVW and MOVT, and loads and stores at a constant offset, which do not write back
_RD = _bytes_of(tuple(range(8)), _GENERAL)
_RM = _bytes_of(tuple(range(16)), _GENERAL)
_AND_TO_EOR, _ADD_TO_RSB = tuple(range(10)), (0, 1, 4, 5, 6, 7, 10, 11, 12, 13)
_MOV = rb"[\x4f\x5f\x6f\x7f]"
_PLAIN_WIDE = b"|".join(
    [
        rb"(?:%b|%b)[\xf0\xf4].%b" % (_bytes_of(_AND_TO_EOR, _GENERAL), _MOV, _RD),
        rb"%b[\xf1\xf5].%b" % (_bytes_of(_ADD_TO_RSB, _GENERAL), _RD),
        rb"(?:%b|%b)\xea%b%b" % (_bytes_of(_AND_TO_EOR, _GENERAL), _MOV, _RM, _RD),
        rb"%b\xeb%b%b" % (_bytes_of(_ADD_TO_RSB, _GENERAL), _RM, _RD),
        rb"(?:%b[\xf0\xf4]|%b[\xf1\xf5]).%b" % (
            _bytes_of((1, 9), _GENERAL), _bytes_of((1, 11), _GENERAL),
            _bytes_of(tuple(range(8)), (15,)),
        ),
        rb"(?:%b|%b)[\xf2\xf6].%b" % (
            _bytes_of((4, 12), tuple(range(16))), _bytes_of((0, 10), _GENERAL), _RD
        ),
        rb"%b\xf8.%b" % (_bytes_of((0, 1, 2, 3, 4, 5), _GENERAL), _bytes_of(_GENERAL, (12,))),
        rb"%b\xf8.%b" % (_bytes_of((8, 9, 10, 11, 12, 13), (*range(15),)),
                          _bytes_of(_GENERAL, (*range(16),))),
    ]
)  # fmt: skip
# then one instruction that may matter: BL, another of 32 bits, or one of 16 bits
_TOKENS = re.compile(
    rb"(?:%b|%b)*+(?:(.[\xf0-\xf7].[\xd0-\xdf\xf0-\xff])|(.[\xe8-\xff]..)|(..)|\Z)"
    % (_PLAIN, _PLAIN_WIDE),
    re.DOTALL,
)
_CALL, _NARROW = 1, 3
_CALLS = Step(0, 4, Flow.CALL, 0)
WHOLE = re.compile(rb"(?:.[\x00-\xe7]|.[\xe8-\xff]..)*+", re.DOTALL)
_CONSTANTS = re.compile(  # ADR, MOVW and MOVT, and what looks like them
    rb"(?:.[\x00-\x9f\xa8-\xe7]|.[\xe8-\xf1\xf3-\xf5\xf7-\xff]..)*+(.[\xf2\xf6]..|.[\xa0-\xa7])?+",
    re.DOTALL,
)
_LONG = re.compile(rb"(?:.[\x00-\xe7])*+.[\xe8-\xff]..", re.DOTALL)


def passes_over(code: bytes) -> bool:
    """Whether the scan takes an instruction of 16 or 32 bits to be of no interest."""
    return re.fullmatch(b"%b|%b" % (_PLAIN, _PLAIN_WIDE), code, re.DOTALL) is not None


def middles(code: bytes, address: int) -> set[int]:
    """Where the second halves of 32-bit instructions are (and perhaps places after the code)."""
    # a last one behind the code, so that the search ends there and begins nowhere else
    ended = code[: len(code) & ~1] + b"\x00\xf0\x00\x80"
    return {address + match.end() - 2 for match in _LONG.finditer(ended)}


def outline(
    decoder: Decoder, templates: dict[int, Template], code: bytes, address: int
) -> Iterator[Place]:
    """The steps of ``code``; ``templates`` remembers what instruction words do."""
    halves = array("H", code[: len(code) & ~1])
    if sys.byteorder == "big":
        halves.byteswap()
    conditional_up_to = 0
    for match in _TOKENS.finditer(code, 0, 2 * len(halves)):
        kind = match.lastindex
        if kind is None:
            return
        at = match.end() >> 1
        word = halves[at - 1]
        if kind == _NARROW:
            place, size = address + 2 * at - 2, 2
        else:
            place, size = address + 2 * at - 4, 4
            if kind == _CALL:
                callee = place + 4 + call_distance(halves[at - 2], word) & 0xFFFFFFFF
                yield place, _CALLS, callee, place < conditional_up_to
                continue
            word = halves[at - 2] | word << 16
        what = templates.get(word)
        if what is None:
            what = templates[word] = template(decoder, word, size)
        step = what.step
        if step is not None:
            away = step.target
            target = None if away is None else place + away & 0xFFFFFFFF
            yield place, step, target, place < conditional_up_to
        elif what.conditions:
            conditional_up_to = address + _after(halves, at, what.conditions)
        elif what.in_place:
            step = decoder.lift(decode_one(decoder, word, size, place))
            if step is not None:
                yield place, step, step.target, place < conditional_up_to


def constants(
    decoder: Decoder, templates: dict[int, Template], code: bytes, address: int
) -> list[tuple[int, int]]:
    """The instructions that make constants, as (address, instruction word)."""
    found = []
    for match in _CONSTANTS.finditer(code, 0, len(code) & ~1):
        raw = match[1]
        if raw is None:
            break
        word = int.from_bytes(raw, "little")
        what = templates.get(word)
        if what is None:
            what = templates[word] = template(decoder, word, len(raw))
        if what.constant:
            found.append((address + match.end() - len(raw), word))
    return found


def _after(halves: array[int], at: int, count: int) -> int:
    """The offset in bytes after ``count`` instructions from the halfword ``at``."""
    for _ in range(count):
        if at < len(halves):
            at += 2 if halves[at] >= FIRST_OF_TWO and at + 1 < len(halves) else 1
    return 2 * at


def call_distance(first: int, second: int) -> int:
    """How far BL jumps (encoding T1), from the address 4 bytes after it."""
    near = (first & 0x7FF) << 12 | (second & 0x7FF) << 1
    sign = first >> 10 & 1
    if second & _STRAIGHT == _STRAIGHT:
        return near - (sign << 23)
    high = ~(second >> 13 ^ sign) & 1
    low = ~(second >> 11 ^ sign) & 1
    return (near & 0x3FFFFF) | low << 22 | high << 23 | -sign << 24

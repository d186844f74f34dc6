"""The fast scan of code against capstone, instruction by instruction."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litbench.firmware.riscv import RiscV
from litbench.firmware.step import Flow, Isa, Step, steps
from litbench.firmware.templates import Template, template
from litbench.firmware.thumb import Thumb
from litbench.firmware.thumb_scan import passes_over
from tests.firmware.fixtures import NAMES, graph


class Nothing:
    """A reader of an image without words."""

    def word(self, address: int) -> int | None:
        return None


THUMB, RISCV = Thumb(Nothing()), RiscV()


def slow(isa: Isa, code: bytes, address: int) -> list[Step]:
    """The steps by decoding and lifting every instruction where it stands."""
    steps = (isa.lift(insn) for insn in isa.decode(code, address))
    return [step for step in steps if step is not None]


@pytest.mark.parametrize("name", NAMES)
def test_the_scan_agrees_with_capstone_on_every_function(name: str) -> None:
    program = graph(name).program
    for function in program.functions:
        body = program.body(function)
        lifted = [s for i in body.insns if (s := program.isa.lift(i)) is not None]
        assert body.steps == lifted, function.name
        begins = [a for a in range(function.start, function.end) if body.begins(a)]
        assert begins == [insn.address for insn in body.insns]
        assert body.all_begin(begins)
        others = set(range(function.start, function.end)) - {*begins}
        assert not any(body.all_begin([*begins[:2], other]) for other in others)
        assert not begins or body.last == begins[-1]


def test_the_scan_passes_over_no_halfword_that_matters() -> None:
    """All of them, decoded by capstone."""
    passed = 0
    for word in range(0xE800):
        if passes_over(word.to_bytes(2, "little")):
            passed += 1
            assert template(THUMB, word, 2)._replace(constant=False) == Template(), hex(word)
    assert passed > 30_000


def test_the_scan_passes_over_no_word_that_matters() -> None:
    """Every first halfword with random second ones, SP and PC often among their registers."""
    chance = random.Random(5)
    passed = 0
    for first in range(0xE800, 0x10000):
        for _ in range(12):
            second = chance.choice((0, 13, 14, 15, 255)) | chance.choice((0, 13, 15, 7)) << 8
            second ^= chance.choice((0, chance.randrange(0x10000)))
            word = second << 16 | first
            if passes_over(word.to_bytes(4, "little")):
                passed += 1
                assert template(THUMB, word, 4)._replace(constant=False) == Template(), hex(word)
    assert passed > 5_000


@pytest.mark.parametrize("seed", range(20))
def test_calls_of_every_distance(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(500):
        first, second = 0xF000 | chance.randrange(0x800), 0xD000 | chance.randrange(0x3000)
        second |= 0x1000 | chance.choice((0, 0x2000)) | 0xC000
        code = first.to_bytes(2, "little") + second.to_bytes(2, "little")
        if second & 0xD000 == 0xD000:
            assert steps(THUMB, code, 0x0800_0000) == slow(THUMB, code, 0x0800_0000)
        code = (chance.randrange(1 << 20) << 12 | 0x0EF).to_bytes(4, "little")
        assert steps(RISCV, code, 0x2000_0000) == slow(RISCV, code, 0x2000_0000)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 0xFFFF_FFFF))
def test_any_thumb_word(word: int) -> None:
    if word & 0xFFFF < 0xE800:
        word &= 0xFFFF
    code = word.to_bytes(4 if word > 0xFFFF else 2, "little")
    found = steps(THUMB, code, 0x1000)
    insns = THUMB.decode(code, 0x1000)
    if len(insns) == 1 and not insns[0].mnemonic.startswith("it"):
        assert found == slow(THUMB, code, 0x1000)
    elif len(insns) > 1:  # capstone skips two bytes of what it does not know; the word has four
        assert [s.flow for s in found] == [Flow.STOP]


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 0xFFFF_FFFF))
def test_any_riscv_word(word: int) -> None:
    code = word.to_bytes(4, "little") if word & 3 == 3 else (word & 0xFFFF).to_bytes(2, "little")
    insns = RISCV.decode(code, 0x1000)
    if len(insns) == 1:
        assert steps(RISCV, code, 0x1000) == slow(RISCV, code, 0x1000)

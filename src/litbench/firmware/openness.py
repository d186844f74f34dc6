"""Why the functions whose address is taken might not be all that a pointer can hold.

Where nothing is found here, they are all, if the image is closed: no function's address comes from
outside the image, none is computed but as compilers do it, and a pointer is called as what it was
stored as. That is the user's to say (``stack.closed``).
"""

from __future__ import annotations

import re
from functools import cached_property

from litbench.firmware.elf import SHT_REL, SHT_RELA
from litbench.firmware.functions import Program
from litbench.firmware.step import Kind, Value

_ADD_PC = re.compile(rb"[\x78-\x7f\xf8-\xff]\x44")  # ADD Rdn, PC
_UNWINDING = (".ARM.extab", ".gcc_except_table")


class Openness:
    """What leaves the candidates of calls in a program open."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._elf = program.elf

    def reason(self, value: Value) -> str:
        """Why a call to ``value`` may reach more than what was found; "" where nothing says so."""
        return self._of_value(value) or self._of_image

    def _of_value(self, value: Value | None) -> str:
        """A pointer read at an address outside the image may have been put there by others."""
        while value is not None:
            outside = value.kind in {Kind.CONSTANT, Kind.OFFSET} and value.number
            if outside and self._elf.section_at(value.number) is None:
                return f"the pointer is read at {value.number:#x}, outside the image"
            value = value.base
        return ""

    @cached_property
    def _of_image(self) -> str:
        if not self._program.symbolic:
            return "without symbols functions may be missed"
        for section in self._elf.sections:
            if section.allocated and section.size and section.type in {SHT_REL, SHT_RELA}:
                return f"{section.name} changes addresses when the image is loaded"
            if section.allocated and section.size and section.name in _UNWINDING:
                return f"{section.name} names functions in a form of its own"
        if self._elf.machine == "arm" and self._is_relative():
            return "addresses are computed relative to the program counter"
        return ""

    def _is_relative(self) -> bool:
        """Whether code adds to the program counter, as position-independent code does."""
        for function in self._program.functions:
            for first, code in self._program.body(function).runs:
                found = _ADD_PC.finditer(code)
                if any(m.start() % 2 == 0 and self._program.body(function).begins(first + m.start())
                       for m in found):  # fmt: skip
                    return True
        return False

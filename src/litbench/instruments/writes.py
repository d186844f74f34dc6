"""Where sampled threads write: addresses computed from the instruction and the registers.

A processor with memory sampling tells the address of a store. Without one, a sample of the
registers nearly does: the instruction at the sampled address, or one just before it whose address
registers have not changed since, is decoded, and its operand computed. Only x86-64 is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litbench.instruments.maps import MARK, Maps
from litbench.instruments.perf_script import head_of
from litbench.instruments.symbolise import function_start

LOOK_BACK = 4
LOOK_AHEAD = 6
LONGEST = 4096
CACHE_LIMIT = 50_000
_REGISTER = re.compile(rb"\b([A-Z][A-Z0-9]+):\s*(0x[0-9a-f]+)")
_NAMES = {"ax": "AX", "bx": "BX", "cx": "CX", "dx": "DX", "si": "SI", "di": "DI", "bp": "BP",
          "sp": "SP", "ip": "IP"}  # fmt: skip


@dataclass(frozen=True)
class Write:
    """A sampled store: thread, address, size, and the instruction's module and offset in it."""

    thread: str
    tid: int
    address: int
    size: int
    path: str
    offset: int


def read_writes(lines: Iterable[bytes]) -> Iterator[Write | None]:
    """The store behind every user-mode sample, or None where there is none."""
    maps = Maps()
    decoder = Decoder()
    for line in lines:
        if MARK in line:
            maps.take(line)
            continue
        head = head_of(line)
        if head is None or b"ABI:" not in line:
            continue
        registers = {name.decode(): int(value, 16) for name, value in _REGISTER.findall(line)}
        place = maps.find(registers.get("IP", -1))
        if place is None:
            yield None
            continue
        found = decoder.write_at(*place, registers)
        yield Write(head.thread, head.tid, *found, *place) if found else None


@dataclass(frozen=True)
class _Operand:
    """A written memory operand: base + index * scale + displacement, of ``size`` bytes."""

    base: str
    index: str
    scale: int
    displacement: int
    size: int


class Decoder:
    """Finds the store at or just before an instruction; every place is decoded once."""

    def __init__(self) -> None:
        import capstone

        self._capstone: Any = capstone
        self._machine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
        self._machine.detail = True
        self._known: dict[tuple[str, int], _Operand | None] = {}

    def write_at(self, path: str, offset: int, registers: dict[str, int]) -> tuple[int, int] | None:
        """(address, bytes) of the store at an offset of a file, or None."""
        key = (path, offset)
        if key not in self._known:
            if len(self._known) >= CACHE_LIMIT:
                return None
            self._known[key] = self._operand(path, offset, registers["IP"])
        operand = self._known[key]
        if operand is None:
            return None
        if operand.base == "IP":
            # already relative to this very sample's instruction
            return registers["IP"] + operand.displacement, operand.size
        parts = [operand.base, operand.index]
        if any(part and part not in registers for part in parts):
            return None
        address = registers.get(operand.base, 0) + registers.get(operand.index, 0) * operand.scale
        return (address + operand.displacement) & (2**64 - 1), operand.size

    def _operand(self, path: str, offset: int, ip: int) -> _Operand | None:
        start = function_start(path, offset)
        if start is None or offset - start > LONGEST:
            return None
        try:
            with Path(path).open("rb") as file:
                file.seek(start)
                code = file.read(offset - start + 16 * LOOK_AHEAD)
        except OSError:
            return None
        first = ip - (offset - start)
        before: list[Any] = []
        after: list[Any] = []
        for each in self._machine.disasm(code, first):
            (before if each.address < ip else after).append(each)
            if len(after) > LOOK_AHEAD:
                break
        if not after or after[0].address != ip:
            return None  # not the boundary of an instruction: data in the code
        return self._ahead(after, ip) or self._behind(before[-LOOK_BACK:], ip)

    def _ahead(self, instructions: list[Any], ip: int) -> _Operand | None:
        """The first store from here on, if its address registers will be what they are now."""
        changed: set[str] = set()
        for each in instructions:
            operand = self._written(each, ip)
            if operand is not None:
                return None if {operand.base, operand.index} & changed else operand
            if self._leaves(each):
                return None
            changed |= self._changed(each)
        return None

    def _behind(self, instructions: list[Any], ip: int) -> _Operand | None:
        """The last store before, if its address registers are still what they were."""
        changed: set[str] = set()
        for each in reversed(instructions):
            if self._leaves(each):
                return None
            changed |= self._changed(each)
            operand = self._written(each, ip)
            if operand is not None:
                return None if {operand.base, operand.index} & changed else operand
        return None

    def _changed(self, each: Any) -> set[str]:
        return {_register(each.reg_name(number)) for number in each.regs_access()[1]} - {"IP"}

    def _leaves(self, each: Any) -> bool:
        groups = self._capstone
        return any(
            each.group(g) for g in (groups.CS_GRP_JUMP, groups.CS_GRP_CALL, groups.CS_GRP_RET)
        )

    def _written(self, each: Any, ip: int) -> _Operand | None:
        x86 = self._capstone.x86
        for operand in each.operands:
            if operand.type == x86.X86_OP_MEM and operand.access & self._capstone.CS_AC_WRITE:
                base = _register(each.reg_name(operand.mem.base) or "")
                index = _register(each.reg_name(operand.mem.index) or "")
                displacement = operand.mem.disp
                if operand.mem.segment not in (0, x86.X86_REG_DS, x86.X86_REG_SS):
                    return None  # thread-local: no other thread is there
                if base in {"SP", "BP"}:
                    return None
                if base == "IP":
                    displacement += each.address + each.size - ip
                return _Operand(base, index, operand.mem.scale, displacement, operand.size)
        return None


def _register(name: str) -> str:
    """perf's name of the 64-bit register that ``name`` is a part of."""
    if not name:
        return ""
    if name[0] == "r" and name[1:2].isdigit():
        return "R" + name[1:].rstrip("dwb")
    core = name.removeprefix("r") if len(name) == 3 and name[0] == "r" else name
    core = core.removeprefix("e") if len(core) == 3 and core[0] == "e" else core
    if len(core) == 2 and core[1] in "lh" and core[0] in "abcd":
        core = core[0] + "x"
    return _NAMES.get(core.removesuffix("l") if len(core) == 3 else core, core.upper())

"""Frame sizes that the compiler declared: ``.stack_sizes`` and call frame information.

``.stack_sizes`` (LLVM) is an array of an address of pointer size and an ULEB128. Call frame
information is DWARF 5, section 6.4, in ``.debug_frame`` or ``.eh_frame``; of it only the largest
offset of the canonical frame address from the stack pointer is read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from litbench.firmware.elf import Elf, Section

_STACK_POINTER = {"arm": 13, "riscv": 2}
# operands of call frame instructions: u ULEB128, s SLEB128, b block, a address, digits bytes
_OPERANDS = {
    0x00: "", 0x01: "a", 0x02: "1", 0x03: "2", 0x04: "4", 0x05: "uu", 0x06: "u", 0x07: "u",
    0x08: "u", 0x09: "uu", 0x0A: "", 0x0B: "", 0x0C: "uu", 0x0D: "u", 0x0E: "u", 0x0F: "b",
    0x10: "ub", 0x11: "us", 0x12: "us", 0x13: "s", 0x14: "uu", 0x15: "us", 0x16: "ub", 0x1D: "8",
    0x2D: "", 0x2E: "u", 0x2F: "uu",
}  # fmt: skip


class _Malformed(Exception):  # noqa: N818 (control flow inside this module)
    pass


class _Cie(NamedTuple):
    augmentation: bytes
    encoding: int
    instructions: bytes


def stack_sizes(elf: Elf) -> dict[int, int]:
    """Frame bytes by function address, from ``.stack_sizes``; empty where there is none.

    A malformed tail ends the reading: what was read before it stands.
    """
    found: dict[int, int] = {}
    for section in elf.sections:
        if section.name != ".stack_sizes" or section.nobits:
            continue
        data, at = bytes(elf.content(section)), 0
        width = elf.bits // 8
        while at + width < len(data):
            address = int.from_bytes(data[at : at + width], "little") & ~_thumb(elf)
            try:
                size, at = _uleb(data, at + width)
            except _Malformed:
                break
            found[address] = max(size, found.get(address, 0))
    return found


def cfi_frames(elf: Elf) -> dict[int, int]:
    """The largest known distance from the stack pointer to the frame's address, by function.

    A lower bound of the frame, and exact where the frame address follows the stack pointer
    throughout. Malformed parts are left out.
    """
    found: dict[int, int] = {}
    for name in (".debug_frame", ".eh_frame"):
        section = elf.section(name)
        if section is None or section.nobits or elf.bits != 32:
            continue
        for start, largest in _descriptions(elf, section, eh=name == ".eh_frame"):
            found[start] = max(largest, found.get(start, 0))
    return found


def _thumb(elf: Elf) -> int:
    return 1 if elf.machine == "arm" else 0


def _descriptions(elf: Elf, section: Section, *, eh: bool) -> Iterator[tuple[int, int]]:
    data = bytes(elf.content(section))
    cies: dict[int, _Cie | None] = {}
    known: dict[tuple[bytes, bytes], int] = {}  # most functions are described in the same words
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        end = at + 4 + length
        if length == 0:
            at += 4
            continue
        if end > len(data) or length < 4:
            return
        ident = int.from_bytes(data[at + 4 : at + 8], "little")
        if ident != (0 if eh else 0xFFFFFFFF):
            where = at + 4 - ident if eh else ident
            if where not in cies:
                cies[where] = _read_cie(data, where)
            cie = cies[where]
            if cie is not None:
                with contextlib.suppress(_Malformed, IndexError):
                    yield _describe(elf, section.address + at, data[at:end], cie, known)
        at = end


def _read_cie(data: bytes, at: int) -> _Cie | None:
    try:
        if not 0 <= at <= len(data) - 9:
            return None
        end = at + 4 + int.from_bytes(data[at : at + 4], "little")
        version, at = data[at + 8], at + 9
        stop = data.index(b"\0", at, end)
        augmentation, at = data[at:stop], stop + 1
        if version >= 4:
            at += 2
        _, at = _uleb(data, at)
        _, at = _uleb(data, at)
        at = at + 1 if version == 1 else _uleb(data, at)[1]
        encoding = 0
        if augmentation.startswith(b"z"):
            size, at = _uleb(data, at)
            body = data[at : at + size]
            for letter in augmentation[1:].decode("latin-1"):
                if letter == "R" and body:
                    encoding = body[0]
                body = body[5 if letter == "P" else 1 :]
            at += size
        return _Cie(augmentation, encoding, data[at:end])
    except (_Malformed, IndexError, ValueError):
        return None


def _describe(
    elf: Elf, place: int, data: bytes, cie: _Cie, known: dict[tuple[bytes, bytes], int]
) -> tuple[int, int]:
    """(function, largest offset) of a description at the address ``place``."""
    start = int.from_bytes(data[8:12], "little")
    if cie.encoding & 0x70 == 0x10:  # relative to where it stands
        start = start + place + 8 & 0xFFFFFFFF
    at = 16
    if cie.augmentation.startswith(b"z"):
        size, at = _uleb(data, at)
        at += size
    key = (cie.instructions, data[at:])
    if key not in known:
        pointer = _STACK_POINTER.get(elf.machine, -1)
        state = _run(cie.instructions, (pointer, 0, 0), pointer)
        known[key] = _run(data[at:], state, pointer)[2]
    return start & ~_thumb(elf), known[key]


def _run(code: bytes, state: tuple[int, int, int], pointer: int) -> tuple[int, int, int]:
    """Executes call frame instructions on (register, offset, largest offset from SP)."""
    register, offset, largest = state
    saved: list[tuple[int, int]] = []
    at = 0
    while at < len(code):
        op, at = code[at], at + 1
        high = op & 0xC0
        if high == 0x80:
            _, at = _uleb(code, at)
        if high:
            continue
        values, at = _arguments(code, at, op)
        if op == 0x0C:
            register, offset = values
        elif op == 0x0D:
            register = values[0]
        elif op == 0x0E:
            offset = values[0]
        elif op == 0x0A:
            saved.append((register, offset))
        elif op == 0x0B and saved:
            register, offset = saved.pop()
        if register == pointer:
            largest = max(largest, offset)
    return register, offset, largest


def _arguments(code: bytes, at: int, op: int) -> tuple[list[int], int]:
    form = _OPERANDS.get(op)
    if form is None:
        raise _Malformed
    values = []
    for kind in form:
        if kind in "us":
            value, at = _uleb(code, at)
            values.append(value)
        elif kind == "b":
            size, at = _uleb(code, at)
            at += size
        else:
            at += 4 if kind == "a" else int(kind)
    return values, at


def _uleb(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if not byte & 0x80:
            return value, at
        shift += 7
    raise _Malformed

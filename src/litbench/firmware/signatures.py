"""Which functions a unit's function pointers may hold, by their types in DWARF (section 5.10).

A C unit that calls through a pointer describes the pointer's type. A function of another type
cannot be called through it without undefined behaviour, so it is no candidate. Types are compared
by what calling needs: integers and enumerations by their size, all pointers alike. What is not
known (a function without a prototype, a unit without types, another language) narrows nothing.
"""

from __future__ import annotations

import io
from functools import cached_property
from typing import Any

from litbench.firmware.elf import Elf

MAX_DEBUG_INFO = 2 * 1024 * 1024  # read at some 100,000 entries a second: larger ones are left out
MAX_NESTING = 32
_C = {0x01, 0x02, 0x0C, 0x1D, 0x2C, 0x3E}
_TRANSPARENT = {
    "DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type", "DW_TAG_restrict_type",
    "DW_TAG_atomic_type",
}  # fmt: skip
_POINTERS = {"DW_TAG_pointer_type", "DW_TAG_reference_type", "DW_TAG_array_type"}

Signature = tuple[object, ...]


class Signatures:
    """The signatures of an image's functions, and those of each unit's function pointers."""

    def __init__(self, elf: Elf) -> None:
        self._elf = elf

    def allows(self, caller: int, target: int) -> bool:
        """Whether a pointer in the function at ``caller`` may hold the one at ``target``."""
        functions, units = self._read
        signature, unit = functions.get(target, (None, -1))[0], functions.get(caller, (None, -1))[1]
        pointers = units.get(unit)
        return signature is None or not pointers or signature in pointers

    @cached_property
    def _read(self) -> tuple[dict[int, tuple[Signature | None, int]], dict[int, set[Signature]]]:
        """(signature, unit) by function, and the pointed-to signatures of each C unit."""
        section = self._elf.section(".debug_info")
        if section is None or section.size > MAX_DEBUG_INFO:
            return {}, {}
        functions: dict[int, tuple[Signature | None, int]] = {}
        units: dict[int, set[Signature]] = {}
        try:
            self._collect(functions, units)
        except Exception:  # pyelftools raises nearly anything on malformed debug information
            return {}, {}
        return functions, units

    def _collect(
        self, functions: dict[int, tuple[Signature | None, int]], units: dict[int, set[Signature]]
    ) -> None:
        from elftools.elf.elffile import ELFFile

        dwarf = ELFFile(io.BytesIO(self._elf.data)).get_dwarf_info(relocate_dwarf_sections=False)
        for number, unit in enumerate(dwarf.iter_CUs()):
            top = unit.get_top_DIE()
            language = top.attributes.get("DW_AT_language")
            is_c = language is not None and language.value in _C
            pointers: set[Signature] = set()
            for die in unit.iter_DIEs():
                if die.tag == "DW_TAG_subroutine_type" and is_c:
                    signature = _signature(die)
                    if signature is None:
                        is_c = False  # a pointer to a function without a prototype holds any
                    else:
                        pointers.add(signature)
                elif die.tag == "DW_TAG_subprogram" and "DW_AT_low_pc" in die.attributes:
                    start = int(die.attributes["DW_AT_low_pc"].value) & ~1
                    functions[start] = (_signature(_origin(die)) if is_c else None, number)
            if is_c:
                units[number] = pointers


def _origin(die: Any) -> Any:
    """The declaration that a definition refers to, or the definition itself."""
    for name in ("DW_AT_abstract_origin", "DW_AT_specification"):
        if name in die.attributes:
            return die.get_DIE_from_attribute(name)
    return die


def _signature(die: Any) -> Signature | None:
    """What calling a function of this type needs; None where it has no prototype."""
    if "DW_AT_prototyped" not in die.attributes:
        return None
    parts: list[object] = [_class(die, 0)]
    for child in die.iter_children():
        if child.tag == "DW_TAG_formal_parameter":
            parts.append(_class(_origin(child), 0))
        elif child.tag == "DW_TAG_unspecified_parameters":
            parts.append("...")
    return tuple(parts)


def _class(die: Any, depth: int) -> object:  # noqa: PLR0911 (one a kind of type)
    """How a value of the type that ``die`` refers to is passed."""
    if "DW_AT_type" not in die.attributes:
        return "void"
    if depth > MAX_NESTING:
        return "unknown"
    kind = die.get_DIE_from_attribute("DW_AT_type")
    if kind.tag in _TRANSPARENT:
        return _class(kind, depth + 1)
    if kind.tag in _POINTERS:
        return "pointer"
    size = kind.attributes.get("DW_AT_byte_size")
    number = size.value if size is not None else None
    if kind.tag == "DW_TAG_base_type":
        is_float = kind.attributes["DW_AT_encoding"].value in {0x03, 0x04}
        return ("float" if is_float else "integer", number)
    if kind.tag == "DW_TAG_enumeration_type":
        return ("integer", number)
    return (kind.tag, number)

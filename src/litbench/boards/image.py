"""A firmware image: what a board needs to know of an ELF."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litbench.errors import InputError

PROBE_SYMBOL = "LITBENCH_PROBE"
JOB_SYMBOL = "LITBENCH_JOB"
EXIT_SYMBOL = "litbench_exit"
MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Symbol:
    """A name for an address; ``size`` in bytes, 0 where the ELF does not say."""

    name: str
    address: int
    size: int
    function: bool


@dataclass(frozen=True)
class Image:
    """An ELF for a 32-bit little-endian core. ``machine`` is ``arm`` or ``riscv``."""

    path: Path
    machine: str
    digest: str
    entry: int
    symbols: tuple[Symbol, ...]
    writable: tuple[tuple[int, int], ...]

    def symbol(self, name: str) -> Symbol | None:
        """The symbol of that name, or None."""
        return next((symbol for symbol in self.symbols if symbol.name == name), None)

    @property
    def takes_jobs(self) -> bool:
        """Whether the firmware has a probe and a place for a job."""
        return bool(self.symbol(PROBE_SYMBOL) and self.symbol(JOB_SYMBOL))

    def functions(self) -> Functions:
        """A lookup from an address to the function that it is in."""
        return Functions([symbol for symbol in self.symbols if symbol.function])


class Functions:
    """Finds the function at an address."""

    def __init__(self, symbols: list[Symbol]) -> None:
        best = {s.address: s for s in sorted(symbols, key=lambda s: (s.size, s.name))}
        self._sorted = [best[address] for address in sorted(best)]
        self._starts = [symbol.address for symbol in self._sorted]

    def at(self, address: int) -> Symbol | None:
        """The function at ``address``; one of unknown size reaches to the next."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        symbol = self._sorted[index]
        return symbol if not symbol.size or address < symbol.address + symbol.size else None


def load(path: Path) -> Image:
    """Reads an ELF. Raises InputError when it is not one that a board here can run."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(path, f"larger than {MOST_BYTES >> 20} MiB")
        data = path.read_bytes()
        with path.open("rb") as stream:
            return _read(path, ELFFile(stream), hashlib.sha256(data).hexdigest())
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except (ELFError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise InputError(path, f"not a readable ELF: {error}") from error


def _read(path: Path, elf: Any, digest: str) -> Image:
    machine = {"EM_ARM": "arm", "EM_RISCV": "riscv"}.get(elf["e_machine"])
    if machine is None or elf.elfclass != 32 or not elf.little_endian:
        raise InputError(path, "not an ELF for a 32-bit Arm or RISC-V core")
    writable = tuple(
        (segment["p_vaddr"], segment["p_vaddr"] + segment["p_memsz"])
        for segment in elf.iter_segments()
        if segment["p_type"] == "PT_LOAD" and segment["p_flags"] & 2
    )
    symbols = tuple(_symbols(elf, machine))
    return Image(path, machine, digest, elf["e_entry"], symbols, writable)


def _symbols(elf: Any, machine: str) -> list[Symbol]:
    table = elf.get_section_by_name(".symtab")
    if table is None:
        return []
    found = []
    for symbol in table.iter_symbols():
        kind = symbol["st_info"]["type"]
        if symbol["st_shndx"] == "SHN_UNDEF" or not symbol.name or symbol.name[0] in "$.":
            continue
        function = kind == "STT_FUNC" or (kind == "STT_NOTYPE" and _is_code(elf, symbol))
        address = symbol["st_value"] & ~1 if machine == "arm" and function else symbol["st_value"]
        found.append(Symbol(symbol.name, address, symbol["st_size"], function))
    return found


def _is_code(elf: Any, symbol: Any) -> bool:
    index = symbol["st_shndx"]
    return isinstance(index, int) and bool(elf.get_section(index)["sh_flags"] & 4)

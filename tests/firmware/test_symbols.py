"""Symbols: the same as nm's, every byte under one of them, and differences that add up."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from litbench.firmware import diff, sources, symbols
from litbench.firmware.demangle import demangle, fold, group
from litbench.firmware.footprint import measure
from tests.firmware.fixtures import NAMES, binutils, load, path, tool

SOME = ("calls-m3-Os", "calls-m3-O2", "rust-m3-Os", "rust-m3-O0", "virtual-rv32-O0", "ram-m0-O2")


@pytest.mark.parametrize("name", NAMES)
def test_symbols_are_those_of_nm(name: str) -> None:
    command: list[str | Path] = [binutils(name, "nm"), "-S", "--size-sort", path(name)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = (line.split(" ", 3) for line in out.splitlines())
    wanted = {(int(address, 16), int(size, 16), symbol) for address, size, _, symbol in rows}
    assert set(symbols.nm(load(name))) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_is_under_one_symbol(name: str) -> None:
    found = measure(load(name))
    items = symbols.attribute(found)
    ranges = sorted((i.address, i.address + i.size) for i in items)
    for (_, end), (start, _) in itertools.pairwise(ranges):
        assert end <= start
    assert sum(i.size for i in items) == sum(b.size for b in found.memory)
    assert sum(i.flash for i in items) == found.flash
    assert sum(i.ram for i in items) == found.ram
    for groups in (symbols.by_crate(items), symbols.by_name(items), symbols.folded(items)):
        assert sum(g.flash for g in groups) == found.flash
        assert sum(g.count for g in groups) == len(items)


def test_padding_and_bytes_without_a_symbol_are_told_apart() -> None:
    items = symbols.attribute(measure(load("calls-m3-Os")))
    padding = [i for i in items if i.name == symbols.FILLER]
    assert padding
    assert all(i.size < symbols.MAX_PADDING for i in padding)
    stripped = symbols.attribute(measure(load("stripped-m3-Os")))
    nameless = sum(i.size for i in stripped if i.name == symbols.NO_SYMBOL)
    assert nameless > 2900


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(SOME, 2)))
def test_a_difference_adds_up_exactly(old: str, new: str) -> None:
    before, after = measure(load(old)), measure(load(new))
    found = diff.compare(before, after)
    for changes in (found.symbols, found.crates):
        assert sum(c.flash for c in changes) == found.flash == after.flash - before.flash
        assert sum(c.ram for c in changes) == found.ram == after.ram - before.ram
    assert all(c.before is None for c in found.symbols if c.kind == diff.NEW)
    assert all(c.after is None for c in found.symbols if c.kind == diff.GONE)


def test_an_image_does_not_differ_from_itself() -> None:
    found = diff.compare(measure(load("rust-m3-Os")), measure(load("rust-m3-Os")))
    assert (found.symbols, found.crates, found.flash, found.ram) == ((), (), 0, 0)


def legacy(*parts: str) -> str:
    """A path as Rust's old mangling writes it, with its hash."""
    return (
        "_ZN" + "".join(f"{len(part)}{part}" for part in (*parts, "h" + "0123456789abcdef")) + "E"
    )


@pytest.mark.parametrize(
    ("symbol", "readable", "belongs"),
    [
        ("_ZN6shapes6Circle4areaEv", "shapes::Circle::area()", "shapes"),
        ("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad", "core"),
        (
            legacy("_$LT$app..Led$u20$as$u20$hal..digital..OutputPin$GT$", "set_high"),
            "<app::Led as hal::digital::OutputPin>::set_high",
            "app",
        ),
        (
            legacy("_$LT$u32$u20$as$u20$core..fmt..num..imp..Display$GT$", "fmt"),
            "<u32 as core::fmt::num::imp::Display>::fmt",
            "core",
        ),
        (legacy("app", "run", "_$u7b$$u7b$closure$u7d$$u7d$"), "app::run::{{closure}}", "app"),
        ("_RNvCs1234_7mycrate3foo", "mycrate::foo", "mycrate"),
        ("_ZTVN6shapes6CircleE", "vtable for shapes::Circle", "shapes"),
        ("memcpy", "memcpy", "[C]"),
        ("_Zbroken", "_Zbroken", "[C]"),
    ],
)
def test_names_are_demangled_and_grouped(symbol: str, readable: str, belongs: str) -> None:
    assert demangle(symbol) == readable
    assert group(symbol) == belongs


def test_cpp_names_are_those_of_cxxfilt() -> None:
    names = [s.name for n in NAMES if n.startswith("virtual") for s in load(n).symbols]
    names = sorted({n for n in names if n.startswith("_Z")})
    out = subprocess.run(
        [tool("arm-none-eabi-c++filt")], input="\n".join(names), check=True,
        capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert [demangle(n) for n in names] == out.splitlines()
    assert len(names) > 5


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        (
            "<alloc::vec::Vec<u8> as core::ops::Drop>::drop",
            "<alloc::vec::Vec<_> as core::ops::Drop>::drop",
        ),
        ("f::<u32, Vec<T>>::{closure#0}", "f::<_>::{closure#0}"),
        (
            "std::vector<int, std::allocator<int> >::push_back(int&&)",
            "std::vector<_>::push_back(int&&)",
        ),
        (
            "shapes::Polygon<3u>::area(unsigned long) const",
            "shapes::Polygon<_>::area(unsigned long) const",
        ),
        ("bool operator<(A const&, B const&)", "bool operator<(A const&, B const&)"),
        ("<fn(u8) -> u16 as Trait<X>>::go", "<fn(u8) -> u16 as Trait<_>>::go"),
    ],
)
def test_generic_arguments_fold(name: str, folded: str) -> None:
    assert fold(name) == folded


def test_files_come_from_the_line_table() -> None:
    found = measure(load("calls-m3-Os"))
    files = sources.files(found.elf)
    by_name = {s.name: files.get(s.value) for s in found.elf.symbols}
    assert by_name["large_frame"] == "c/calls.c"
    assert by_name["Reset_Handler"] == "c/startup.c"
    groups = symbols.by_folder(symbols.attribute(found), files)
    assert sum(g.flash for g in groups) == found.flash

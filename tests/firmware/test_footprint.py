"""Sizes: every byte once, and the same figures as GNU size."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.firmware.annotations import Memory
from litbench.firmware.footprint import Footprint, Span, measure, partition
from litbench.firmware.linker import regions
from tests.firmware.fixtures import FOLDER, NAMES, binutils, load, path


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_of_the_file_is_labelled_once(name: str) -> None:
    found = measure(load(name))
    at = 0
    for span in found.file:
        assert span.start == at
        assert span.size > 0
        at = span.end
    assert at == path(name).stat().st_size


@pytest.mark.parametrize("name", NAMES)
def test_memory_is_labelled_once_and_completely(name: str) -> None:
    elf = load(name)
    found = measure(elf)
    for before, after in zip(found.memory, found.memory[1:], strict=False):
        assert before.end <= after.start
    covered = {a for b in found.memory for a in range(b.start, b.end)}
    wanted = {a for s in elf.sections if s.allocated for a in range(s.address, s.end)}
    wanted |= {a for s in elf.loads for a in range(s.vaddr, s.vaddr + s.memory_size)}
    assert covered == wanted
    assert found.flash == sum(s.file_size for s in elf.loads)


@pytest.mark.parametrize("name", NAMES)
def test_berkeley_figures_are_those_of_size(name: str) -> None:
    out = subprocess.run(
        [binutils(name, "size"), path(name)], check=True, capture_output=True, text=True
    ).stdout
    text, data, bss = map(int, out.splitlines()[1].split()[:3])
    found = measure(load(name)).berkeley
    assert (found.text, found.data, found.bss) == (text, data, bss)


@pytest.mark.parametrize("name", NAMES)
def test_sections_are_those_of_size_a(name: str) -> None:
    out = subprocess.run(
        [binutils(name, "size"), "-A", path(name)], check=True, capture_output=True, text=True
    ).stdout
    rows = [line.split() for line in out.splitlines()[2:] if len(line.split()) == 3]
    wanted = {(r[0], int(r[1]), int(r[2])) for r in rows}
    ours = {(s.name, s.size, s.address) for s in load(name).sections}
    assert wanted <= ours
    allocated = {(s.name, s.size, s.address) for s in load(name).sections if s.allocated}
    assert allocated <= wanted


@given(
    st.lists(st.tuples(st.integers(-5, 60), st.integers(0, 30)), max_size=12), st.integers(1, 50)
)
def test_a_partition_covers_everything_once(raw: list[tuple[int, int]], size: int) -> None:
    claims = [Span(start, start + length, str(i)) for i, (start, length) in enumerate(raw)]
    spans = list(partition(claims, 0, size, "rest"))
    assert [a for s in spans for a in range(s.start, s.end)] == list(range(size))
    for span in spans:
        if span.label != "rest":
            claim = claims[int(span.label)]
            assert claim.start <= span.start
            assert span.end <= claim.end
        else:
            assert not any(c.start < span.end and c.end > span.start for c in claims if c.size)


def test_code_in_ram_counts_in_flash_and_in_ram() -> None:
    found = measure(load("ram-m3-Os"))
    copied = next(b for b in found.memory if b.section == ".data")
    assert copied.ram
    assert copied.load is not None
    assert copied.load < 0x2000_0000 <= copied.start
    assert found.flash + found.category("bss") + found.category("heap") == sum(
        b.size for b in found.memory
    )


def test_regions_of_the_linker_script_and_of_the_map_agree(tmp_path: Path) -> None:
    script = regions(FOLDER / "c" / "arm.ld")
    assert script == (
        Memory("FLASH", 0, 256 * 1024, ram=False),
        Memory("RAM", 0x2000_0000, 32 * 1024, ram=True),
    )
    file = tmp_path / "x.map"
    file.write_text(
        "Memory Configuration\n\n"
        "Name             Origin             Length             Attributes\n"
        "FLASH            0x0000000000000000 0x0000000000040000 xr\n"
        "RAM              0x0000000020000000 0x0000000000008000 xrw\n"
        "*default*        0x0000000000000000 0xffffffffffffffff\n\nLinker script and memory map\n"
    )
    assert regions(file) == script
    uses = measure(load("calls-m3-Os")).regions(script)
    assert [u.used for u in uses] == [2980, 1056]


@pytest.mark.parametrize(
    ("text", "origin", "length"),
    [
        ("ROM(rx):org=0x08000000+16K,len=512K-16K", 0x0800_4000, 496 * 1024),
        ("ROM : ORIGIN = 1024 * 4, LENGTH = 2M /* comment */", 4096, 2 << 20),
    ],
)
def test_linker_scripts_may_compute(tmp_path: Path, text: str, origin: int, length: int) -> None:
    file = tmp_path / "x.ld"
    file.write_text(f"MEMORY\n{{\n  {text}\n}}\n")
    assert regions(file) == (Memory("ROM", origin, length, ram=False),)


def test_a_missing_byte_would_be_noticed() -> None:
    found = measure(load("calls-m3-Os"))
    broken = Footprint(found.elf, found.file[:-1], found.memory[1:], found.berkeley)
    assert sum(s.size for s in broken.file) != len(found.elf.data)
    assert broken.flash != found.flash

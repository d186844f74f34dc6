"""Firmware that nobody here wrote: newlib and picolibc programs, and Debian's firmware packages.

Slow, and skipped where the compilers or the package archive cannot be had.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from litbench.firmware import elf as elf_file
from litbench.firmware import symbols
from litbench.firmware.callgraph import CallGraph
from litbench.firmware.elf import Elf
from litbench.firmware.footprint import measure
from litbench.firmware.records import stack as records
from litbench.firmware.stack import StackAnalysis
from tests.firmware.fixtures import tool

pytestmark = pytest.mark.slow

PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
static int compare(const void *a, const void *b) { return *(int *)a - *(int *)b; }
int main(void) {
  int v[8] = {3, 1, 2};
  char text[64];
  qsort(v, 8, 4, compare);
  snprintf(text, 64, "%f %d %s", sin(v[0]), v[1], "x");
  free(malloc(strtol(text, 0, 10)));
  return printf("%s\\n", text);
}
"""
ARM = ["-mthumb", "-Os", "-g", "-specs=nosys.specs"]
RISCV = ["-march=rv32imac", "-mabi=ilp32", "-specs=picolibc.specs", "--crt0=hosted",
         "--oslib=semihost", "-Os", "-g"]  # fmt: skip


def check(image: Elf) -> StackAnalysis:
    """Sizes and symbols as binutils', every byte once, and a verdict that says why."""
    prefix = "arm-none-eabi-" if image.machine == "arm" else "riscv64-unknown-elf-"
    found = measure(image)
    out = run(tool(prefix + "size"), image.path).splitlines()[1].split()
    wanted = tuple(map(int, out[:3]))
    assert (found.berkeley.text, found.berkeley.data, found.berkeley.bss) == wanted
    rows = (
        r.split(" ", 3)
        for r in run(tool(prefix + "nm"), "-S", "--size-sort", image.path).splitlines()
    )
    assert set(symbols.nm(image)) == {(int(a, 16), int(s, 16), n) for a, s, _, n in rows}
    assert sum(i.flash for i in symbols.attribute(found)) == found.flash
    analysis = StackAnalysis(CallGraph(image))
    record = records.stack(analysis, "session")
    for entry in record.table("entries").rows:  # type: ignore[union-attr]
        assert entry[5] == "proven" or entry[6], entry
    for condition in record.table("conditions").rows:  # type: ignore[union-attr]
        assert len(str(condition[3])) > 20
    return analysis


def run(*words: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(w) for w in words], check=True, capture_output=True, text=True, cwd=cwd
    )
    return done.stdout


@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("arm-none-eabi-gcc", ["-mcpu=cortex-m0", *ARM]),
        ("arm-none-eabi-gcc", ["-mcpu=cortex-m3", "-specs=nano.specs", *ARM]),
        ("arm-none-eabi-gcc", ["-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", *ARM]),
        ("arm-none-eabi-gcc", ["-mcpu=cortex-m33", "-mfloat-abi=soft", *ARM]),
        ("riscv64-unknown-elf-gcc", RISCV),
    ],
)  # fmt: skip
def test_programs_with_a_c_library(compiler: str, flags: list[str], tmp_path: Path) -> None:
    (tmp_path / "p.c").write_text(PROGRAM)
    run(tool(compiler), *flags, "p.c", "-lm", "-o", "p.elf", cwd=tmp_path)
    analysis = check(elf_file.load(tmp_path / "p.elf"))
    assert len(analysis.nodes) > 50


def package(name: str, folder: Path) -> Path:
    """A Debian package's files; the test is skipped where it cannot be had."""
    try:
        run(tool("apt-get"), "download", name, cwd=folder)
    except subprocess.CalledProcessError:
        pytest.skip(f"the package {name} cannot be had here")
    run(tool("dpkg-deb"), "-x", next(folder.glob(f"{name}_*.deb")), folder / name)
    return folder / name


def test_firmware_of_the_tomu(tmp_path: Path) -> None:
    files = package("firmware-tomu", tmp_path)
    analysis = check(elf_file.load(files / "usr/lib/firmware-tomu/toboot.elf"))
    entries = {e.name: analysis.entry(e) for e in analysis.graph.vectors.entries}
    assert entries["Vector8C"].total == 176
    codes = {c.code for c in entries["Reset_Handler"].conditions}
    assert "sp" in codes  # it hands over to the application with a stack of its own


def test_firmware_of_the_ubertooth(tmp_path: Path) -> None:
    headers = package("libubertooth-dev", tmp_path) / "usr/include/ubertooth"
    sources = package("ubertooth-firmware-source", tmp_path)
    run("tar", "xzf", sources / "usr/src/ubertooth-firmware-source.tar.gz", cwd=tmp_path)
    for program in ("blinky", "bootloader", "bluetooth_rxtx"):
        folder = tmp_path / "ubertooth-firmware-source" / program
        # its own Makefile; the headers are those of a package, not of a source tree beside it
        run("env", f"CPATH={headers}", "make", "-s", "CROSS_COMPILE=arm-none-eabi-", cwd=folder)
        analysis = check(elf_file.load(folder / f"{program}.elf"))
        for start, (size, _) in analysis.graph.declared.items():
            assert analysis.graph.summaries[start].depth == size, analysis.name(start)

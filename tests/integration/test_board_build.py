"""The committed firmware is what its sources make."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from litbench.targets.firmware import prebuilt
from tests.boards import ARCHITECTURES, DATA, needs_qemu

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "firmware" / "build.py"
COMPILERS = {"m3": "arm-none-eabi-gcc", "rv32": "riscv64-unknown-elf-gcc"}
VERSION = "12.2"


def build(output: Path, *words: str) -> None:
    """Run the recipe."""
    command = [sys.executable, str(RECIPE), "--output", str(output), *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]


def compiler_makes_the_same_bytes(arch: str) -> bool:
    found = shutil.which(COMPILERS[arch])
    if found is None:
        return False
    said = subprocess.run([found, "-dumpversion"], capture_output=True, text=True, check=False)
    return said.stdout.startswith(VERSION)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_c_firmware_is_what_its_sources_make(arch: str, tmp_path: Path) -> None:
    if not compiler_makes_the_same_bytes(arch):
        pytest.skip(f"no {COMPILERS[arch]} {VERSION}")
    build(tmp_path, f"c-{arch}", f"weather/plain-{arch}", f"weather/semihosting-{arch}")
    for name in (f"c-{arch}", f"plain-{arch}", f"semihosting-{arch}"):
        committed = DATA / f"{name}.elf"
        path = committed if committed.exists() else prebuilt(name)
        assert (tmp_path / f"{name}.elf").read_bytes() == path.read_bytes(), name


@pytest.mark.slow
@pytest.mark.skipif(not Path("/usr/lib/rustlib/src").exists(), reason="not Debian's Rust")
def test_embassy_firmware_is_what_its_sources_make(tmp_path: Path) -> None:
    names = [path.stem for path in prebuilt("c-m3").parent.glob("embassy-*.elf")]
    assert len(names) == 6
    build(tmp_path, *names)
    for name in names:
        assert (tmp_path / f"{name}.elf").read_bytes() == prebuilt(name).read_bytes(), name


def test_the_committed_firmware_is_small() -> None:
    folders = (prebuilt("c-m3").parent, DATA)
    assert sum(path.stat().st_size for f in folders for path in f.glob("*.elf")) < 3_000_000


@pytest.mark.slow
@needs_qemu
@pytest.mark.skipif("LITBENCH_SOURCE_LIT_BIT" not in os.environ, reason="no checkout of lit-bit")
def test_lit_bit_is_built_from_a_checkout_and_runs(tmp_path: Path) -> None:
    """Its actor is held to the same ledger and checksums as every other."""
    from litbench.boards import firmware, image, machines
    from litbench.boards.plan import Plan
    from litbench.catalogue import workload

    build(tmp_path, "--source", f"lit-bit={os.environ['LITBENCH_SOURCE_LIT_BIT']}")
    definition = workload("counting")
    plan = Plan(
        image=image.load(tmp_path / "lit-bit-actor-m3-probe.elf"),
        machine=machines.machine_for("arm"),
        definition=definition,
        values=definition.values({"messages": 500}),
        iterations=3,
    )
    assert firmware.run(plan, "session").record.reasons == ()
    traffic = tmp_path / "lit-bit-traffic-rv32.elf"
    from litbench.boards import plugin, qemu
    from litbench.boards.outcome import Limits

    watch = plugin.Watch(plugin.build(tmp_path))
    request = qemu.Request(
        image.load(traffic),
        machines.machine_for("riscv"),
        limits=Limits(instructions=100_000),
        watch=watch,
    )
    assert b"Light is now GREEN" in qemu.run(request).output

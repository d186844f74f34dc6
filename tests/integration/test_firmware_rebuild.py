"""The reference firmware is rebuilt where its toolchain is, and the record says which was used."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from litbench.cli.main import main
from litbench.record import decode
from litbench.store import Store
from litbench.targets import firmware
from tests.boards import needs_qemu

needs_gcc = pytest.mark.skipif(not shutil.which("arm-none-eabi-gcc"), reason="no arm-none-eabi-gcc")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this test's own."""
    monkeypatch.setenv("LITBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def program(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this the only program on the path."""
    folder.mkdir()
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@needs_gcc
def test_with_a_compiler_it_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not firmware.is_settled("c-m3")
    made = firmware.prepare("c-m3")
    assert made.origin.startswith("built here with GCC")
    assert made.warning == ""
    assert firmware.is_settled("c-m3")
    monkeypatch.setenv("PATH", "/nowhere")
    assert firmware.prepare("c-m3") == made, "what is in the cache needs no compiler"
    if "12.2.1 20221205" in made.origin:
        assert made.path.read_bytes() == firmware.prebuilt("c-m3").read_bytes()


def test_without_a_compiler_the_prebuilt_one_is_used_and_nobody_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for name in ("c-m3", "c-rv32", "embassy-m3", "embassy-rv32"):
        assert firmware.is_settled(name)
        made = firmware.prepare(name)
        assert made.path == firmware.prebuilt(name)
        assert made.origin.startswith("prebuilt with")
        assert made.warning == ""


def test_a_rust_without_the_target_is_no_toolchain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "rustc", f"echo {tmp_path}/sysroot", monkeypatch)
    made = firmware.prepare("embassy-m3")
    assert made.origin.startswith("prebuilt with rustc")
    assert made.warning == ""


def test_a_build_that_fails_falls_back_with_one_line(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"echo ran >> {tmp_path}/calls; echo 'no space left' >&2; exit 1"
    program(tmp_path / "bin", "arm-none-eabi-gcc", script, monkeypatch)
    made = firmware.prepare("c-m3")
    assert made.path == firmware.prebuilt("c-m3")
    assert made.origin.startswith("prebuilt with GCC")
    assert "the rebuild failed" in made.warning
    assert "\n" not in made.warning
    (log,) = cache.glob("firmware/*/c-m3.log")
    assert str(log) in made.warning
    assert "no space left" in log.read_text()
    assert firmware.prepare("c-m3") == made
    assert (tmp_path / "calls").read_text() == "ran\n", "a failure is not repeated"
    log.unlink()
    assert not firmware.is_settled("c-m3")


@needs_gcc
@needs_qemu
def test_both_commands_say_which_firmware_it_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    store = str(tmp_path / "store.sqlite")
    words = ["-w", "ping-pong", "-p", "rounds=50", "--iterations", "1", "--store", store]
    assert main(["firmware", "run", "c-m3", *words, "--no-profile", "--json"]) == 0
    record = decode(capsys.readouterr().out)
    assert str(record.environment.readings["firmware"]).startswith("built here with GCC")
    assert main(["run", "c-m3", *words, "--forks", "1", "--measure", "throughput"]) == 0
    with Store.open(Path(store)) as kept:
        (other,) = kept.find("last")
    assert other.environment.readings["firmware"] == record.environment.readings["firmware"]


@needs_qemu
def test_a_failed_rebuild_is_told_on_standard_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qemu = shutil.which("qemu-system-arm")
    assert qemu is not None
    program(tmp_path / "bin", "arm-none-eabi-gcc", "exit 1", monkeypatch)
    (tmp_path / "bin" / "qemu-system-arm").symlink_to(qemu)
    store = str(tmp_path / "store.sqlite")
    words = ["-w", "ping-pong", "-p", "rounds=50", "--iterations", "1", "--store", store]
    for command in (["firmware", "run", "--no-profile"], ["run", "--forks", "1"]):
        assert main([*command, "c-m3", *words]) == 0
        said = capsys.readouterr().err
        assert said.count("the rebuild failed, the prebuilt ELF is used") == 1

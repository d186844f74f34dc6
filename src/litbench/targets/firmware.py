"""The reference firmware: built here where its toolchain is, else the ELFs that come with litbench.

``firmware/build.py`` makes them. Like adapters, they are kept under the digest of their sources; so
is a failure, which is told each time and not repeated until its log is deleted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from litbench.targets.cache import cache_folder, digest_of, locked
from litbench.targets.manifest import PROJECT_FILE, adapters_folder

BUILD_TIMEOUT_S = 1800
NO_TOOLCHAIN = 4


@dataclass(frozen=True)
class Firmware:
    """An ELF, where it comes from in words, and what the user should hear of it."""

    path: Path
    origin: str
    warning: str = ""


def sources() -> Path:
    """Where the firmware's sources are in a checkout of litbench; an installed package has none."""
    return Path(__file__).resolve().parents[3] / "firmware"


def prebuilt(name: str) -> Path:
    """A firmware that comes with litbench."""
    return adapters_folder() / "boards" / f"{name}.elf"


def prepare(name: str) -> Firmware:
    """The firmware of that name, rebuilt if that can be done and was not done before."""
    if not (sources() / "build.py").is_file():
        return _prebuilt(name)
    folder = _folder()
    made, log = folder / f"{name}.elf", folder / f"{name}.log"
    with locked(folder):
        if not (made.exists() or log.exists() or _is_hopeless(name)):
            _build(name, folder, log)
        known = folder / PROJECT_FILE  # what the stacks' bounds rest on and the ELFs do not say
        if not known.exists():
            shutil.copyfile(prebuilt(name).with_name(PROJECT_FILE), known)
    if made.exists():
        return Firmware(made, f"built here with {compiler_of(made)}")
    if log.exists():
        return _prebuilt(name, f"{name}: the rebuild failed, the prebuilt ELF is used ({log})")
    return _prebuilt(name)


def is_settled(name: str) -> bool:
    """Whether ``prepare`` would build nothing."""
    if not (sources() / "build.py").is_file() or _is_hopeless(name):
        return True
    return any((_folder() / f"{name}{end}").exists() for end in (".elf", ".log"))


def compiler_of(elf: Path) -> str:
    """The compiler that an ELF names in its ``.comment`` section."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with elf.open("rb") as stream:
            section = ELFFile(stream).get_section_by_name(".comment")
            text = section.data().split(b"\0")[0].decode("ascii", "replace") if section else ""
    except (OSError, ELFError):
        text = ""
    return text.replace("rustc version", "rustc").strip() or "an unknown compiler"


def _prebuilt(name: str, warning: str = "") -> Firmware:
    path = prebuilt(name)
    return Firmware(path, f"prebuilt with {compiler_of(path)}", warning)


def _folder() -> Path:
    return cache_folder() / "firmware" / digest_of(sources())[:16]


def _is_hopeless(name: str) -> bool:
    """Whether there is not even a compiler of the right kind."""
    if name.startswith("c-"):
        gcc = "arm-none-eabi-gcc" if "-m3" in name else "riscv64-unknown-elf-gcc"
        return shutil.which(gcc) is None
    return shutil.which("rustc") is None


def _build(name: str, folder: Path, log: Path) -> None:
    """Leave the ELF, or the log of a build that failed, or nothing without a toolchain for it."""
    fresh = folder / f"building-{os.getpid()}"
    recipe = [sys.executable, str(sources() / "build.py"), "--output", str(fresh), name]
    objects = str(cache_folder() / "firmware" / "target")
    environment = {**os.environ, "CARGO_TARGET_DIR": objects, "CARGO_TERM_COLOR": "never"}
    environment.setdefault("CARGO_NET_RETRY", "1")
    said = folder / f"{name}.building"
    try:
        with said.open("wb") as output:
            status = subprocess.run(
                recipe,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=BUILD_TIMEOUT_S,
                check=False,
            ).returncode
        if status == 0:
            (fresh / f"{name}.elf").replace(folder / f"{name}.elf")
        elif status != NO_TOOLCHAIN:
            said.replace(log)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.write_text(f"{error}\n", encoding="utf-8")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        said.unlink(missing_ok=True)

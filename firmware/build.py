#!/usr/bin/env python3
"""Rebuilds the prebuilt firmware: `python3 firmware/build.py [NAME...]`.

Needs a Rust with the targets thumbv7m-none-eabi and riscv32imac-unknown-none-elf (`rustup target add`), or one with its
sources (Debian: rustc-web cargo-web rust-web-src lld), and arm-none-eabi-gcc and riscv64-unknown-elf-gcc for the C part.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "adapters" / "boards"
TARGETS = {"m3": "thumbv7m-none-eabi", "rv32": "riscv32imac-unknown-none-elf"}
TEST_DATA = HERE.parent / "tests" / "data" / "boards"
# Numbered from 1, as in weather/weather.c.
WEATHER = ("hang", "fault", "reset-loop", "flood", "semihosting", "version", "lockup", "unfinished", "plain", "wfi")
FEATURES = {"": "", "-alloc": "alloc", "-trace": "trace"}
SOURCES = "lib/rustlib/src/rust/library/Cargo.lock"


def main() -> int:
    """Builds what is named, or everything."""
    wanted = sys.argv[1:]
    for name, build in builds().items():
        if not wanted or name in wanted:
            print(f"{name}.elf", flush=True)
            build((TEST_DATA if "/" in name else OUTPUT) / f"{Path(name).name}.elf")
    return 0


def builds():
    """Name of each firmware, and what makes it."""
    table = {}
    for arch, target in TARGETS.items():
        for suffix, features in FEATURES.items():
            table[f"embassy-{arch}{suffix}"] = rust(target, features)
        table[f"c-{arch}"] = c_firmware(arch)
        for number, what in enumerate(WEATHER, 1):
            table[f"weather/{what}-{arch}"] = weather(arch, number)
    return table


def rust(target, features):
    """Builds the Embassy firmware for a target."""

    def build(output: Path) -> None:
        cargo, rustc, extra = toolchain(target)
        command = [cargo, "build", "--release", "--locked", "-p", "litbench-embassy", "--target", target, *extra]
        if features:
            command += ["--features", features]
        environment = {**os.environ, "RUSTC": rustc, "RUSTFLAGS": f"--remap-path-prefix={HERE}=/firmware"
                       f" --remap-path-prefix={Path.home()}/.cargo=/cargo"}
        if extra:
            environment["RUSTC_BOOTSTRAP"] = "1"
            environment["RUSTFLAGS"] += " -Clinker=ld.lld"
        subprocess.run(command, cwd=HERE, env=environment, check=True)
        shutil.copy(HERE / "target" / target / "release" / "litbench-embassy", output)

    return build


def toolchain(target):
    """cargo, rustc and options: one that has the target, or one that has the sources of the library."""
    found = [Path(folder) / "rustc" for folder in os.get_exec_path()]
    candidates = list(dict.fromkeys(path for path in found if path.exists()))
    for rustc in candidates:
        root = Path(run(rustc, "--print", "sysroot"))
        if (root / "lib/rustlib" / target / "lib").exists():
            return str(rustc.with_name("cargo")), str(rustc), []
    for rustc in candidates:
        root = Path(run(rustc, "--print", "sysroot"))
        if (root / SOURCES).exists():
            extra = ["-Zbuild-std=core,alloc", "-Zbuild-std-features=compiler-builtins-mem"]
            return str(rustc.with_name("cargo")), str(rustc), extra
    sys.exit(f"no Rust here can build for {target}: run `rustup target add {target}`")


def run(*command):
    """Standard output of a command, stripped; empty when it fails."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return result.stdout.strip()


def c_firmware(arch):
    """Builds the C super-loop for an architecture."""
    skipped = {"m3": "board_virt_rv32", "rv32": "board_mps2_an385"}[arch]
    sources = sorted(path for path in (HERE / "c").glob("*.c") if path.stem != skipped)
    return lambda output: compile_c(arch, sources, output)


def weather(arch, number):
    """Builds one firmware that misbehaves."""
    return lambda output: compile_c(arch, [HERE / "weather" / "weather.c"], output, f"-DWEATHER={number}")


def compile_c(arch, sources, output, *more):
    """Compiles and links C for a board."""
    compiler, options, script = {
        "m3": ("arm-none-eabi-gcc", ["-mcpu=cortex-m3", "-mthumb"], "mps2-an385.ld"),
        "rv32": ("riscv64-unknown-elf-gcc", ["-march=rv32imac", "-misa-spec=2.2", "-mabi=ilp32"], "virt-rv32.ld"),
    }[arch]
    if shutil.which(compiler) is None:
        sys.exit(f"{compiler} is not installed")
    command = [compiler, *options, "-Os", "-std=c11", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-nostdlib",
               "-ffunction-sections", "-fdata-sections", "-fno-common", "-fno-unwind-tables",
               "-fno-asynchronous-unwind-tables", "-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,--nmagic",
               f"-I{HERE / 'probe' / 'include'}", f"-T{HERE / 'link' / script}", *more]
    subprocess.run([*command, *map(str, sources), "-lgcc", "-o", str(output)], cwd=HERE, check=True)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Rebuilds the prebuilt firmware: ``python3 firmware/build.py [NAME...]``.

Needs a Rust with the targets thumbv7m-none-eabi and riscv32imac-unknown-none-elf (``rustup target
add``), or one with its sources (Debian: rustc-web cargo-web rust-web-src lld), and
arm-none-eabi-gcc and riscv64-unknown-elf-gcc for the C part. What is committed comes from Debian's
Rust 1.96; another compiler makes other bytes. Exit status 4: no toolchain for what was asked.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "adapters" / "boards"
TARGETS = {"m3": "thumbv7m-none-eabi", "rv32": "riscv32imac-unknown-none-elf"}
TEST_DATA = HERE.parent / "tests" / "data" / "boards"
LIT_BIT_OUTPUT = HERE / "target" / "lit-bit"
# Firmware of lit-bit's: name -> (architecture, its example or None for our own actor, features).
LIT_BIT = {
    "lit-bit-actor-m3": ("m3", None, ""),
    "lit-bit-actor-m3-probe": ("m3", None, "probe"),
    "lit-bit-blinky-m3": ("m3", "traffic_light_cortex_m", "panic-halt"),
    "lit-bit-traffic-rv32": ("rv32", "traffic_light", "panic-halt"),
}
# Numbered from 1, as in weather/weather.c.
WEATHER = (
    "hang",
    "fault",
    "reset-loop",
    "flood",
    "semihosting",
    "version",
    "lockup",
    "unfinished",
    "plain",
    "wfi",
)
FEATURES = {"": "", "-alloc": "alloc", "-trace": "trace"}
NO_TOOLCHAIN = 4
SOURCES = "lib/rustlib/src/rust/library/Cargo.lock"


class NoToolchainError(Exception):
    """No compiler here makes code for the target."""


def main() -> int:
    """Builds what is named, or everything that is committed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join([*builds(), *LIT_BIT])}"
    )
    parser.add_argument(
        "--source", metavar="lit-bit=PATH", help="a checkout of lit-bit: builds its firmware"
    )
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="instead of the usual places")
    arguments = parser.parse_args()
    table = lit_bit_builds(arguments.source) if arguments.source else builds()
    for name, build in table.items():
        if arguments.names and name not in arguments.names:
            continue
        print(f"{name}.elf", flush=True)
        folder = TEST_DATA if "/" in name else LIT_BIT_OUTPUT if name in LIT_BIT else OUTPUT
        folder = arguments.output or folder
        folder.mkdir(parents=True, exist_ok=True)
        try:
            build(folder.resolve() / f"{Path(name).name}.elf")
        except NoToolchainError as error:
            print(error, file=sys.stderr)
            return NO_TOOLCHAIN
        except subprocess.CalledProcessError as error:
            print(f"error: {Path(error.cmd[0]).name} failed", file=sys.stderr)
            return 1
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
        words = [
            "--locked",
            "-p",
            "litbench-embassy",
            *(["--features", features] if features else []),
        ]
        cargo(target, words, HERE)
        objects = Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target"))
        shutil.copy(objects / target / "release" / "litbench-embassy", output)

    return build


def cargo(target, words, folder, flags="", **variables):
    """Runs cargo build for a target in a folder, with what this toolchain needs."""
    program, rustc, extra = toolchain(target)
    cargo_home = os.environ.get("CARGO_HOME", Path.home() / ".cargo")
    flags += f" --remap-path-prefix={HERE}=/firmware --remap-path-prefix={cargo_home}=/cargo"
    environment = {**os.environ, "RUSTC": rustc, **variables}
    if extra:
        environment["RUSTC_BOOTSTRAP"] = "1"
        flags += " -Clinker=ld.lld"
    environment["RUSTFLAGS"] = flags.strip()
    command = [program, "build", "--release", "--target", target, *extra, *words]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def lit_bit_builds(source):
    """What a checkout of lit-bit gives: its examples, and one actor of ours on it."""
    name, _, path = source.partition("=")
    checkout = Path(path).resolve()
    if name != "lit-bit" or not (checkout / "lit-bit-core" / "Cargo.toml").exists():
        sys.exit(f"{source!r} is no checkout of lit-bit: write --source lit-bit=PATH")
    return {
        name: lit_bit(checkout, TARGETS[arch], example, features)
        for name, (arch, example, features) in LIT_BIT.items()
    }


def lit_bit(checkout, target, example, features):
    """Builds one firmware of lit-bit's; the checkout itself is not written to."""

    def build(output: Path) -> None:
        target_folder = LIT_BIT_OUTPUT / "build"
        common = {
            "CARGO_TARGET_DIR": str(target_folder),
            "CARGO_PROFILE_RELEASE_STRIP": "debuginfo",
        }
        made = target_folder / target / "release"
        if example:
            script = (
                "-Clink-arg=-Tlink.x"
                if "thumb" in target
                else "-Clink-arg=-Tmemory.x -Clink-arg=-Tlink.x"
            )
            words = ["--locked", "-p", "lit-bit-core", "--example", example, "--features", features]
            cargo(target, words, checkout, script, **common)
            shutil.copy(made / "examples" / example, output)
            return
        folder = LIT_BIT_OUTPUT / "actor"
        shutil.copytree(HERE / "litbit", folder, dirs_exist_ok=True)
        template = (folder / "Cargo.toml.in").read_text()
        manifest = template.replace("@LIT_BIT@", str(checkout)).replace("@FIRMWARE@", str(HERE))
        (folder / "Cargo.toml").write_text(manifest)
        cargo(target, ["--features", features] if features else [], folder, **common)
        shutil.copy(made / "litbench-lit-bit", output)

    return build


def toolchain(target):
    """cargo, rustc and options: one that has the target, or one that has the library's sources."""
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
    raise NoToolchainError(f"no Rust here can build for {target}: run `rustup target add {target}`")


def run(*command):
    """Standard output of a command, stripped; empty when it fails."""
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    return result.stdout.strip()


def c_firmware(arch):
    """Builds the C super-loop for an architecture."""
    skipped = {"m3": "board_virt_rv32", "rv32": "board_mps2_an385"}[arch]
    sources = sorted(path for path in (HERE / "c").glob("*.c") if path.stem != skipped)
    return lambda output: compile_c(arch, sources, output)


def weather(arch, number):
    """Builds one firmware that misbehaves."""
    return lambda output: compile_c(
        arch, [HERE / "weather" / "weather.c"], output, f"-DWEATHER={number}"
    )


def compile_c(arch, sources, output, *more):
    """Compiles and links C for a board."""
    compiler, options, script = {
        "m3": ("arm-none-eabi-gcc", ["-mcpu=cortex-m3", "-mthumb"], "mps2-an385.ld"),
        "rv32": (
            "riscv64-unknown-elf-gcc",
            ["-march=rv32imac", "-misa-spec=2.2", "-mabi=ilp32"],
            "virt-rv32.ld",
        ),
    }[arch]
    if shutil.which(compiler) is None:
        raise NoToolchainError(f"{compiler} is not installed")
    command = [
        compiler,
        *options,
        "-Os",
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-ffreestanding",
        "-nostdlib",
        "-ffunction-sections",
        "-fdata-sections",
        "-fno-common",
        "-fno-unwind-tables",
        "-fno-asynchronous-unwind-tables",
        "-Wl,--gc-sections",
        "-Wl,--build-id=none",
        "-Wl,--nmagic",
        f"-I{HERE / 'probe' / 'include'}",
        f"-T{HERE / 'link' / script}",
        *more,
    ]
    subprocess.run([*command, *map(str, sources), "-lgcc", "-o", str(output)], cwd=HERE, check=True)


if __name__ == "__main__":
    sys.exit(main())

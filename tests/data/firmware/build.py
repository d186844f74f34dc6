"""Builds the firmware fixtures from the sources beside it: `python tests/data/firmware/build.py`.

Needs gcc-arm-none-eabi with newlib, gcc-riscv64-unknown-elf, clang with lld, and (for Rust) a cargo
whose rustc has `rust-src`; name them with CARGO and RUSTC where the ones on PATH have none.
Writes elf/NAME.elf, and elf/NAME.su where the compiler reported frame sizes (path and line of
`-fstack-usage` dropped, so that the file does not depend on where it was built).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "elf"
C = HERE / "c"

ARM = {
    "m0": ["-mcpu=cortex-m0"],
    "m3": ["-mcpu=cortex-m3"],
    "m4f": ["-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"],
    "m33": ["-mcpu=cortex-m33+nodsp", "-mfloat-abi=soft"],
}
RISCV = {"rv32": ["-march=rv32imac", "-mabi=ilp32", "-misa-spec=2.2"]}
LEVELS = ["O0", "Os", "O2"]
PROGRAMS = ["calls.c", "recursion.c", "dynamic.c", "ram.c", "virtual.cpp"]
COMMON = [
    "-ffunction-sections",
    "-fdata-sections",
    "-Wall",
    "-Wextra",
    "-ffreestanding",
    f"-ffile-prefix-map={HERE}=.",
]
CPP = ["-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-std=c++17"]
WITH_TYPES = ("calls.c", "virtual.cpp")  # full debug information; the others have lines only
RUST_TARGETS = {
    "m0": "thumbv6m-none-eabi",
    "m3": "thumbv7m-none-eabi",
    "m4f": "thumbv7em-none-eabihf",
    "m33": "thumbv8m.main-none-eabi",
    "rv32": "riscv32imac-unknown-none-elf",
}
RUST_PROFILES = {"O0": "dev", "Os": "small", "O2": "release"}


def run(*command: str | Path, **more: object) -> None:
    """One command, echoed; the script stops where it fails."""
    print("+", " ".join(str(part) for part in command), file=sys.stderr)
    more.setdefault("cwd", HERE)  # what debug information names is relative to this folder
    subprocess.run([str(part) for part in command], check=True, **more)  # type: ignore[call-overload]


def build_c(
    program: str, chip: str, level: str, *, name: str = "", extra: tuple[str, ...] = (),
    in_ram: bool = False,
) -> Path:  # fmt: skip
    """One C or C++ program for one chip at one level, with its `.su`."""
    arm = chip in ARM
    prefix = "arm-none-eabi-" if arm else "riscv64-unknown-elf-"
    flags = ["-mthumb", *ARM[chip]] if arm else RISCV[chip]
    start = [C / "startup.c"] if arm else [C / "riscv_trap.c", C / "riscv_start.S"]
    target = OUT / f"{name or f'{Path(program).stem}-{chip}-{level}'}.elf"
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        usage: list[str] = []
        for source in [C / program, *start]:
            compiler = prefix + ("g++" if source.suffix == ".cpp" else "gcc")
            language = CPP if source.suffix == ".cpp" else []
            product = Path(folder) / f"{source.stem}.o"
            debug = "-g" if program in WITH_TYPES else "-g1"
            if source.suffix == ".S":
                debug = "-g0"  # the assembler would write down where it was run
            run(
                compiler,
                *flags,
                f"-{level}",
                debug,
                "-fstack-usage",
                *COMMON,
                *language,
                *extra,
                "-c",
                source,
                "-o",
                product,
            )
            objects.append(product)
            if product.with_suffix(".su").exists():
                usage += product.with_suffix(".su").read_text().splitlines()
        script = C / ("arm.ld" if arm else "riscv.ld")
        if in_ram:  # where QEMU's virt machine begins
            text = script.read_text().replace("0x80000000", "0x80040000")
            script = Path(folder) / "ram.ld"
            script.write_text(text.replace("0x20000000", "0x80000000"))
        libraries = ["-nostartfiles", "--specs=nosys.specs"] if arm else ["-nostdlib"]
        end = [] if arm else ["-lgcc"]
        run(
            prefix + "gcc",
            *flags,
            *libraries,
            "-Wl,--gc-sections",
            f"-T{script}",
            *objects,
            *end,
            "-o",
            target,
        )
    # the program's own functions come first: they replace weak ones of the start-up code
    lines: dict[str, str] = {}
    for line in usage:
        name, size, how = ":".join(line.split(":")[3:]).split("\t")
        lines.setdefault(name, f"{name}\t{size}\t{how}")
    target.with_suffix(".su").write_text("\n".join(sorted(lines.values())) + "\n")
    return target


def build_clang(chip: str, level: str) -> None:
    """The calls program by clang, with `.stack_sizes` and without CFI."""
    arm = chip in ARM
    triple = "thumbv7m-none-eabi" if arm else "riscv32-unknown-none-elf"
    flags = ["-mcpu=cortex-m3"] if arm else ["-march=rv32imac", "-mabi=ilp32"]
    start = [C / "startup.c"] if arm else [C / "riscv_trap.c", C / "riscv_start.S"]
    script = C / ("arm.ld" if arm else "riscv.ld")
    library = subprocess.run(
        ["arm-none-eabi-gcc", "-mthumb", *ARM["m3"], "-print-libgcc-file-name"]
        if arm
        else ["riscv64-unknown-elf-gcc", *RISCV["rv32"], "-print-libgcc-file-name"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    target = OUT / f"clang-{chip}-{level}.elf"
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for source in [C / "calls.c", *start]:
            product = Path(folder) / f"{source.stem}.o"
            run(
                "clang",
                f"--target={triple}",
                *flags,
                f"-{level}",
                "-ffreestanding",
                "-fstack-size-section",
                "-ffunction-sections",
                "-fno-unwind-tables",
                "-fno-asynchronous-unwind-tables",
                "-c",
                source,
                "-o",
                product,
            )
            objects.append(product)
        run("ld.lld", "--nmagic", "--gc-sections", f"-T{script}", *objects, library, "-o", target)


def build_rust(
    chip: str, level: str, *, name: str = "", features: str = "", sizes: bool = True
) -> Path:
    """The Rust probe for one chip at one level, with `.stack_sizes` unless told otherwise."""
    cargo, rustc = os.environ.get("CARGO", "cargo"), os.environ.get("RUSTC", "rustc")
    triple, profile = RUST_TARGETS[chip], RUST_PROFILES[level]
    flags = ["-Zemit-stack-sizes"] if sizes else []
    flags += [
        "-Clinker=ld.lld",
        f"--remap-path-prefix={HERE}=.",
        "-Cforce-unwind-tables=no" if not sizes else "-Cforce-unwind-tables=yes",
    ]
    environment = {
        **os.environ,
        "RUSTC_BOOTSTRAP": "1",
        "RUSTC": rustc,
        "RUSTFLAGS": " ".join(flags),
    }
    folder = Path(os.environ.get("CARGO_TARGET_DIR", HERE / "rust" / "target"))
    more = ["--features", features] if features else []
    run(
        cargo,
        "build",
        "--profile",
        profile,
        "-Zbuild-std=core,alloc",
        "-Zbuild-std-features=compiler-builtins-mem",
        "--target",
        triple,
        *more,
        cwd=HERE / "rust",
        env=environment,
    )
    product = folder / triple / ("debug" if profile == "dev" else profile) / "probe"
    target = OUT / f"{name or f'rust-{chip}-{level}'}.elf"
    target.write_bytes(product.read_bytes())
    # debug sections of core are several megabytes: the fixtures keep symbols, CFI and .stack_sizes
    tool = "arm-none-eabi-objcopy" if chip in ARM else "riscv64-unknown-elf-objcopy"
    run(tool, "--remove-section=.debug_*", "--remove-section=!.debug_frame", target)
    return target


def build_rtic() -> None:
    """The RTIC 2 application for Cortex-M3, with crates of the registry (Cargo.lock pins them)."""
    cargo, rustc = os.environ.get("CARGO", "cargo"), os.environ.get("RUSTC", "rustc")
    source = HERE / "rtic"
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    flags = ["-Clinker=ld.lld", "-Clink-arg=-Tlink.x", "-Csymbol-mangling-version=v0",
             f"--remap-path-prefix={source}=.", f"--remap-path-prefix={home}=cargo"]  # fmt: skip
    environment = {"RUSTC_BOOTSTRAP": "1", "RUSTC": rustc, "RUSTFLAGS": " ".join(flags)}
    folder = Path(os.environ.get("CARGO_TARGET_DIR", source / "target"))
    run(
        cargo, "build", "--release", "--locked", "-Zbuild-std=core",
        "-Zbuild-std-features=compiler-builtins-mem", "--target", RUST_TARGETS["m3"],
        cwd=source, env={**os.environ, **environment},
    )  # fmt: skip
    target = OUT / "rtic-m3-Os.elf"
    target.write_bytes((folder / RUST_TARGETS["m3"] / "release" / "rtic-probe").read_bytes())
    run("arm-none-eabi-objcopy", "--remove-section=.debug_*", target)


def variants() -> None:
    """Stripped images, and images without CFI."""
    run("arm-none-eabi-strip", "-o", OUT / "stripped-m3-Os.elf", OUT / "calls-m3-Os.elf")
    run("riscv64-unknown-elf-strip", "-o", OUT / "stripped-rv32-Os.elf", OUT / "calls-rv32-Os.elf")
    run(
        "arm-none-eabi-objcopy",
        "--remove-section=.debug_*",
        OUT / "calls-m0-O2.elf",
        OUT / "nocfi-m0-O2.elf",
    )
    run(
        "riscv64-unknown-elf-objcopy",
        "--remove-section=.debug_*",
        "--remove-section=.eh_frame",
        OUT / "calls-rv32-O2.elf",
        OUT / "nocfi-rv32-O2.elf",
    )


def main() -> None:
    """Builds everything; `--c` or `--rust` only that part."""
    OUT.mkdir(exist_ok=True)
    if "--rust" not in sys.argv:
        all_c()
    if "--c" not in sys.argv:
        all_rust()


def all_c() -> None:
    """What needs C compilers only."""
    for program in PROGRAMS:
        for chip in [*ARM, *RISCV]:
            for level in LEVELS:
                build_c(program, chip, level)
    build_c("calls.c", "rv32", "Os", name="saverestore-rv32-Os", extra=("-msave-restore",))
    for level in ("Os", "O2"):  # these run in QEMU, with interrupts
        for chip in ("m3", "m4f"):
            build_c("nesting.c", chip, level)
        build_c("nesting_riscv.c", "rv32", level, name=f"nesting-rv32-{level}", in_ram=True)
    for chip in ("m3", "rv32"):
        for level in ("Os", "O2"):
            build_clang(chip, level)
    variants()


def all_rust() -> None:
    """What needs a cargo."""
    for chip in RUST_TARGETS:
        for level in LEVELS:
            if level != "O0" or chip in {"m3", "rv32"}:
                build_rust(chip, level)
    build_rust("m3", "Os", name="heap-m3-Os", features="heap")
    build_rtic()
    build_rust("m3", "O2", name="bare-m3-O2", sizes=False)


if __name__ == "__main__":
    main()

"""What this machine can measure, what is missing, what that costs, and how to get it.

Checks are data: a name, a probe, what is lost without it, and where it comes from. Installing goes
through the system's own clients only (apt-get, cargo, pip) and never through a shell.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from litbench.environment import available_memory, usable_cpu_count, usable_cpus
from litbench.errors import MissingToolError
from litbench.targets import Target, all_targets, build, describe, is_built

INSTALL_TIMEOUT_S = 1800


@dataclass(frozen=True)
class Tool:
    """A program that some measurement needs. ``package`` is Debian's, empty when apt has none."""

    program: str
    area: str
    cost: str
    package: str = ""
    cure: str = ""

    @property
    def found(self) -> str | None:
        """Where it is, or None."""
        return shutil.which(self.program)

    @property
    def how(self) -> str:
        """How to get it."""
        return self.cure or f"apt-get install {self.package}"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    area: str
    name: str
    ok: bool
    detail: str
    cure: str = ""


TOOLS = (
    Tool("cargo", "targets", "Rust targets cannot be built", cure="install Rust with rustup"),
    Tool("cc", "targets", "Rust targets cannot be linked", "gcc"),
    Tool("perf", "profiling", "no CPU samples, counters or switch events", "linux-perf"),
    Tool("valgrind", "profiling", "no instruction counts, cache simulation or leaks", "valgrind"),
    Tool("heaptrack", "profiling", "no exact heap profile with stacks", "heaptrack"),
    Tool("strace", "profiling", "no futex traffic without root", "strace"),
    Tool("py-spy", "profiling", "no Python functions in CPU samples", cure="pip install py-spy"),
    Tool("addr2line", "profiling", "no inlined functions and lines in profiles", "binutils"),
    Tool("qemu-system-arm", "boards", "no Cortex-M board to run firmware on", "qemu-system-arm"),
    Tool("qemu-system-riscv32", "boards", "no RISC-V board to run firmware on", "qemu-system-misc"),
    Tool("arm-none-eabi-gcc", "boards", "C firmware for Cortex-M is not rebuilt",
         "gcc-arm-none-eabi"),
    Tool("riscv64-unknown-elf-gcc", "boards", "C firmware for RISC-V is not rebuilt",
         "gcc-riscv64-unknown-elf"),
    Tool("chromium", "tests", "the HTML report is not tested in a browser", "chromium"),
)  # fmt: skip


def findings() -> Iterator[Finding]:
    """Look at everything: machine, targets (built ones are described), tools."""
    yield from _machine()
    for target in all_targets().values():
        if not target.entry.hidden:
            yield _target(target)
    for tool in TOOLS:
        found = tool.found
        detail = found or f"{tool.cost}"
        yield Finding(tool.area, tool.program, bool(found), detail, "" if found else tool.how)


def install(say: Callable[[str], None]) -> Iterator[Finding]:
    """Get what apt can get, then build the targets; yields what each step came to."""
    packages = sorted({tool.package for tool in TOOLS if tool.package and not tool.found})
    if packages:
        yield _apt_install(packages, say)
    for target in all_targets().values():
        if not target.entry.hidden and target.source is None and not is_built(target):
            say(f"building {target.name}")
            yield _built(target)


def _machine() -> Iterator[Finding]:
    cpus = usable_cpu_count()
    pinning = bool(usable_cpus())
    yield Finding("machine", "processors", True, f"{cpus} usable")
    detail = "runs are pinned" if pinning else "not here: round trips may be bimodal"
    yield Finding("machine", "pinning", pinning, detail)
    memory = available_memory()
    if memory is not None:
        enough = memory > 4 << 30
        detail = f"{memory / (1 << 30):.1f} GiB available"
        cure = "" if enough else "use -p levels=5 for skynet, or free some memory"
        yield Finding("machine", "memory", enough, detail, cure)
    governor = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor.exists():
        name = governor.read_text(encoding="utf-8").strip()
        steady = name == "performance"
        cure = "" if steady else "cpupower frequency-set -g performance"
        yield Finding("machine", "governor", steady, name, cure)


def _target(target: Target) -> Finding:
    if not is_built(target):
        lacking = _lacking(target)
        if lacking is None and target.source is not None:
            detail = f"not built yet: fetched from {target.source.repository}, or {target.cure}"
            return Finding("targets", target.name, True, detail)
        if lacking is None:
            return Finding("targets", target.name, True, "not built yet: `litbench run` builds it")
        return Finding("targets", target.name, False, lacking.cost, lacking.how)
    return _built(target)


def _lacking(target: Target) -> Tool | None:
    """The tool without which the target cannot be built, if any."""
    needs = {"cargo": ("cargo", "cc")}.get(target.tool, ())
    return next((tool for tool in TOOLS if tool.program in needs and not tool.found), None)


def _built(target: Target) -> Finding:
    try:
        said = describe(build(target))
    except MissingToolError as error:
        return Finding("targets", target.name, False, error.cost, error.cure)
    version = f"{said.runtime} {said.runtime_version}".strip()
    return Finding("targets", target.name, True, f"{version}, {len(said.workloads)} workloads")


def _apt_install(packages: Sequence[str], say: Callable[[str], None]) -> Finding:
    name = " ".join(packages)
    apt = shutil.which("apt-get")
    if apt is None:
        return Finding("tools", name, False, "this system has no apt-get", "install them by hand")
    prefix = [] if os.geteuid() == 0 else _sudo()
    if prefix is None:
        cure = f"as root: apt-get install {name}"
        return Finding("tools", name, False, "not root, and sudo would ask for a password", cure)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        say(f"apt-get {' '.join(words)}")
        result = subprocess.run(
            [*prefix, apt, *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
        if result.returncode != 0:
            last = result.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            detail = f"apt-get {words[0]} failed: {' '.join(last)}"
            return Finding("tools", name, False, detail, "check the network and apt's sources")
    return Finding("tools", name, True, "installed")


def _sudo() -> list[str] | None:
    """``sudo`` without a password, or None."""
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    asked = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)
    return [sudo, "-n"] if asked.returncode == 0 else None

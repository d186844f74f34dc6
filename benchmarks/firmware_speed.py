"""How fast the firmware analyses are: `python -m benchmarks firmware_speed`.

An image of 5,000 functions with debug information is generated and built. Size and symbols are
compared with GNU size and nm (which demangles, as symbols does), the stack with puncover
(`pip install puncover`). Figures are processor time, children included, in turns: ratios of it
hold on a machine that has other things to do.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.result import Result
from litbench.firmware import elf, footprint, symbols
from litbench.firmware.callgraph import CallGraph
from litbench.firmware.stack import StackAnalysis

ROOT = Path(__file__).parents[1]
C = ROOT / "tests" / "data" / "firmware" / "c"
REPEAT = 3  # os.times() ticks every 10 ms
FLAGS = ["-mcpu=cortex-m3", "-mthumb", "-O1", "-g3", "-ffunction-sections", "-w",
         "-fno-eliminate-unused-debug-types"]  # fmt: skip


def source(first: int, count: int, total: int) -> str:
    """Functions that call three later ones each, with frames of different sizes."""
    lines = [f"#include <{name}.h>" for name in ("stdio", "stdlib", "string", "math", "time")]
    lines += ["typedef unsigned u;", "extern volatile u sink;"]
    # debug information as a vendor's headers bring it: the file passes 5 MB
    lines += [
        f"struct registers{i} {{ u control{i}, status{i}, data{i}[{i % 7 + 1}]; }};"
        for i in range(120)
    ]
    lines += [f"u f{i}(u);" for i in range(first, min(first + count + 40, total))]
    for i in range(first, first + count):
        calls = " + ".join(f"f{j}(x + {j})" for j in (i + 1, i + 7, i + 31) if j < total) or "x"
        lines.append(f"struct s{i} {{ u a, b; char c[{i % 13 + 1}]; }};")
        lines.append(
            f"__attribute__((noinline)) u f{i}(u x) {{"
            f" struct s{i} s; volatile u local[{i % 9 + 1}];"
            f" s.a = x; for (u k = 0; k < {i % 9 + 1}; k++) local[k] = s.a ^ k;"
            f" if (x & 1) return local[0]; sink += local[x % {i % 9 + 1}]; return {calls}; }}"
        )
    return "\n".join(lines) + "\n"


def build(folder: Path, functions: int) -> Path:
    """An image with that many functions."""
    objects = []
    for first in range(0, functions, 50):
        file = folder / f"part{first}.c"
        file.write_text(source(first, min(50, functions - first), functions))
        objects.append(file)
    main = folder / "main.c"
    main.write_text(
        "volatile unsigned sink; unsigned f0(unsigned); int main(void) { return f0(3); }\n"
    )
    target = folder / "bench.elf"
    subprocess.run(
        ["arm-none-eabi-gcc", *FLAGS, "-nostartfiles", "--specs=nosys.specs",
         "-Wl,--defsym=FLASH_LENGTH=8M", f"-T{_script(folder)}", main, C / "startup.c", *objects,
         "-o", target], check=True,
    )  # fmt: skip
    return target


def _script(folder: Path) -> Path:
    text = (C / "arm.ld").read_text().replace("LENGTH = 256K", "LENGTH = 8M")
    file = folder / "bench.ld"
    file.write_text(text)
    return file


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time that it took, its child processes included.

    Not wall time: a ratio of processor times holds on a machine that has other things to do.
    """
    begun = os.times()
    work()
    ended = os.times()
    return sum(ended[:4]) - sum(begun[:4])


def medians(works: dict[str, Callable[[], object]], times: int) -> dict[str, float]:
    """Median seconds of each, measured in turns, each time of several repetitions."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            found[name].append(timed(lambda: [work() for _ in range(REPEAT)]) / REPEAT)  # noqa: B023
    return {name: statistics.median(values) for name, values in found.items()}


def tool(*command: str | Path) -> Callable[[], object]:
    """A program run with its output thrown away."""
    words = [str(word) for word in command]
    # as for a user: with modules that Python may keep compiled
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment)


def size_and_symbols(path: Path) -> None:
    """What `firmware size` and `firmware symbols` compute, names demangled."""
    found = footprint.measure(elf.load(path))
    items = symbols.attribute(found)
    symbols.by_crate(items)


def stack(path: Path) -> None:
    """What `firmware stack` computes, without the collector of garbage as the command has it."""
    gc.disable()
    analysis = StackAnalysis(CallGraph(elf.load(path)))
    for entry in analysis.graph.vectors.entries:
        analysis.entry(entry)
    gc.enable()


def puncover(path: Path) -> Callable[[], object] | None:
    """Puncover's analysis of the same image in a process of its own, where it is installed."""
    if importlib.util.find_spec("puncover") is None:
        return None
    prefix = (shutil.which("arm-none-eabi-gcc") or "").removesuffix("gcc")
    # as a library in a process of its own, since it has no command for an analysis alone
    code = (
        "import sys; from puncover.collector import Collector;"
        "from puncover.gcc_tools import GCCTools;"
        "from pathlib import Path; c = Collector(GCCTools(sys.argv[1]));"
        "c.parse_elf(Path(sys.argv[2])); c.enhance(sys.argv[3])"
    )
    words = [sys.executable, "-c", code, prefix, str(path), str(path.parent)]
    return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def run(functions: int = 5000, times: int = 3) -> Iterator[Result]:
    """Builds the image, measures in turns, compares."""
    if shutil.which("arm-none-eabi-gcc") is None:
        sys.stderr.write("firmware_speed: skipped, arm-none-eabi-gcc is not installed\n")
        return
    with tempfile.TemporaryDirectory() as name:
        path = build(Path(name), functions)
        seconds = measure(path, times)
        megabytes = path.stat().st_size / 1e6
    tools = seconds["size"] + seconds["nm"]
    what = f"of {megabytes:.1f} MB"
    yield Result(f"size and symbols {what} / (size + nm -C)", seconds["symbols"] / tools, 3)
    both = seconds["size command"] + seconds["symbols command"]
    # two starts of Python are more than both tools take on a file of this size
    yield Result(f"the commands, starts and all, {what} / (size + nm -C)", both / tools, 15)
    yield Result(f"stack of {functions} functions", seconds["stack"], 3, "s")
    yield Result(f"the command `stack` on {functions} functions", seconds["stack command"], 3, "s")
    if "puncover" in seconds:
        yield Result("stack / puncover", seconds["stack"] / seconds["puncover"], 1 / 5)


def measure(path: Path, times: int) -> dict[str, float]:
    """Median seconds of each program on one image."""
    command = [sys.executable, "-m", "litbench", "firmware"]
    works = {
        "size": tool("arm-none-eabi-size", path),
        "nm": tool("arm-none-eabi-nm", "-S", "--size-sort", "-C", path),
        "symbols": lambda: size_and_symbols(path),
        "stack": lambda: stack(path),
        "stack command": tool(*command, "stack", path, "--no-store", "--json"),
        "size command": tool(*command, "size", path, "--no-store", "--json"),
        "symbols command": tool(*command, "symbols", path, "--no-store", "--json"),
    }
    other = puncover(path)
    return medians(works | ({"puncover": other} if other else {}), times)

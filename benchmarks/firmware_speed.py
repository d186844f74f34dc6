"""How fast the firmware analyses are, as ratios in one run: `python benchmarks/firmware_speed.py`.

Two images are generated and built: one of 5 MB with debug information for size and symbols, against
GNU size and nm; one of 5,000 functions for the stack, against puncover (`pip install puncover`).
Every figure is the median processor time of alternating repetitions. The targets are those of the
project: at most 3 times size plus nm, at most 3 s, and at least 5 times faster than puncover.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from litbench.firmware import elf, footprint, symbols
from litbench.firmware.callgraph import CallGraph
from litbench.firmware.stack import StackAnalysis

ROOT = Path(__file__).parents[1]
C = ROOT / "tests" / "data" / "firmware" / "c"
REPEAT = 5  # os.times() ticks every 10 ms
FLAGS = ["-mcpu=cortex-m3", "-mthumb", "-O1", "-g3", "-ffunction-sections", "-w"]


def source(first: int, count: int, total: int) -> str:
    """Functions that call three later ones each, with frames of different sizes."""
    lines = [f"#include <{name}.h>" for name in ("stdio", "stdlib", "string", "math", "time")]
    lines += ["typedef unsigned u;", "extern volatile u sink;"]
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
    return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


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


def main() -> None:
    """Builds, measures, prints one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, default=5000)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = build(Path(name), arguments.functions)
        sys.stdout.write(json.dumps(measure(path, arguments.times), indent=2) + "\n")


def measure(path: Path, times: int) -> dict[str, object]:
    """All ratios of one image."""
    command = [sys.executable, "-m", "litbench", "firmware"]
    works = {
        "size": tool("arm-none-eabi-size", path),
        "nm": tool("arm-none-eabi-nm", "-S", "--size-sort", "-C", path),
        "litbench, in process": lambda: size_and_symbols(path),
        "litbench symbols, command": tool(*command, "symbols", path, "--no-store", "--json"),
        "stack, in process": lambda: stack(path),
        "stack, command": tool(*command, "stack", path, "--no-store", "--json"),
    }
    seconds = medians(works, times)
    other = puncover(path)
    if other is not None:
        seconds["puncover"] = timed(other)
    tools = seconds["size"] + seconds["nm"]
    ratios = {
        "size and symbols / (size + nm), at most 3": seconds["litbench, in process"] / tools,
        "the same as a command": seconds["litbench symbols, command"] / tools,
    }
    if "puncover" in seconds:
        ratios["puncover / stack, at least 5"] = seconds["puncover"] / seconds["stack, in process"]
        ratios["puncover / stack command"] = seconds["puncover"] / seconds["stack, command"]
    return {
        "bytes": path.stat().st_size,
        "functions": len(CallGraph(elf.load(path)).summaries),
        "seconds": {name: round(value, 4) for name, value in seconds.items()},
        "ratios": {name: round(value, 2) for name, value in ratios.items()},
    }


if __name__ == "__main__":
    main()

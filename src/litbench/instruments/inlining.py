"""Functions that the compiler inlined, put back into sampled stacks.

perf can do it, but starts addr2line once an address. Here one addr2line a file is asked all
questions; a question that was asked is remembered.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType

from litbench.instruments.frames import UNKNOWN
from litbench.instruments.maps import Maps
from litbench.instruments.stacks import Place
from litbench.instruments.symbolise import address_of, parse_addr2line

# Questions and seconds in all: a large program's debug information can take very long to search.
QUESTIONS_LIMIT = 20_000
SECONDS_LIMIT = 60.0
_END = 0xFFFF_FFFF_FFFF_FFF0


class Inliner:
    """Asks addr2line. Use it as a context manager: the processes end with it."""

    def __init__(self) -> None:
        self.maps = Maps()
        self.exhausted = False
        self._processes: dict[str, subprocess.Popen[bytes] | None] = {}
        self._known: dict[tuple[str, int], list[Place]] = {}
        self._spent = 0.0

    def places(self, address: int) -> list[Place]:
        """The functions at a runtime address, the innermost first; empty where unknown."""
        found = self.maps.find(address)
        if found is None or not found[0].startswith("/"):
            return []
        if found not in self._known:
            if len(self._known) >= QUESTIONS_LIMIT or self._spent > SECONDS_LIMIT:
                self.exhausted = True
                return []
            began = time.monotonic()
            self._known[found] = self._ask(*found)
            self._spent += time.monotonic() - began
        return self._known[found]

    def _ask(self, path: str, offset: int) -> list[Place]:
        process, address = self._process(path), address_of(path, offset)
        if process is None or address is None or process.stdin is None or process.stdout is None:
            return []
        lines: list[str] = []
        try:
            process.stdin.write(b"%#x\n%#x\n" % (address, _END))
            process.stdin.flush()
            while (line := process.stdout.readline(1 << 16)) and len(lines) < 1000:
                lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                if len(lines) > 2 and lines[-3].startswith("0x") and int(lines[-3], 16) == _END:
                    break
        except (OSError, ValueError):
            return []
        module = Path(path).name
        frames = parse_addr2line(lines, 0, module).get(address, [])
        return [(f.function, module) for f in frames if f.function != UNKNOWN]

    def _process(self, path: str) -> subprocess.Popen[bytes] | None:
        if path not in self._processes:
            self._processes[path] = None
            if shutil.which("addr2line") and Path(path).is_file() and len(self._processes) < 50:
                with contextlib.suppress(OSError):
                    self._processes[path] = subprocess.Popen(
                        ["addr2line", "-f", "-i", "-a", "-e", path],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    )  # fmt: skip
        return self._processes[path]

    def __enter__(self) -> Inliner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in filter(None, self._processes.values()):
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

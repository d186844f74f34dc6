"""Programs built with a sanitizer: they find their own leaks and races and write them as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from litbench.instruments.base import EXACT, Answer, Effort, Instrument, Obstacle, Program, Watched
from litbench.instruments.frames import UNKNOWN, Frame, readable
from litbench.instruments.lost import Lost, fill
from litbench.instruments.tools import bounded_lines, program_path, symbols_of

LEAKS_LIMIT = 20_000
_LEAK = re.compile(r"^(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object\(s\)")
_FRAME = re.compile(r"^\s+#\d+ (?:0x[0-9a-f]+ in )?(.+)$")
# "name file:line:column (module+0x1)", "name file:line", "name (module+0x1)"
_PLACE = re.compile(
    r"^(?P<name>.+?)(?: (?P<file>[^\s()][^()]*?):(?P<line>\d+)(?::\d+)?)?"
    r"(?: \((?P<module>[^()]*)\+0x[0-9a-f]+\)(?: \(BuildId: \w+\))?)?$"
)


@dataclass
class Section:
    """A heading of a sanitizer's report with the stack below it."""

    heading: str
    stack: list[Frame] = field(default_factory=list)


def sections(lines: Iterable[bytes]) -> Iterator[Section]:
    """The headings of a report that have a stack below them, in order."""
    now = Section("")
    for raw in lines:
        line = raw.decode("utf-8", "replace").rstrip()
        if match := _FRAME.match(line):
            now.stack.append(frame_of(match.group(1)))
        elif line.strip():
            if now.stack:
                yield now
            now = Section(line.strip())
    if now.stack:
        yield now


def frame_of(text: str) -> Frame:
    """A frame as the sanitizers write it."""
    match = _PLACE.match(text.replace("<null>", "").strip())
    if match is None:
        return Frame(UNKNOWN)
    file, line = match["file"] or "", int(match["line"] or 0)
    return Frame(readable(match["name"]), file, line, Path(match["module"] or "").name)


def read_leaks(lines: Iterable[bytes]) -> list[Lost]:
    """The leaks of a LeakSanitizer report."""
    found: list[Lost] = []
    for section in sections(lines):
        if (match := _LEAK.match(section.heading)) and len(found) < LEAKS_LIMIT:
            kind, size, count = match.groups()
            found.append(Lost(section.stack, int(size), int(count), kind.lower()))
    return found


def sanitizer_of(path: Path) -> frozenset[str]:
    """Which sanitizers a program was built with: ``address``, ``leak``, ``thread``."""
    marks = {"address": "__asan_init", "thread": "__tsan_init", "leak": "__lsan_init"}
    symbols = symbols_of(str(path))
    return frozenset(kind for kind, mark in marks.items() if mark in symbols)


class LeakSanitizer(Instrument):
    """Leaks of a program that was built with -fsanitize=address or =leak."""

    tool: ClassVar[str] = "lsan"
    effort: ClassVar[Effort] = EXACT
    grace_s: ClassVar[float] = 60.0

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """Only for programs that were built for it."""
        if sanitizer_of(program_path(program.command)) & {"address", "leak"}:
            return None
        cure = "Build it with -fsanitize=leak."
        cost = "leaks cost 10 times the time to find"
        return Obstacle("not built with a leak sanitizer", cost, cure, irrelevant=True)

    @property
    def _log(self) -> Path:
        return self.folder / "lsan"

    def environment(self) -> dict[str, str]:
        """Reports go to files; the exit status stays that of the program."""
        options = f"detect_leaks=1:exitcode=0:log_path={self._log}"
        return {"ASAN_OPTIONS": options, "LSAN_OPTIONS": f"exitcode=0:log_path={self._log}"}

    def collect(self, watched: Watched) -> Answer:
        """Read the reports. No report from a process that ended by itself is no leak."""
        answer = Answer()
        answer.settings["sanitizer"] = "leak"
        found: list[Lost] = []
        for path in sorted(self.folder.glob("lsan.*")):
            with path.open("rb") as file:
                found += read_leaks(bounded_lines(file))
        if watched.killed or b"LeakSanitizer has encountered a fatal error" in watched.stderr:
            message = "the process ended before the leak sanitizer looked: what was lost is unknown"
            answer.caution("no-leak-check", message)
            return answer
        fill(answer, found, frozenset({"direct", "indirect"}))
        return answer

"""valgrind's DHAT: allocations, bytes and lifetimes by stack, without preloading anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from litbench.errors import InputError
from litbench.instruments.base import SLOW, Answer, Effort, Instrument, Obstacle, Program, Watched
from litbench.instruments.frames import UNKNOWN, Frame, readable
from litbench.instruments.sites import Allocations, sites_table, stacks_table, weights_of
from litbench.instruments.tools import installed, version_of
from litbench.units import Unit

FILE_LIMIT = 256 << 20
# "0x4843839: malloc (vg_replace_malloc.c:307)", "0x109: f (in /bin/x)", "0x10: ??? (in /x)"
_FRAME = re.compile(r"^0x[0-9A-Fa-f]+: (.*?)(?: \((?:in (.*)|([^()]*):(\d+))\))?$")


class Point(msgspec.Struct):
    """One program point of DHAT's file, version 2: its sums over the whole process.

    tb, tbk: bytes and blocks; tl: their lifetimes, added up; gb: bytes at the global peak;
    eb, ebk: bytes and blocks alive at the end; fs: frames, the innermost first.
    """

    tb: int
    tbk: int
    fs: list[int]
    tl: int | None = None
    gb: int | None = None
    eb: int | None = None
    ebk: int | None = None


class Dhat(msgspec.Struct):
    """What litbench reads of DHAT's file."""

    dhatFileVersion: int  # noqa: N815 - the file's own name
    pps: list[Point]
    ftbl: list[str]
    tg: int | None = None
    te: int | None = None


def read_dhat(path: Path) -> Dhat:
    """DHAT's file. Raises InputError when it is malformed or cut off."""
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise InputError(path, f"larger than {FILE_LIMIT >> 20} MiB")
        file = msgspec.json.decode(path.read_bytes(), type=Dhat)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(path, f"not a DHAT file, or cut off: {error}") from error
    if file.dhatFileVersion != 2:
        raise InputError(path, f"DHAT file version {file.dhatFileVersion}, known is 2")
    if any(not 0 <= frame < len(file.ftbl) for point in file.pps for frame in point.fs):
        raise InputError(path, "a frame number outside the frame table")
    return file


def frame_of(text: str) -> Frame:
    """A frame of DHAT's frame table."""
    match = _FRAME.match(text)
    if match is None:
        return Frame(UNKNOWN)
    name, module, file, line = match.groups()
    name = UNKNOWN if name == "???" else readable(name)
    return Frame(name, file or "", int(line or 0), module or "")


def allocations_of(file: Dhat) -> list[Allocations]:
    """Every program point as a site."""
    frames = [frame_of(text) for text in file.ftbl]
    return [
        Allocations(
            [frames[number] for number in point.fs], point.tbk, point.tb,
            alive=point.ebk, alive_bytes=point.eb, peak_bytes=point.gb,
            lifetime=point.tl / point.tbk if point.tl is not None and point.tbk else None,
        )
        for point in file.pps
    ]  # fmt: skip


class DhatInstrument(Instrument):
    """Allocation sites with lifetimes in instructions, for any program, 10 to 20 times slower."""

    tool: ClassVar[str] = "dhat"
    effort: ClassVar[Effort] = SLOW
    grace_s: ClassVar[float] = 120.0
    slows: ClassVar[float] = 15.0

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """Missing where valgrind is."""
        return installed("valgrind", "valgrind", "no lifetimes of allocations")

    @property
    def version(self) -> str:
        """valgrind's version."""
        return version_of("valgrind")

    @property
    def _output(self) -> Path:
        return self.folder / "dhat.json"

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Run it under DHAT."""
        return ["valgrind", "--tool=dhat", f"--dhat-out-file={self._output}", "-q", *command]

    def environment(self) -> dict[str, str]:
        """Python's objects go through malloc to be seen."""
        return {"PYTHONMALLOC": "malloc"} if self.program.is_python else {}

    def collect(self, watched: Watched) -> Answer:
        """Read DHAT's file."""
        answer = Answer()
        if not self._output.is_file():
            how = "was killed" if watched.killed else "ended"
            answer.caution("no-data", f"DHAT wrote nothing: the process {how} before its exit")
            return answer
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
        file = read_dhat(self._output)
        found = allocations_of(file)
        answer.totals["allocations"] = (Unit.COUNT, sum(a.count for a in found))
        answer.totals["allocated"] = (Unit.BYTES, sum(a.bytes for a in found))
        answer.one("heap-peak", Unit.BYTES, sum(a.peak_bytes or 0 for a in found))
        answer.one("live-end", Unit.BYTES, sum(a.alive_bytes or 0 for a in found))
        answer.tables.append(sites_table(found))
        answer.tables.append(stacks_table("stacks", weights_of(found, "count"), Unit.COUNT))
        return answer

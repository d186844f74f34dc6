"""What all instruments that let perf write a file share: the region, the bound, an empty file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from litbench.instruments.base import Answer, Instrument, Program, Region, Watched
from litbench.instruments.perf import Control
from litbench.instruments.tools import version_of
from litbench.instruments.watch import SizeWatch


class PerfFile(Instrument):
    """``perf record`` into ``file``, which never grows far beyond ``limit_mib``.

    perf ends a command when its file is full. A target is not ended, but no longer recorded.
    """

    file: ClassVar[str] = "perf.data"
    limit_mib: ClassVar[int] = 1024
    grace_s: ClassVar[float] = 60.0

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._data = self.folder / self.file
        self._control = Control(self.folder)
        self._size = SizeWatch(self._data, self.limit_mib, self._control.disable)

    @property
    def version(self) -> str:
        """perf's version."""
        return version_of("perf")

    def record(self, options: Sequence[str], command: Sequence[str]) -> list[str]:
        """The command line; events stay off until the region where there is one."""
        # --no-bpf-event: perf 6.1 takes a second longer to start with it
        own = ["--no-bpf-event", "-q", *options, "-o", str(self._data)]
        if self.program.has_region:
            own += self._control.options()
        else:
            own.append(f"--max-size={self.limit_mib}M")
        return ["perf", "record", *own, "--", *command]

    def on(self) -> None:
        """Switch the events on."""
        self._control.say("enable")
        self._size.start()

    def off(self) -> None:
        """Switch the events off."""
        self._size.stop()
        self._control.say("disable")

    def stopped(self) -> None:
        """Close the fifos."""
        self._size.stop()
        self._control.close()

    def begun(self, watched: Watched) -> tuple[Answer, bool]:
        """An answer with what is to be said of the file, and whether there is one to read."""
        answer = Answer(region=Region.MEASURED if self._control.switched else Region.WHOLE)
        if not self._data.is_file() or self._data.stat().st_size == 0:
            said = watched.stderr.decode("utf-8", "replace").strip()[-200:]
            message = f"perf wrote nothing: {said or 'it was killed, or may not record'}"
            answer.caution("no-data", message)
            return answer, False
        self._size.caution(answer)
        if not self.program.has_region and self._data.stat().st_size >= self.limit_mib << 20:
            message = f"perf ended the program when its file had {self.limit_mib:,} MiB"
            answer.caution("partial", f"{message}: profile less of it")
        return answer, True

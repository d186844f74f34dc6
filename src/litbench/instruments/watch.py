"""A bound on a tool's file: watched while it grows, and the tool stopped when it is reached."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from litbench.instruments.base import Answer

POLL_S = 0.1
GRACE_S = 5.0


class SizeWatch:
    """Stops the recording when its file has ``mebibytes``.

    ``stop_recording`` switches the tool off where it can be; otherwise the process is ended.
    """

    def __init__(
        self, path: Path, mebibytes: int, stop_recording: Callable[[], None] | None = None
    ) -> None:
        self._path = path
        self._mebibytes = mebibytes
        self._stop_recording = stop_recording
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self.reached = False

    def start(self, pid: int = 0) -> None:
        """Watch from now on; ``pid`` is what to end."""
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more. May be called again."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def caution(self, answer: Answer) -> None:
        """Say so when the bound was reached."""
        if self.reached:
            message = (
                f"the tool's file reached {self._mebibytes:,} MiB and was stopped: what came"
                " after is not in the answer; profile less of it"
            )
            answer.caution("partial", message)

    def _watch(self, pid: int) -> None:
        while not self._done.wait(POLL_S):
            with contextlib.suppress(OSError):
                self.reached = self._path.stat().st_size >= self._mebibytes << 20
            if not self.reached:
                continue
            if self._stop_recording is not None:
                self._stop_recording()
            elif pid:
                self._end(pid)
            return

    def _end(self, pid: int) -> None:
        """End the process group, which every watched program has to itself."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, number)
            if self._done.wait(GRACE_S):
                return

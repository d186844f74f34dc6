"""Running a user's own command under an instrument: the region is the whole process."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from litbench.instruments.base import Instrument, added
from litbench.protocol import OUTPUT_LIMIT

CHUNK = 1 << 16
POLL_S = 0.2


@dataclass(frozen=True)
class Outcome:
    """How a command went. ``status`` is negative for a signal; outputs are cut at a limit."""

    status: int
    wall_ns: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False

    @property
    def text(self) -> str:
        """The status for people."""
        if self.timed_out:
            return "did not end in time and was killed"
        if self.status < 0:
            return f"was killed by {signal.Signals(-self.status).name}"
        return f"exited with status {self.status}"


def run_command(command: Sequence[str], watch: Instrument, timeout_s: float) -> Outcome:
    """Run a command to its end, in a process group of its own that never outlives this call.

    Raises OSError when it cannot be started.
    """
    environment = added(os.environ, watch.environment())
    began = time.monotonic_ns()
    with subprocess.Popen(
        watch.wrap(command),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
    ) as process:
        try:
            watch.started(process.pid)
            outputs, in_time = _read(process, began / 1e9 + timeout_s)
            if not in_time:
                _ask_to_end(process, watch.grace_s)
            wall_ns = time.monotonic_ns() - began
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
            watch.stopped()
    return Outcome(status, wall_ns, bytes(outputs[0]), bytes(outputs[1]), timed_out=not in_time)


def _ask_to_end(process: subprocess.Popen[bytes], grace_s: float) -> None:
    """A chance to write a partial result, before the process group is killed."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_s)


def _read(
    process: subprocess.Popen[bytes], deadline: float
) -> tuple[tuple[bytearray, bytearray], bool]:
    """Keep the beginnings of both outputs until the command has ended; False when it has not."""
    outputs = (bytearray(), bytearray())
    with selectors.DefaultSelector() as selector:
        for stream, kept in zip((process.stdout, process.stderr), outputs, strict=True):
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ, kept)
        while selector.get_map():
            if time.monotonic() > deadline:
                return outputs, False
            for key, _ in selector.select(POLL_S):
                _take(selector, key.fileobj, key.data)  # type: ignore[arg-type]
            if process.poll() is not None and not selector.select(0):
                break  # a child that outlives the command may keep the outputs open
    try:
        process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return outputs, False
    return outputs, True


def _take(selector: selectors.BaseSelector, stream: IO[bytes], kept: bytearray) -> None:
    data = os.read(stream.fileno(), CHUNK)
    if not data:
        selector.unregister(stream)
    kept += data[: OUTPUT_LIMIT - len(kept)]

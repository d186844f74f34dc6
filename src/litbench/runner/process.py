"""An adapter as a process: in a group of its own, read with bounds, always stopped whole."""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from litbench.protocol import (
    CHANNEL_LIMIT,
    DESCRIPTOR_VARIABLE,
    LINE_LIMIT,
    OUTPUT_LIMIT,
    ProtocolError,
    ToAdapter,
    encode_line,
)

CHUNK = 1 << 16
DEADLINE_S = 60.0
EXIT_GRACE_S = 5.0
SHOWN_STDERR = 400


@dataclass(frozen=True)
class Exit:
    """How a process ended, and what it used. ``status`` is negative for a signal."""

    status: int
    usage: resource.struct_rusage

    @property
    def text(self) -> str:
        """The status for people."""
        if self.status >= 0:
            return f"exited with status {self.status}"
        return f"was killed by {signal.Signals(-self.status).name}"


class AdapterProcess:
    """A running adapter. Use it as a context manager: leaving it stops the whole process group.

    ``cpus`` restricts it to those processors (empty: no restriction). What it writes on stdout and
    stderr is kept in ``outputs``, up to ``OUTPUT_LIMIT`` bytes each.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], cpus: Sequence[int] = ()
    ) -> None:
        read_end, write_end = os.pipe()
        try:
            with _affinity(cpus):
                self._popen = subprocess.Popen(
                    list(command),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(write_end,),
                    env={**environment, DESCRIPTOR_VARIABLE: str(write_end)},
                    start_new_session=True,
                    bufsize=0,
                )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        self.pid = self._popen.pid
        self.deadline = time.monotonic() + DEADLINE_S
        self.outputs: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self._channel = read_end
        self._buffer = bytearray()
        self._received = 0
        self._exit: Exit | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(read_end, selectors.EVENT_READ, "channel")
        for name in self.outputs:
            self._selector.register(getattr(self._popen, name), selectors.EVENT_READ, name)

    def send(self, message: ToAdapter) -> None:
        """Write one line to the adapter; one that is gone is found when it is read."""
        assert self._popen.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._popen.stdin.write(encode_line(message))

    def lines(self) -> Iterator[bytes]:
        """The adapter's lines, as they come, until it closes its channel.

        Raises ProtocolError: ``timed-out`` (``deadline``, a reading of ``time.monotonic``, is
        over), ``line-too-long``, ``output-flood``.
        """
        while True:
            while (end := self._buffer.find(b"\n")) >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                yield line
            if len(self._buffer) > LINE_LIMIT:
                raise ProtocolError("line-too-long", f"a line of more than {LINE_LIMIT:,} bytes")
            if not self._read_more(self.deadline):
                return

    @property
    def has_more(self) -> bool:
        """Whether the adapter has already sent more than was taken."""
        ready = (key.data for key, _ in self._selector.select(0))
        return bool(self._buffer) or "channel" in ready

    def wait(self, grace: float = EXIT_GRACE_S) -> Exit | None:
        """Wait until the adapter has exited by itself; None when it does not within ``grace``.

        Its outputs are read meanwhile. Whatever else is left in its process group is killed.
        """
        deadline = time.monotonic() + grace
        with contextlib.suppress(ProtocolError):
            while self._selector.get_map():
                self._read_more(deadline, whole=True)
        with contextlib.suppress(subprocess.TimeoutExpired, ChildProcessError):
            while not self._has_exited():
                if time.monotonic() > deadline:
                    return None
                time.sleep(0.001)
        return self.stop()

    def stop(self) -> Exit:
        """Kill the process group and reap the adapter."""
        if self._exit is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            _, status, usage = os.wait4(self.pid, 0)
            self._popen.returncode = os.waitstatus_to_exitcode(status)
            self._exit = Exit(self._popen.returncode, usage)
            self._drain()
        return self._exit

    @property
    def last_words(self) -> str:
        """The end of what it wrote on stderr, for an error message."""
        text = self.outputs["stderr"].decode("utf-8", "backslashreplace").strip()
        return text[-SHOWN_STDERR:]

    def __enter__(self) -> AdapterProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._selector.close()
        os.close(self._channel)
        for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _read_more(self, deadline: float, *, whole: bool = False) -> bool:
        """Read what is there; False when the channel (``whole``: everything) is closed."""
        remaining = deadline - time.monotonic()
        events = self._selector.select(max(remaining, 0)) if remaining > 0 else []
        if not events:
            raise ProtocolError("timed-out", "the time limit ran out")
        still_open = True
        for key, _ in events:
            data = os.read(key.fd, CHUNK)
            if not data:
                self._selector.unregister(key.fileobj)
                still_open = still_open and (key.data != "channel" or whole)
            elif key.data == "channel":
                self._take(data)
            else:
                self._keep(key.data, data)
        return still_open

    def _take(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > CHANNEL_LIMIT:
            raise ProtocolError(
                "output-flood", f"more than {CHANNEL_LIMIT >> 20} MiB on the protocol channel"
            )
        self._buffer += data

    def _keep(self, name: str, data: bytes) -> None:
        kept = self.outputs[name]
        kept += data[: OUTPUT_LIMIT - len(kept)]
        if len(kept) >= OUTPUT_LIMIT:
            raise ProtocolError("output-flood", f"more than {OUTPUT_LIMIT >> 20} MiB on {name}")

    def _drain(self) -> None:
        """Take what the dead process left in its pipes; a flood ends at its limit."""
        with contextlib.suppress(ProtocolError):
            while self._selector.get_map():
                if not self._selector.select(0):
                    return
                self._read_more(time.monotonic() + 1, whole=True)

    def _has_exited(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def keep_output(folder: Path, name: str, data: bytes) -> Path:
    """Write an output into the folder of a run's artifacts."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.txt"
    path.write_bytes(data)
    return path


@contextlib.contextmanager
def _affinity(cpus: Sequence[int]) -> Iterator[None]:
    """Let a process started inside inherit ``cpus``: set before it exists, so no thread escapes."""
    if not cpus or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)

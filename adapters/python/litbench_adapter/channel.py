"""The two ends of the protocol: lines out on a descriptor of their own, lines in from stdin."""

from __future__ import annotations

import json
import os
import threading
from queue import SimpleQueue
from typing import Any, BinaryIO

from litbench_adapter.schema import LINE_LIMIT, TO_ADAPTER, Message, ProtocolError, parse

DESCRIPTOR = "LITBENCH_FD"


class Output:
    """Writes messages to the descriptor named in LITBENCH_FD, each as one line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def from_environment(cls) -> Output:
        """Raises ProtocolError when this process was not started by litbench."""
        number = os.environ.get(DESCRIPTOR, "")
        if not number.isdecimal():
            raise ProtocolError(f"{DESCRIPTOR} is not set: `serve` is for litbench to start")
        return cls(int(number))

    def write(self, kind: str, **fields: Any) -> None:
        """Write one message, whole."""
        line = json.dumps({"type": kind, **fields}, separators=(",", ":"), allow_nan=False)
        rest = memoryview(line.encode() + b"\n")
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


class Input:
    """Reads messages on a thread that is blocked all the time, so that an iteration feels nothing.

    When standard input closes before ``report`` has come, litbench is gone and the process
    exits at once, whatever its runtime is doing.
    """

    def __init__(self, stream: BinaryIO | None = None) -> None:
        # Not sys.stdin: Python aborts at its exit when a thread is blocked in that.
        self._stream = stream or open(0, "rb", closefd=False)  # noqa: SIM115
        self._lines: SimpleQueue[Message | ProtocolError] = SimpleQueue()
        threading.Thread(target=self._read, name="litbench-input", daemon=True).start()

    def expect(self, kind: str) -> Message:
        """The next message. Raises ProtocolError when it is malformed or of another type."""
        message = self._lines.get()
        if isinstance(message, ProtocolError):
            raise message
        if message["type"] != kind:
            raise ProtocolError(f"expected {kind!r}, got {message['type']!r}")
        return message

    def _read(self) -> None:
        while True:
            line = self._stream.readline(LINE_LIMIT + 1)
            if not line:
                os._exit(1)
            try:
                message = parse(line, TO_ADAPTER)
            except ProtocolError as error:
                self._lines.put(error)
                return
            self._lines.put(message)
            if message["type"] == "report":
                return

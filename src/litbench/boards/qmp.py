"""A client of QEMU's machine protocol (QMP): one JSON object a line, over a Unix socket."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

MOST_LINE = 1 << 20


class QmpClosedError(Exception):
    """QEMU is gone, or does not speak the protocol."""


class Qmp:
    """A connection. Every wait is bounded by a deadline of ``time.monotonic``."""

    def __init__(self, place: Path, deadline: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._buffer = b""
        self._events: list[dict[str, Any]] = []
        while True:
            try:
                self._socket.connect(str(place))
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    self.close()
                    raise QmpClosedError(f"QEMU opened no socket: {error}") from error
                time.sleep(0.002)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def greet(self, deadline: float) -> None:
        """Take the greeting and leave the negotiation."""
        self._read(deadline)
        self.command("qmp_capabilities", deadline)

    def command(self, name: str, deadline: float, **arguments: Any) -> Any:
        """Run a command; its return value."""
        message = {"execute": name, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise QmpClosedError(str(error)) from error
        while True:
            answer = self._read(deadline)
            if "event" in answer:
                self._events.append(answer)
            elif "error" in answer:
                raise QmpClosedError(f"{name}: {answer['error'].get('desc', 'refused')}")
            else:
                return answer.get("return")

    def event(self, deadline: float) -> dict[str, Any] | None:
        """The next event, or None when the deadline passes first."""
        if self._events:
            return self._events.pop(0)
        try:
            while True:
                answer = self._read(deadline)
                if "event" in answer:
                    return answer
        except TimeoutError:
            return None

    def _read(self, deadline: float) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                raise
            except OSError as error:
                raise QmpClosedError(str(error)) from error
            if not data or len(self._buffer) > MOST_LINE:
                raise QmpClosedError("QEMU closed the connection")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise QmpClosedError("QEMU sent no JSON") from error
        if not isinstance(answer, dict):
            raise QmpClosedError("QEMU sent no JSON object")
        return answer

"""A client of the GDB remote serial protocol, as far as reading and running a board needs it.

Packets are ``$data#checksum``, with ``}`` escapes and ``*`` run lengths ("GDB Remote Serial
Protocol", appendix E of "Debugging with GDB"). Everything from the server is bounded: a packet's
bytes, a wait's time.
"""

from __future__ import annotations

import re
import socket
import time

MOST_PACKET = 1 << 20
MOST_CHUNK = 1024
ATTEMPTS = 3


class GdbError(Exception):
    """The server is gone, silent, or says what the protocol does not allow."""


def encode(data: bytes) -> bytes:
    """A packet for the wire."""
    escaped = re.sub(rb"[$#}*]", lambda match: b"}" + bytes([match[0][0] ^ 0x20]), data)
    return b"$%s#%02x" % (escaped, sum(escaped) & 0xFF)


def decode(body: bytes) -> bytes:
    """A packet's data from what stood between ``$`` and ``#``. Raises GdbError when malformed."""
    out = bytearray()
    index = 0
    while index < len(body):
        byte = body[index]
        index += 1
        if byte == ord("*"):
            if not out or index >= len(body) or body[index] < 29 + 3:
                raise GdbError("a run length makes no sense")
            out += out[-1:] * (body[index] - 29)
            index += 1
        elif byte == ord("}"):
            if index >= len(body):
                raise GdbError("a packet ends in an escape")
            out.append(body[index] ^ 0x20)
            index += 1
        else:
            out.append(byte)
        if len(out) > MOST_PACKET:
            raise GdbError("a packet is too long")
    return bytes(out)


class Gdb:
    """A connection. Times are seconds of waiting; every answer may take ``patience``."""

    def __init__(self, host: str, port: int, patience: float = 5.0) -> None:
        self.patience = patience
        self._buffer = b""
        self.chunk = 256
        try:
            self._socket = socket.create_connection((host, port), timeout=patience)
        except OSError as error:
            raise GdbError(f"no gdb server at {host}:{port}: {error}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Gdb:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def start(self) -> None:
        """Agree on the packet size; some servers answer no register before they were asked for
        their features.
        """
        features = self.ask(b"qSupported:swbreak+;hwbreak+;xmlRegisters=arm,riscv")
        match = re.search(rb"PacketSize=([0-9a-fA-F]{1,8})", features)
        if match:
            self.chunk = max(min((int(match[1], 16) - 32) // 2, MOST_CHUNK), 16)
        if b"qXfer:features:read+" in features:
            self.ask(b"qXfer:features:read:target.xml:0,ffb")
        self.ask(b"?")

    def monitor(self, command: str) -> str:
        """A command of the server's own (``monitor reset halt``); what it printed."""
        self._send(encode(b"qRcmd," + command.encode().hex().encode()))
        printed = b""
        while True:
            answer = self._packet(time.monotonic() + self.patience)
            if answer.startswith(b"O") and answer != b"OK":
                printed += _unhex(answer[1:])
            elif answer == b"OK":
                return printed.decode("utf-8", "replace")
            elif answer.startswith(b"E") or not answer:
                raise GdbError(f"the server refused `monitor {command}`")
            else:
                return (printed + _unhex(answer)).decode("utf-8", "replace")

    def read(self, address: int, size: int) -> bytes:
        """Memory of the board."""
        data = b""
        while len(data) < size:
            want = min(self.chunk, size - len(data))
            got = _unhex(self.ask(b"m%x,%x" % (address + len(data), want)))
            if not got or len(got) > want:
                raise GdbError(f"memory at {address + len(data):#x} cannot be read")
            data += got
        return data

    def write(self, address: int, data: bytes) -> None:
        """Write memory of the board."""
        for offset in range(0, len(data), self.chunk):
            part = data[offset : offset + self.chunk]
            packet = b"M%x,%x:%s" % (address + offset, len(part), part.hex().encode())
            if self.ask(packet) != b"OK":
                raise GdbError(f"memory at {address + offset:#x} cannot be written")

    def set_breakpoint(self, address: int, kind: int) -> None:
        """A hardware breakpoint, or a software one where there is none. ``kind``: bytes of the
        instruction.
        """
        for sort in (b"1", b"0"):
            if self.ask(b"Z%s,%x,%x" % (sort, address, kind)) == b"OK":
                return
        raise GdbError(f"no breakpoint can be set at {address:#x}")

    def clear_breakpoint(self, address: int, kind: int) -> None:
        """Take the breakpoint away; one that is not there is fine."""
        for sort in (b"1", b"0"):
            self.ask(b"z%s,%x,%x" % (sort, address, kind))

    def step(self) -> None:
        """One instruction."""
        self._send(encode(b"s"))
        self._stop(time.monotonic() + self.patience)

    def register_number(self, name: str) -> int | None:
        """The number of a register that the server describes, None where it does not."""
        pattern = re.compile(rb'name="%s"[^>]{0,200}regnum="(\d{1,6})"' % name.encode())
        for document in re.findall(rb'href="([\w.-]{1,80})"', self._feature(b"target.xml")):
            if match := pattern.search(self._feature(document)):
                return int(match[1])
        return None

    def register(self, number: int) -> int:
        """A register's value."""
        return int.from_bytes(_unhex(self.ask(b"p%x" % number)), "little")

    def set_register(self, number: int, value: int) -> None:
        """Write a register of 32 bits."""
        if self.ask(b"P%x=%s" % (number, value.to_bytes(4, "little").hex().encode())) != b"OK":
            raise GdbError(f"register {number} cannot be written")

    def _feature(self, name: bytes) -> bytes:
        """A whole document of the target's description."""
        text = b""
        while len(text) < MOST_PACKET:
            answer = self.ask(b"qXfer:features:read:%s:%x,%x" % (name, len(text), MOST_CHUNK))
            text += answer[1:]
            if answer[:1] != b"m" or not answer[1:]:
                break
        return text

    def resume(self, seconds: float) -> bytes | None:
        """Let the core run; how it stopped, or None when it still ran after ``seconds`` and was
        interrupted.
        """
        self._send(encode(b"c"))
        try:
            return self._stop(time.monotonic() + seconds)
        except TimeoutError:
            self._socket.sendall(b"\x03")
            try:
                self._stop(time.monotonic() + self.patience)
            except TimeoutError as error:
                raise GdbError("the core does not stop") from error
            return None

    def detach(self) -> None:
        """Leave the core running."""
        self.ask(b"D")

    def ask(self, data: bytes) -> bytes:
        """Send a packet, take the answer."""
        self._send(encode(data))
        try:
            return self._packet(time.monotonic() + self.patience)
        except TimeoutError as error:
            name = data[:12].decode("ascii", "replace")
            raise GdbError(f"no answer to {name!r} after {self.patience:g} s") from error

    def _stop(self, deadline: float) -> bytes:
        while True:
            answer = self._packet(deadline)
            if answer[:1] in {b"T", b"S", b"W", b"X"}:
                return answer
            if answer[:1] == b"E":
                raise GdbError(f"the core cannot run: {answer.decode('ascii', 'replace')}")

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise GdbError(f"the server is gone: {error}") from error

    def _packet(self, deadline: float) -> bytes:
        """The next whole packet, acknowledged; a damaged one is asked for again."""
        for _ in range(ATTEMPTS):
            body, checksum = self._frame(deadline)
            if sum(body) & 0xFF == checksum:
                self._send(b"+")
                return decode(body)
            self._send(b"-")
        raise GdbError(f"{ATTEMPTS} damaged packets in a row")

    def _frame(self, deadline: float) -> tuple[bytes, int]:
        while True:
            start = self._buffer.find(b"$")
            end = self._buffer.find(b"#", start)
            if start >= 0 and 0 <= end <= len(self._buffer) - 3:
                body, digits = self._buffer[start + 1 : end], self._buffer[end + 1 : end + 3]
                self._buffer = self._buffer[end + 3 :]
                return body, _number(digits)
            if start < 0:
                self._buffer = b""
            if len(self._buffer) > MOST_PACKET:
                raise GdbError("a packet is too long")
            self._buffer += self._receive(deadline)

    def _receive(self, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(1 << 16)
        except TimeoutError:
            raise
        except OSError as error:
            raise GdbError(f"the server is gone: {error}") from error
        if not data:
            raise GdbError("the server closed the connection")
        return data


def _number(digits: bytes) -> int:
    try:
        return int(digits, 16)
    except ValueError:
        return -1


def _unhex(text: bytes) -> bytes:
    if text[:1] == b"E" and len(text) == 3:
        raise GdbError(f"the server answers with error {text[1:].decode('ascii', 'replace')}")
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError as error:
        raise GdbError("an answer is not hexadecimal") from error

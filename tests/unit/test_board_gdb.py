"""The gdb remote client: packets, and servers that misbehave. Loopback only."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.boards.gdb import Gdb, GdbError, decode, encode
from litbench.boards.remote import address_of
from litbench.boards.server import Server, identify
from litbench.errors import UsageError


@given(st.binary(max_size=200))
def test_a_packet_is_read_as_it_was_written(data: bytes) -> None:
    packet = encode(data)
    body, checksum = packet[1:-3], int(packet[-2:], 16)
    assert packet[:1] == b"$"
    assert sum(body) & 0xFF == checksum
    assert decode(body) == data


def test_run_lengths_are_expanded() -> None:
    assert decode(b"0* ") == b"0000"  # the protocol's own example: '0' and three more


@pytest.mark.parametrize("body", [b"*!", b"0*", b"0*\x01", b"x}"])
def test_malformed_packets_are_refused(body: bytes) -> None:
    with pytest.raises(GdbError):
        decode(body)


@given(st.binary(max_size=400))
def test_any_packet_body_decodes_or_is_refused(body: bytes) -> None:
    with contextlib.suppress(GdbError):
        decode(body)


@contextlib.contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that serves one connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(timeout=5)


def saying(*chunks: bytes) -> Callable[[socket.socket], None]:
    """Says this to whatever is asked, then waits for the client to go."""

    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        for chunk in chunks:
            connection.sendall(chunk)
        while connection.recv(4096):
            pass

    return answer


def ask(port: int, data: bytes = b"m0,4") -> bytes:
    with Gdb("127.0.0.1", port, patience=1.0) as gdb:
        return gdb.ask(data)


def test_acknowledgements_and_noise_before_a_packet_are_passed_over() -> None:
    with server(saying(b"++noise", b"$dead", b"beef#20")) as port:
        assert ask(port) == b"deadbeef"


def test_a_damaged_packet_is_asked_for_again() -> None:
    with server(saying(b"+$OK#00", encode(b"OK"))) as port:
        assert ask(port) == b"OK"


@pytest.mark.parametrize(
    ("chunks", "word"),
    [
        ((), "no answer"),
        ((b"+$OK#zz" * 3,), "damaged"),
        ((b"$" + b"x" * (2 << 20),), "too long"),
        ((b"+$*!#4b",), "run length"),
    ],
)
def test_bad_servers_end_in_bounded_time(chunks: tuple[bytes, ...], word: str) -> None:
    with server(saying(*chunks)) as port, pytest.raises(GdbError, match=word):
        ask(port)


def test_a_server_that_closes() -> None:
    with server(lambda connection: None) as port, pytest.raises(GdbError, match=r"closed|gone"):
        ask(port)


def test_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(GdbError, match="no gdb server"):
        Gdb("127.0.0.1", port, patience=1.0)


def test_short_memory_answers_are_asked_on_and_errors_are_told() -> None:
    def answer(connection: socket.socket) -> None:
        replies = iter((b"0102", b"0304", b"E14"))
        while data := connection.recv(4096):
            if b"$m" in data:
                connection.sendall(b"+" + encode(next(replies)))

    with server(answer) as port, Gdb("127.0.0.1", port, patience=1.0) as gdb:
        assert gdb.read(0x1000, 4) == b"\1\2\3\4"
        with pytest.raises(GdbError, match="error 14"):
            gdb.read(0x2000, 4)


def answering(replies: dict[bytes, tuple[bytes, ...]]) -> Callable[[socket.socket], None]:
    """Answers each packet by its beginning; the others are empty, as of what is not known."""

    def answer(connection: socket.socket) -> None:
        while data := connection.recv(4096):
            for body in re.findall(rb"\$([^#]*)#", data):
                found = [r for start, r in replies.items() if decode(body).startswith(start)]
                for reply in found[0] if found else (b"",):
                    connection.sendall(b"+" + encode(reply))

    return answer


def command(text: bytes) -> bytes:
    return b"qRcmd," + text.hex().encode()


def test_a_server_says_what_it_is() -> None:
    openocd = b"O" + b"Open On-Chip Debugger 0.12.0\n".hex().encode()
    replies: dict[bytes, tuple[bytes, ...]] = {command(b"version"): (openocd, b"OK")}
    with server(answering(replies)) as port, Gdb("127.0.0.1", port, patience=1.0) as gdb:
        assert identify(gdb) == Server("Open On-Chip Debugger 0.12.0")
    qemu = (b"O" + b"7.2.22Debian 1:7.2+dfsg\r\n".hex().encode(), b"OK")
    replies |= {b"qqemu.sstepbits": (b"ENABLE=1,NOIRQ=2",), command(b"info version"): qemu}
    with server(answering(replies)) as port, Gdb("127.0.0.1", port, patience=1.0) as gdb:
        assert identify(gdb) == Server("QEMU 7.2.22", is_qemu=True)


def test_a_server_that_says_nothing_has_no_name() -> None:
    refusals: tuple[dict[bytes, tuple[bytes, ...]], ...] = ({}, {b"qRcmd": (b"E01",)})
    for replies in refusals:
        with server(answering(replies)) as port, Gdb("127.0.0.1", port, patience=1.0) as gdb:
            assert identify(gdb) == Server("")


@pytest.mark.parametrize("board", ["gdb:", "gdb:host", "gdb:host:0", "gdb:host:99999", "gdb::3333"])
def test_a_board_needs_host_and_port(board: str) -> None:
    with pytest.raises(UsageError, match="gdb:HOST:PORT"):
        address_of(board)


def test_addresses_are_read() -> None:
    assert address_of("gdb:127.0.0.1:3333") == ("127.0.0.1", 3333)
    assert address_of("gdb:[::1]:3333") == ("::1", 3333)

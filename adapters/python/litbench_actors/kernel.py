"""The actor kernel: what a runtime has to offer, and where actors report what they did.

An actor is an ``async def`` body that the runtime runs as a task of its own, with a bounded mailbox
of its own, which is the runtime's channel. There is nothing else to it, so that a difference
between two targets is a difference between their runtimes.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from litbench_adapter import MASK, Job, Ledger, Outcome

T = TypeVar("T")

Message = tuple[int, int, int]  # who sent it, a value, a stamp (0 unless latency is measured)
Body = Callable[..., Coroutine[Any, Any, None]]

START: Message = (0, -1, 0)  # control messages have a negative value; they are never counted
STOP: Message = (0, -2, 0)

ENOUGH = 1 << 30  # the bound of a mailbox that must never be full, as the driver's


class Mailbox(Protocol):
    """A bounded channel of the runtime. ``send`` waits while it is full, ``receive`` while empty.

    ``try_send`` never waits: it gives the message back when the mailbox is full, and None when it
    has taken it. ``waiting`` is how many messages are in it; while there are any, its owner may
    take one by ``receive_nowait``.
    """

    @property
    def send(self) -> Callable[[Message], Awaitable[None]]: ...

    @property
    def receive(self) -> Callable[[], Awaitable[Message]]: ...

    @property
    def try_send(self) -> Callable[[Message], Message | None]: ...

    @property
    def receive_nowait(self) -> Callable[[], Message]: ...

    @property
    def waiting(self) -> Callable[[], int]: ...


class Runtime(Protocol):
    """A runtime that actors run on."""

    def open(self) -> None:
        """Start what the runtime needs, before the clock runs."""

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the driver to its end, as a task of the runtime like any actor."""

    def mailbox(self, bound: int) -> Mailbox:
        """A new mailbox for at most ``bound`` messages."""

    def spawn(self, body: Body, *arguments: Any) -> None:
        """Start an actor. When it raises, the whole run ends with an error."""

    def start(self, own: Any, body: Body, *arguments: Any) -> Callable[[], object]:
        """Start an actor that receives from the mailbox ``own`` alone; what is returned stops it.

        It stops where it waits, by an exception of the runtime's that is no ``Exception``; what
        is in its mailbox stays there. Stopping one that has ended does nothing.
        """

    @property
    def pause(self) -> Callable[[], Awaitable[None]]:
        """Let the others run."""

    async def join(self) -> None:
        """Wait until every actor has stopped."""


class Book:
    """What the actors of one iteration did. Each enters its own counts once, when it stops."""

    def __init__(self, *, timed: bool, probe: Callable[[str], None]) -> None:
        self.timed = timed
        self.probe = probe
        self.samples: list[int] = []  # ns; list.append is atomic, so all actors share it
        self.sent = self.handled = self.errored = self.pending = self.refused = 0
        self.order = self.sum = 0
        self._lock = threading.Lock()

    def enter(
        self,
        *,
        sent: int = 0,
        handled: int = 0,
        order: int = 0,
        total: int = 0,
        pending: int = 0,
        refused: int = 0,
    ) -> None:
        """Add one actor's counts and the folds of the messages that it handled."""
        with self._lock:
            self.sent += sent
            self.handled += handled
            self.pending += pending
            self.order += order
            self.sum += total
            self.refused += refused

    def outcome(self, start: int, end: int, **checks: int) -> Outcome:
        """The iteration's outcome; every actor must have stopped."""
        ledger = Ledger(self.sent, self.handled, errored=self.errored, pending=self.pending)
        return Outcome(start, end, ledger, {name: value & MASK for name, value in checks.items()})


Workload = Callable[[Runtime, Job, Book], Coroutine[Any, Any, Outcome]]

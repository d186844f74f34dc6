"""trio: a task in one nursery and a memory channel an actor."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import trio

from litbench_actors.kernel import Body, Message

T = TypeVar("T")


class Mailbox:
    """Both ends of a memory channel."""

    __slots__ = ("_channel", "_send_nowait", "receive", "receive_nowait", "send")

    def __init__(self, bound: int) -> None:
        sender, receiver = trio.open_memory_channel[Message](bound)
        self._channel = receiver
        self.send = sender.send
        self.receive = receiver.receive
        self.receive_nowait = receiver.receive_nowait
        self._send_nowait = sender.send_nowait

    def try_send(self, message: Message) -> Message | None:
        """Hand the message on, or give it back."""
        try:
            self._send_nowait(message)
        except trio.WouldBlock:
            return message
        return None

    def waiting(self) -> int:
        """How many messages are in it."""
        return self._channel.statistics().current_buffer_used


class TrioRuntime:
    """One trio run an iteration: trio has no loop that outlives a run."""

    mailbox = Mailbox
    pause = staticmethod(trio.lowlevel.checkpoint)

    def open(self) -> None:
        """Make one empty run, which warms up what trio keeps between runs."""
        trio.run(trio.lowlevel.checkpoint)

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the driver as trio's main task, with a nursery for the actors."""
        return trio.run(self._main, main)

    async def _main(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with trio.open_nursery() as self._nursery:
            return await main()

    def spawn(self, body: Body, *arguments: Any) -> None:
        """Start an actor. When it raises, the nursery ends the run."""
        self._nursery.start_soon(body, *arguments)

    def start(self, own: Any, body: Body, *arguments: Any) -> Callable[[], object]:  # noqa: ARG002
        """Start an actor in a cancel scope of its own."""
        scope = trio.CancelScope()
        self._nursery.start_soon(_scoped, scope, body, arguments)
        return scope.cancel

    async def join(self) -> None:
        """Let trio turn until the nursery is empty."""
        while self._nursery.child_tasks:
            await trio.lowlevel.checkpoint()


async def _scoped(scope: Any, body: Body, arguments: tuple[Any, ...]) -> None:
    with scope:
        await body(*arguments)

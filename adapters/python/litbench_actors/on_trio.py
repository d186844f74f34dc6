"""trio: a task in one nursery and a memory channel an actor."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import trio

from litbench_actors.kernel import Body, Message

T = TypeVar("T")


class Mailbox:
    """Both ends of a memory channel."""

    __slots__ = ("_channel", "receive", "send")

    def __init__(self, bound: int) -> None:
        sender, receiver = trio.open_memory_channel[Message](bound)
        self._channel = receiver
        self.send = sender.send
        self.receive = receiver.receive

    def waiting(self) -> int:
        """How many messages are in it."""
        return self._channel.statistics().current_buffer_used


class TrioRuntime:
    """One trio run an iteration: trio has no loop that outlives a run."""

    mailbox = Mailbox

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

    async def join(self) -> None:
        """Let trio turn until the nursery is empty."""
        while self._nursery.child_tasks:
            await trio.lowlevel.checkpoint()

"""Threads: an operating-system thread and a queue.Queue an actor.

The same ``async def`` bodies run here. Every await ends in a mailbox that blocks its thread and
never suspends its coroutine, so one ``send(None)`` drives an actor from its start to its end.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from litbench_actors.kernel import Body, Message
from litbench_adapter import crash

T = TypeVar("T")


class Mailbox:
    """A queue.Queue behind awaitables that never suspend."""

    __slots__ = ("_get", "_put", "waiting")

    def __init__(self, bound: int) -> None:
        channel = queue.Queue[Message](bound)
        self._put = channel.put
        self._get = channel.get
        self.waiting = channel.qsize

    async def send(self, message: Message) -> None:
        """Block this thread while the queue is full."""
        self._put(message)

    async def receive(self) -> Message:
        """Block this thread while the queue is empty."""
        return self._get()


class ThreadsRuntime:
    """A thread an actor; the driver has the main thread."""

    mailbox = Mailbox

    def open(self) -> None:
        """There is nothing to start."""
        self._threads: list[threading.Thread] = []

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the driver on this thread."""
        return drive(main())

    def spawn(self, body: Body, *arguments: Any) -> None:
        """Start an actor's thread. It is not a daemon to anybody: ``join`` waits for it."""
        thread = threading.Thread(target=_act, args=(body, arguments), daemon=True)
        thread.start()
        self._threads.append(thread)

    async def join(self) -> None:
        """Wait for every thread; one that spawns is waited for before the list can be empty."""
        while self._threads:
            self._threads.pop().join()


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends. Raises RuntimeError when it does."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("an actor on a thread suspended: only mailboxes may be awaited")


def _act(body: Body, arguments: tuple[Any, ...]) -> None:
    try:
        drive(body(*arguments))
    except BaseException as error:  # the run cannot go on without this actor
        crash(error)

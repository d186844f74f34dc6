"""Threads: an operating-system thread and a queue.Queue an actor.

The same ``async def`` bodies run here. Every await ends in a mailbox that blocks its thread and
never suspends its coroutine, so one ``send(None)`` drives an actor from its start to its end.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from litbench_actors.kernel import Body, Message
from litbench_adapter import crash

T = TypeVar("T")


URGENT: Message = (0, -1, 0)  # told from others by identity; it jumps the queue


class Stopped(BaseException):
    """Raised in an actor that is to stop: a thread cannot be stopped from outside."""


class Mailbox:
    """A queue.Queue behind awaitables that never suspend."""

    __slots__ = ("_channel", "_get", "_put", "_stopping", "receive_nowait", "waiting")

    def __init__(self, bound: int) -> None:
        self._channel = channel = queue.Queue[Message](bound)
        self._put = channel.put
        self._get = channel.get
        self._stopping = False
        self.receive_nowait = channel.get_nowait
        self.waiting = channel.qsize

    async def send(self, message: Message) -> None:
        """Block this thread while the queue is full."""
        self._put(message)

    def try_send(self, message: Message) -> Message | None:
        """Hand the message on, or give it back."""
        try:
            self._put(message, block=False)
        except queue.Full:
            return message
        return None

    async def receive(self) -> Message:
        """Block this thread while the queue is empty. Raises Stopped when its actor is to stop."""
        message = self._get()
        while message is URGENT:
            if self._stopping:
                raise Stopped
            message = self._get()
        return message

    def take(self) -> None:
        """A new actor receives from here: what was urgent to the last one is of no account."""
        self._stopping = False

    def interrupt(self) -> None:
        """Stop the actor that receives from here, before any message that waits."""
        self._stopping = True
        with self._channel.mutex:
            self._channel.queue.appendleft(URGENT)
            self._channel.not_empty.notify()


class ThreadsRuntime:
    """A thread an actor; the driver has the main thread."""

    mailbox = Mailbox

    def open(self) -> None:
        """There is nothing to start."""
        self._threads: set[threading.Thread] = set()

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the driver on this thread."""
        return drive(main())

    def spawn(self, body: Body, *arguments: Any) -> None:
        """Start an actor's thread. It is a daemon to none: ``join`` waits for it."""
        thread = threading.Thread(target=self._act, args=(body, arguments), daemon=True)
        self._threads.add(thread)
        thread.start()

    def start(self, own: Mailbox, body: Body, *arguments: Any) -> Callable[[], object]:
        """Start an actor's thread; it stops when it next receives."""
        own.take()
        self.spawn(body, *arguments)
        return own.interrupt

    @staticmethod
    async def pause() -> None:
        """Let go of the interpreter."""
        time.sleep(0)

    async def join(self) -> None:
        """Wait for every thread; one that spawns is waited for before the set can be empty."""
        while self._threads:
            for thread in tuple(self._threads):
                if thread.is_alive():
                    thread.join()
                else:  # it is just about to start, or to leave the set
                    time.sleep(0)

    def _act(self, body: Body, arguments: tuple[Any, ...]) -> None:
        try:
            drive(body(*arguments))
        except Stopped:
            pass
        except BaseException as error:  # the run cannot go on without this actor
            crash(error)
        self._threads.discard(threading.current_thread())


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends. Raises RuntimeError when it does."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("an actor on a thread suspended: only mailboxes may be awaited")

"""asyncio, and uvloop under it: a task and an asyncio.Queue an actor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from litbench_actors.kernel import Body, Message
from litbench_adapter import crash

T = TypeVar("T")


class Mailbox(asyncio.Queue[Message]):
    """asyncio.Queue under the kernel's names; nothing lies in between."""

    send = asyncio.Queue.put
    receive = asyncio.Queue.get
    receive_nowait = asyncio.Queue.get_nowait
    waiting = asyncio.Queue.qsize

    def try_send(self, message: Message) -> Message | None:
        """Hand the message on, or give it back."""
        if self.full():
            return message
        self.put_nowait(message)
        return None


class AsyncioRuntime:
    """One event loop for the whole run."""

    mailbox = Mailbox

    def __init__(self, loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None) -> None:
        self._loop_factory = loop_factory

    def open(self) -> None:
        """Make the loop."""
        self._runner = asyncio.Runner(debug=False, loop_factory=self._loop_factory)
        self._loop = self._runner.get_loop()
        self._loop.set_exception_handler(_fail)

    def close(self) -> None:
        """Close the loop; a process that ends anyway need not."""
        self._runner.close()

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the driver as a task of the loop.

        Not by the Runner: its handling of SIGINT leaves 60 bytes a run in CPython's method cache,
        which a soak would take for a leak of the loop's.
        """
        return self._loop.run_until_complete(main())

    def spawn(self, body: Body, *arguments: Any) -> None:
        """Start an actor. Its mailbox, which somebody always holds, keeps the task alive."""
        self._loop.create_task(body(*arguments))

    def start(self, own: Any, body: Body, *arguments: Any) -> Callable[[], object]:  # noqa: ARG002
        """Start an actor that can be cancelled, from its first step on.

        A task that is cancelled before that never runs at all, not even its ``finally``.
        """
        task = self._loop.create_task(body(*arguments))
        return partial(self._loop.call_soon, task.cancel)

    @staticmethod
    async def pause() -> None:
        """Let the loop turn."""
        await asyncio.sleep(0)

    async def join(self) -> None:
        """Let the loop turn until the driver is its only task."""
        while len(asyncio.all_tasks(self._loop)) > 1:
            await asyncio.sleep(0)


def _fail(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The loop's handler for what a task raised and nobody awaited."""
    crash(context.get("exception") or RuntimeError(context["message"]))

"""asyncio, and uvloop under it: a task and an asyncio.Queue an actor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from litbench_actors.kernel import Body, Message
from litbench_adapter import crash

T = TypeVar("T")


class Mailbox(asyncio.Queue[Message]):
    """asyncio.Queue under the kernel's names; nothing lies in between."""

    send = asyncio.Queue.put
    receive = asyncio.Queue.get
    waiting = asyncio.Queue.qsize


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

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the driver as a task of the loop."""
        return self._runner.run(main())

    def spawn(self, body: Body, *arguments: Any) -> None:
        """Start an actor. Its mailbox, which somebody always holds, keeps the task alive."""
        self._loop.create_task(body(*arguments))

    async def join(self) -> None:
        """Let the loop turn until the driver is its only task."""
        while len(asyncio.all_tasks(self._loop)) > 1:
            await asyncio.sleep(0)


def _fail(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The loop's handler for what a task raised and nobody awaited."""
    crash(context.get("exception") or RuntimeError(context["message"]))

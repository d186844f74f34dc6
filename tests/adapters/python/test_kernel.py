"""Faults seeded into the kernel change a ledger or a checksum, and a crash ends the run."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import time
from collections import deque
from functools import partial
from typing import Any

import pytest

from litbench.catalogue import workload
from litbench.catalogue.small import SMALL
from litbench.record import Expected
from litbench_actors.kernel import Book, Message, Runtime
from litbench_actors.on_asyncio import Mailbox
from litbench_actors.on_threads import Mailbox as ThreadMailbox
from litbench_actors.on_threads import drive
from litbench_actors.workloads import basic, patterns, stores, streams
from litbench_adapter import Job, Outcome
from tests.adapters.driver import PYTHON, job_for
from tests.adapters.python.runtimes import Opened, every_runtime, on_asyncio

STREAMS = {
    "counting": basic.counting,
    "fan-in": basic.fan_in,
    "fan-out": basic.fan_out,
    "mailbox-fill": basic.mailbox_fill,
    "pipeline": patterns.pipeline,
    "bounded-buffer": stores.bounded_buffer,
}


class Faulty(Mailbox):
    """Does something to every message of the value 3 (there are more values in each stream)."""

    def act(self, message: Message) -> list[Message]:
        raise NotImplementedError

    async def put(self, item: Message) -> None:
        """What a faulty channel does instead of handing the message on."""
        for each in self.act(item) if item[1] == 3 else [item]:
            await super().put(each)

    send = put


class Losing(Faulty):
    def act(self, message: Message) -> list[Message]:
        return []


class Repeating(Faulty):
    def act(self, message: Message) -> list[Message]:
        return [message, message]


class Corrupting(Faulty):
    def act(self, message: Message) -> list[Message]:
        return [(message[0], 4, message[2])]


class Misattributing(Faulty):
    """The right messages in the right order, one of them under another sender's name."""

    def act(self, message: Message) -> list[Message]:
        return [(0, message[1], message[2])]


class Reordering(Mailbox):
    """Holds each message of the value 3 back until the next one of its sender."""

    def __init__(self, bound: int) -> None:
        super().__init__(bound)
        self._held: dict[int, Message] = {}

    async def put(self, item: Message) -> None:
        """Swap two neighbours of one sender."""
        if item[1] == 3:
            self._held[item[0]] = item
            return
        await super().put(item)
        if item[0] in self._held:
            await super().put(self._held.pop(item[0]))

    send = put


class ReorderingInBatches(Mailbox):
    """Swaps the first two messages where a batch takes more than one."""

    def get_nowait_in_batch(self) -> Message:
        """The second message, if it is no STOP, with the first one left for later."""
        queue: deque[Message] = self._queue  # type: ignore[attr-defined]
        if len(queue) > 1 and min(queue[0][1], queue[1][1]) >= 0:
            queue[0], queue[1] = queue[1], queue[0]
        return self.get_nowait()

    receive_nowait = get_nowait_in_batch


class Greedy(Mailbox):
    """A mailbox that gives a message back and keeps it all the same."""

    def try_send(self, message: Message) -> Message | None:
        """Refuse every third message, once, after taking it."""
        refused = super().try_send(message)
        return message if refused is None and message[1] % 3 == 2 and self.qsize() == 2 else refused


class Forgetful(Mailbox):
    """A mailbox that takes a message for which it has no room, and throws it away."""

    def try_send(self, message: Message) -> Message | None:
        """Never give a message back."""
        super().try_send(message)
        return None


def outcome_of(name: str, channel: type[Mailbox], **options: int) -> tuple[Outcome, Expected]:
    definition = workload(name)
    job = Job(job_for(definition, values={**SMALL[name], **options}))
    book = Book(timed=False, probe=lambda _: None)
    with on_asyncio() as runtime:
        runtime.mailbox = channel
        outcome = runtime.run(lambda: STREAMS[name](runtime, job, book))
    return outcome, definition.expected(job.parameters)


@pytest.mark.parametrize("name", STREAMS)
def test_the_kernel_as_it_is(name: str) -> None:
    outcome, expected = outcome_of(name, Mailbox)
    assert outcome.checks == expected.checks
    assert outcome.ledger.handled == outcome.ledger.sent == expected.ledger.sent


@pytest.mark.parametrize("name", STREAMS)
def test_lost_messages(name: str) -> None:
    outcome, expected = outcome_of(name, Losing)
    assert outcome.ledger.handled < min(outcome.ledger.sent, expected.ledger.handled)
    assert outcome.checks["sum"] != expected.checks["sum"]
    assert outcome.checks["order"] != expected.checks["order"]


@pytest.mark.parametrize("name", sorted(set(STREAMS) - {"mailbox-fill"}))  # it would be over-full
def test_repeated_messages(name: str) -> None:
    outcome, expected = outcome_of(name, Repeating)
    assert outcome.ledger.handled > outcome.ledger.sent
    assert outcome.checks["sum"] != expected.checks["sum"]


@pytest.mark.parametrize("name", STREAMS)
def test_corrupted_messages(name: str) -> None:
    outcome, expected = outcome_of(name, Corrupting)
    assert outcome.ledger.handled == outcome.ledger.sent
    assert outcome.checks["sum"] != expected.checks["sum"]


@pytest.mark.parametrize("name", STREAMS)
def test_reordered_messages_change_the_order_and_nothing_else(name: str) -> None:
    outcome, expected = outcome_of(name, Reordering)
    assert outcome.ledger.handled == outcome.ledger.sent
    assert outcome.checks.pop("order") != expected.checks["order"]
    assert outcome.checks.items() <= expected.checks.items()


def test_a_message_under_another_senders_name() -> None:
    outcome, expected = outcome_of("fan-in", Misattributing)
    assert outcome.checks["sum"] == expected.checks["sum"]
    assert outcome.checks["order"] != expected.checks["order"]


@pytest.mark.parametrize(("name", "batch"), [("counting", 7), ("fan-in", 7), ("fan-in", 1000)])
def test_batches_come_to_the_same(name: str, batch: int) -> None:
    outcome, expected = outcome_of(name, Mailbox, batch=batch)
    assert outcome.checks == expected.checks
    assert outcome.ledger.handled == expected.ledger.handled


@pytest.mark.parametrize("name", ["counting", "fan-in"])
def test_reordering_in_a_batch(name: str) -> None:
    outcome, expected = outcome_of(name, ReorderingInBatches, batch=7)
    assert outcome.checks["sum"] == expected.checks["sum"]
    assert outcome.checks["order"] != expected.checks["order"]


def test_a_full_mailbox_gives_the_message_back() -> None:
    outcome, expected = outcome_of("fan-in", Mailbox, fail_fast=1, mailbox=2)
    assert outcome.checks == expected.checks
    assert outcome.ledger.handled == outcome.ledger.sent == expected.ledger.sent


def test_a_mailbox_that_gives_back_what_it_keeps() -> None:
    outcome, expected = outcome_of("fan-in", Greedy, fail_fast=1, mailbox=2)
    assert outcome.ledger.handled > outcome.ledger.sent == expected.ledger.sent


def test_a_mailbox_that_gives_nothing_back() -> None:
    outcome, expected = outcome_of("fan-in", Forgetful, fail_fast=1, mailbox=2)
    assert outcome.ledger.handled < outcome.ledger.sent == expected.ledger.sent
    assert outcome.checks["order"] != expected.checks["order"]


def test_messages_left_in_a_mailbox_are_pending() -> None:
    async def main() -> Book:
        book = Book(timed=False, probe=lambda _: None)
        own, done = Mailbox(10), Mailbox(10)
        for message in ((0, 0, 0), (0, -2, 0), (0, 1, 0), (0, 2, 0)):
            await own.send(message)
        await streams.collect(own, 1, done, book)
        return book

    with on_asyncio() as runtime:
        book = runtime.run(main)
    assert (book.handled, book.pending) == (1, 2)


def test_a_thread_drives_an_actor_that_never_suspends() -> None:
    async def actor() -> str:
        mailbox = ThreadMailbox(2)
        await mailbox.send((0, 1, 2))
        assert mailbox.waiting() == 1
        assert await mailbox.receive() == (0, 1, 2)
        return "done"

    assert drive(actor()) == "done"


def test_an_actor_that_suspends_on_a_thread_is_refused() -> None:
    async def actor() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="only mailboxes may be awaited"):
        drive(actor())


@every_runtime
def test_join_waits_for_every_actor(opened: Opened) -> None:
    stopped: list[int] = []

    async def parent(runtime: Runtime, depth: int) -> None:
        if depth:
            runtime.spawn(parent, runtime, depth - 1)
            runtime.spawn(parent, runtime, depth - 1)
        stopped.append(depth)

    async def main(runtime: Runtime) -> None:
        runtime.spawn(parent, runtime, 4)
        await runtime.join()

    with opened() as runtime:
        runtime.run(partial(main, runtime))
    assert len(stopped) == 31


CRASHING = """
    import sys
    from litbench_actors import targets
    from litbench_actors.workloads import streams
    async def crash(*arguments):
        raise ValueError("an actor gave up")
    streams.collect = crash
    sys.exit(targets.adapter("{target}").main(["serve"]))
"""


@pytest.mark.parametrize("target", ["asyncio", "uvloop", "trio", "threads"])
def test_an_actor_that_crashes_ends_the_run(target: str) -> None:
    if target in {"uvloop", "trio"}:
        pytest.importorskip(target)
    messages, status, stderr = converse_with(CRASHING.format(target=target))
    assert b'"type":"error"' in messages[-1]
    assert status == 1
    assert "an actor gave up" in stderr


def converse_with(program: str) -> tuple[list[bytes], int, str]:
    """Run a program that serves; the lines that it wrote, its status and its stderr."""
    with serving([sys.executable, "-c", textwrap.dedent(program)]) as (process, channel):
        write(process, job_for(workload("counting")))
        lines = [channel.readline()]
        write(process, {"type": "go"})
        lines += channel.readlines()
        _, stderr = process.communicate(timeout=30)
        return lines, process.returncode, stderr.decode()


class serving:  # noqa: N801 (a context manager)
    """An adapter process and its channel; it is killed in the end."""

    def __init__(self, command: list[str]) -> None:
        reading, writing = os.pipe()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(writing,),
            env={**os.environ, "PYTHONPATH": str(PYTHON), "LITBENCH_FD": str(writing)},
        )
        os.close(writing)
        self.channel = os.fdopen(reading, "rb")

    def __enter__(self) -> tuple[subprocess.Popen[bytes], Any]:
        return self.process, self.channel

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self.channel.close()


def write(process: subprocess.Popen[bytes], message: Any) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()


@pytest.mark.parametrize("target", ["asyncio", "threads"])
def test_the_adapter_is_gone_when_litbench_is(target: str) -> None:
    values = {"messages": 50_000_000, "mailbox": 8}
    job = job_for(workload("counting"), values=values)
    command = [sys.executable, "-m", "litbench_actors", target, "serve"]
    with serving(command) as (process, channel):
        write(process, job)
        assert b'"ready"' in channel.readline()
        write(process, {"type": "go"})
        time.sleep(0.05)
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        assert process.wait(timeout=20) == 1


def test_it_waits_for_report_before_it_says_more() -> None:
    command = [sys.executable, "-m", "litbench_actors", "asyncio", "serve"]
    with serving(command) as (process, channel):
        write(process, job_for(workload("ping-pong"), "latency", iterations=1))
        assert b'"ready"' in channel.readline()
        write(process, {"type": "go"})
        assert b'"iteration"' in channel.readline()
        assert b'"finish"' in channel.readline()
        os.set_blocking(channel.fileno(), False)
        time.sleep(0.2)
        assert channel.read() in {None, b""}
        os.set_blocking(channel.fileno(), True)
        write(process, {"type": "report"})
        assert b'"histogram"' in channel.readline()
        assert b'"end"' in channel.readline()
        assert process.wait(timeout=20) == 0

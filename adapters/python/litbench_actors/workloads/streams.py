"""Streams of the values 0, 1, ... from one actor to another, and the actors that collect them."""

from __future__ import annotations

from litbench_actors.kernel import STOP, Book, Mailbox, Runtime
from litbench_adapter import MASK, now


async def stream(number: int, receiver: Mailbox, messages: int, *, timed: bool) -> int:
    """Send 0, 1, ... and then STOP; how many were sent."""
    send = receiver.send
    sent = 0
    while sent < messages:
        await send((number, sent, now() if timed else 0))
        sent += 1
    await send((number, STOP[1], 0))
    return sent


async def insist(actors: Runtime, book: Book, number: int, receiver: Mailbox, messages: int) -> int:
    """The same, fail-fast: it never waits for the receiver, but tries again."""
    try_send, pause, timed = receiver.try_send, actors.pause, book.timed
    sent = refused = 0
    while sent < messages:
        message = (number, sent, now() if timed else 0)
        while try_send(message) is not None:
            refused += 1
            await pause()
        sent += 1
    await receiver.send((number, STOP[1], 0))
    book.enter(refused=refused)
    return sent


def spawn_collector(
    actors: Runtime, own: Mailbox, senders: int, done: Mailbox, book: Book, *, batch: int = 1
) -> None:
    """An actor that takes up to ``batch`` messages whenever it wakes up."""
    if batch == 1:
        actors.spawn(collect, own, senders, done, book)
    else:
        actors.spawn(collect_batches, own, senders, done, book, batch)


async def collect(own: Mailbox, senders: int, done: Mailbox, book: Book) -> None:
    """Handle messages until every sender has stopped, then tell ``done`` how many there were."""
    receive, timed, sample = own.receive, book.timed, book.samples.append
    orders = [0] * senders
    total = handled = 0
    while senders:
        sender, value, stamp = await receive()
        if value < 0:
            senders -= 1
            continue
        if timed:
            sample(now() - stamp)
        orders[sender] = (orders[sender] * 31 + value + 1) & MASK
        total += value + 1
        handled += 1
    await done.send((0, handled, 0))
    book.enter(handled=handled, order=sum(orders), total=total, pending=own.waiting())


async def collect_batches(
    own: Mailbox, senders: int, done: Mailbox, book: Book, batch: int
) -> None:
    """The same, in batches. (Waiting for each message and a loop over one would slow `collect`.)"""
    receive_nowait, waiting = own.receive_nowait, own.waiting
    timed, sample = book.timed, book.samples.append
    orders = [0] * senders
    total = handled = 0
    while senders:
        messages = [await own.receive()]
        while len(messages) < batch and waiting():
            messages.append(receive_nowait())
        for sender, value, stamp in messages:
            if value < 0:
                senders -= 1
                continue
            if timed:
                sample(now() - stamp)
            orders[sender] = (orders[sender] * 31 + value + 1) & MASK
            total += value + 1
            handled += 1
    await done.send((0, handled, 0))
    book.enter(handled=handled, order=sum(orders), total=total, pending=own.waiting())

#!/usr/bin/env python3
"""An adapter for a small actor system of threads and queues. Put your own system in its place."""

import queue
import sys
import threading
from collections.abc import Callable

from litbench_adapter import (
    MASK,
    Adapter,
    Fold,
    Job,
    Ledger,
    Outcome,
    Specification,
    Workload,
    crash,
    now,
)

# ---- The actor system: this part is yours -------------------------------------------------------


class Actor:
    """A thread that hands each message in its mailbox to ``handle``, until that says False."""

    def __init__(self, bound: int, handle: Callable[[int, int], bool]) -> None:
        self._mailbox: queue.Queue[tuple[int, int]] = queue.Queue(bound)
        self._handle = handle
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, value: int, stamp: int = 0) -> None:
        """Put a message into the mailbox, waiting while it is full."""
        self._mailbox.put((value, stamp))

    def join(self) -> None:
        """Wait until the actor has stopped."""
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._handle(*self._mailbox.get()):
                pass
        except BaseException as error:  # an actor that dies would leave the others waiting
            crash(error)


# ---- The workloads: what PROTOCOL.md says, done with your system --------------------------------

START, STOP = -1, -2  # control messages, which are not counted


def ping_pong(job: Job) -> Outcome:
    """One iteration: ping sends 0, 1, ... and waits for pong to send each back."""
    rounds, bound = job.parameters["rounds"], job.parameters["mailbox"]
    trips = job.histogram("round-trip") if job.latency else None
    done = threading.Event()
    heard_by_ping, heard_by_pong = Fold(), Fold()
    sent_by_ping = sent_by_pong = 0

    def next_ping() -> None:
        nonlocal sent_by_ping
        pong.send(sent_by_ping, now() if trips else 0)
        sent_by_ping += 1

    def on_ping(value: int, stamp: int) -> bool:
        if value != START:
            if trips:
                trips.record(now() - stamp)
            heard_by_ping.add(value)
        if sent_by_ping == rounds:
            done.set()
            return False
        next_ping()
        return True

    def on_pong(value: int, stamp: int) -> bool:
        nonlocal sent_by_pong
        if value == STOP:
            return False
        heard_by_pong.add(value)
        sent_by_pong += 1
        ping.send(value, stamp)
        return True

    ping, pong = Actor(bound, on_ping), Actor(bound, on_pong)
    start = now()
    ping.send(START)
    done.wait()
    end = now()
    pong.send(STOP)
    ping.join()
    pong.join()
    return Outcome(
        start,
        end,
        Ledger(
            sent=sent_by_ping + sent_by_pong,
            handled=heard_by_ping.count + heard_by_pong.count,
        ),
        {
            "order": (heard_by_ping.order + heard_by_pong.order) & MASK,
            "sum": (heard_by_ping.sum + heard_by_pong.sum) & MASK,
        },
    )


def specification(job: Job) -> Specification:
    """What a run will really do; litbench compares it with what it asked for."""
    return Specification(
        actors=2,
        messages=2 * job.parameters["rounds"],
        mailbox=job.parameters["mailbox"],
        in_flight=1,
        driver="block_on",  # the timing code is on a thread that is no actor's
    )


# ---- The adapter --------------------------------------------------------------------------------

adapter = Adapter(
    "my-actors",
    "0.1.0",
    runtime="threads",
    runtime_version=".".join(map(str, sys.version_info[:3])),
    workloads=[
        Workload("ping-pong", 1, ("throughput", "latency"), specification, ping_pong),
        Workload("isolated-latency", 1, ("latency",), specification, ping_pong),
    ],
    missing={"supervision": "this system has no supervisors"},
)

if __name__ == "__main__":
    sys.exit(adapter.main())

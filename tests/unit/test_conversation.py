"""The protocol's state machine: every order of messages that is not the one allowed is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.protocol import Go, Job, ProtocolError, Report
from litbench.record import Measure
from litbench.runner.conversation import Conversation, State

LEDGER = {"sent": 1, "handled": 1}
SPECIFICATION = {"actors": 1, "messages": 1, "message_bytes": 24, "in_flight": 0, "mailbox": 1,
                 "threads": 1, "driver": "worker"}  # fmt: skip
READY = {"type": "ready", "protocol": 1, "clock": {"name": "c", "unit": "ns"},
         "specification": SPECIFICATION}  # fmt: skip
END = {"type": "end"}
METRIC = {"type": "metric", "name": "m", "unit": "ns", "values": [1]}
HISTOGRAM = {"type": "histogram", "name": "h", "unit": "ns", "counts": [[1, 1]]}


def iteration(index: int) -> dict[str, Any]:
    return {"type": "iteration", "index": index, "start": 1, "end": 2, "ledger": LEDGER,
            "checks": {}}  # fmt: skip


def finish(iterations: int) -> dict[str, Any]:
    return {"type": "finish", "iterations": iterations}


GOOD = [READY, iteration(0), iteration(1), finish(2), HISTOGRAM, METRIC, END]


def job() -> Job:
    return Job(workload="w", version=1, parameters={}, measure=Measure.THROUGHPUT, iterations=2,
               time_limit_ns=1, threads=1, seed=0)  # fmt: skip


def say(messages: list[dict[str, Any]]) -> tuple[Conversation, list[Go | Report | None]]:
    talk = Conversation(job())
    answers = [talk.receive(json.dumps(message).encode()) for message in messages]
    return talk, answers


def test_the_good_order() -> None:
    talk, answers = say(GOOD)
    assert talk.state is State.ENDED
    assert [type(a) for a in answers if a is not None] == [Go, Report]
    assert len(talk.iterations) == 2


@given(st.lists(st.sampled_from(range(len(GOOD))), min_size=1, max_size=10))
def test_no_other_order_ends(order: list[int]) -> None:
    """Metrics and histograms may come in any order, or not at all; nothing else may move."""
    allowed = [[0, 1, 2, 3, *rest, 6] for rest in ([], [4], [5], [4, 5], [5, 4])]
    allowed += [[0, 1, 2, 3, 6]]
    try:
        talk, _ = say([GOOD[i] for i in order])
    except ProtocolError:
        assert order not in allowed
    else:
        assert (talk.state is State.ENDED) == (order in allowed)


@pytest.mark.parametrize("cut", range(len(GOOD)))
def test_a_conversation_cut_short_has_not_ended(cut: int) -> None:
    talk, _ = say(GOOD[:cut])
    assert talk.state is not State.ENDED


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_protocol_error(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        Conversation(job()).receive(line)


def test_an_adapters_own_error_keeps_its_words() -> None:
    with pytest.raises(ProtocolError) as caught:
        say([READY, {"type": "error", "code": "out-of-memory", "message": "no room"}])
    assert caught.value.code == "adapter-out-of-memory"
    assert caught.value.message == "no room"

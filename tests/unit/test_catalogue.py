"""What the definitions say, against a plain simulation of each workload's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.catalogue import all_workloads, workload
from litbench.catalogue.expectation import MASK, Xorshift, fold, triangle, work
from litbench.errors import UsageError


class Receiver:
    """A receiver exactly as PROTOCOL.md words it: one h a sender, folded in order."""

    def __init__(self) -> None:
        self.h: dict[object, int] = {}
        self.sum = 0
        self.handled = 0

    def handle(self, sender: object, value: int) -> None:
        self.h[sender] = (self.h.get(sender, 0) * 31 + (value + 1)) & MASK
        self.sum = (self.sum + value + 1) & MASK
        self.handled += 1


def totals(receivers: list[Receiver]) -> dict[str, int]:
    return {
        "order": sum(h for r in receivers for h in r.h.values()) & MASK,
        "sum": sum(r.sum for r in receivers) & MASK,
    }


def test_thread_ring_by_simulation() -> None:
    for actors, hops in ((3, 10), (10, 3), (1, 5), (7, 7)):
        ring = [Receiver() for _ in range(actors)]
        for value in range(hops):
            ring[value % actors].handle("previous", value)
        expected = workload("thread-ring").expected({"actors": actors, "hops": hops, "mailbox": 1})
        assert expected.checks == {**totals(ring), "holder": (hops - 1) % actors}
        assert expected.ledger.handled == hops


def test_fan_in_and_fan_out_by_simulation() -> None:
    one = Receiver()
    for sender in range(3):
        for value in range(5):
            one.handle(sender, value)
    assert workload("fan-in").expected({"senders": 3, "messages": 5}).checks == totals([one])
    many = [Receiver() for _ in range(4)]
    for value in range(6):
        for receiver in many:
            receiver.handle("sender", value)
    assert workload("fan-out").expected({"receivers": 4, "messages": 6}).checks == totals(many)


def test_ping_pong_by_simulation() -> None:
    ping, pong = Receiver(), Receiver()
    for value in range(9):
        pong.handle("ping", value)
        ping.handle("pong", value)
    expected = workload("ping-pong").expected({"rounds": 9, "mailbox": 1})
    assert expected.checks == totals([ping, pong])
    assert expected.ledger.sent == ping.handled + pong.handled


def test_skynet_is_the_published_number() -> None:
    expected = workload("skynet").expected({"levels": 6})
    assert expected.checks["result"] == 499999500000
    assert expected.ledger.handled == 1_111_111


def test_skynet_sum_by_simulation() -> None:
    def node(first: int, size: int) -> tuple[int, int]:
        """(value sent to the parent, sum of all values handled below)."""
        if size == 1:
            return first, 0
        children = [node(first + i * size // 10, size // 10) for i in range(10)]
        value = sum(sent for sent, _ in children)
        return value, value + sum(below for _, below in children)

    result, below = node(0, 1000)
    expected = workload("skynet").expected({"levels": 3})
    assert expected.checks == {"result": result, "sum": below + result}


@given(st.integers(0, 300), st.integers(0, 50), st.integers(1, 50))
def test_fold_is_horner_of_the_values(count: int, start: int, step: int) -> None:
    values = [start + 1 + i * step for i in range(count)]
    closed = sum(v * 31 ** (count - 1 - i) for i, v in enumerate(values)) % 2**64
    assert fold(count, start, step) == closed


@given(st.integers(0, 1000))
def test_triangle(count: int) -> None:
    assert triangle(count) == sum(range(1, count + 1))


@given(st.permutations(range(6)))
def test_order_sees_every_permutation_that_sum_cannot(values: list[int]) -> None:
    receiver = Receiver()
    for value in values:
        receiver.handle("s", value)
    assert receiver.sum == triangle(6)
    assert (receiver.h["s"] == fold(6)) == (values == sorted(values))


def test_defaults_are_those_of_the_methods() -> None:
    defaults = {w.name: w.values() for w in all_workloads()}
    assert defaults["ping-pong"]["rounds"] == 40_000
    assert defaults["counting"]["messages"] == 1_000_000
    assert defaults["fan-in"]["senders"] == 100
    assert defaults["fan-in"]["messages"] == 10_000
    assert (
        defaults["dictionary"] | {"workers": 20, "requests": 10_000, "writes": 10}
        == (defaults["dictionary"])
    )
    assert defaults["thread-ring"]["hops"] == 100_000
    assert defaults["skynet"]["levels"] == 6


def test_unknown_names_say_what_is_near() -> None:
    with pytest.raises(UsageError, match="did you mean ping-pong"):
        workload("ping-png")
    with pytest.raises(UsageError, match="it has mailbox, rounds"):
        workload("ping-pong").values({"round": 3})
    with pytest.raises(UsageError, match="out of range"):
        workload("ping-pong").values({"rounds": 0})


def test_xorshift_is_marsaglias() -> None:
    """Against the triple (13, 7, 17) of Marsaglia (2003), in plain 64-bit arithmetic."""
    x = 0x9E3779B97F4A7C15
    generator = Xorshift()
    for _ in range(100):
        x = (x ^ (x << 13)) % 2**64
        x ^= x >> 7
        x = (x ^ (x << 17)) % 2**64
        assert generator.draw() == x


@given(st.integers(0, MASK), st.integers(0, 50))
def test_work_by_steps(value: int, steps: int) -> None:
    x = value
    for _ in range(steps):
        x = (x * 6364136223846793005 + 1442695040888963407) & MASK
    assert work(value, steps) == x


def test_fork_join_work_by_simulation() -> None:
    expected = workload("fork-join-throughput").expected({"actors": 3, "messages": 7, "work": 5})
    assert expected.checks["work"] == 3 * sum(work(v, 5) for v in range(7)) & MASK


def test_money_is_conserved() -> None:
    bank = workload("banking")
    expected = bank.expected(bank.values({"accounts": 17, "transfers": 1000}))
    assert expected.checks["total"] == 17 * 1_000_000


def test_supervision_by_hand() -> None:
    """Two children, three crashes of 0, 1, 0: each strategy's restarts and states.

    The values 0, 1, 2 add 1, 2, 3 to the state of both children, after crash 0, 1, 2.
    """
    states = {
        0: (1 + 2 * 1) + ((1 + 2) + 2 * 2) + (3 + 2 * (2 + 3)),
        1: (1 + 2 * 1) + (2 + 2 * 2) + (3 + 2 * 3),
        2: (1 + 2 * 1) + ((1 + 2) + 2 * 2) + (3 + 2 * 3),
    }
    for strategy, restarts in ((0, 3), (1, 6), (2, 5)):
        values = {"crashes": 3, "children": 2, "strategy": strategy}
        expected = workload("supervision").expected(values)
        assert expected.checks == {"restarts": restarts, "states": states[strategy]}
        assert expected.ledger.errored == 3
        assert expected.ledger.sent == 3 * (1 + 2 * 2)


@given(st.integers(1, 200), st.integers(2, 20))
def test_states_alone_tell_the_strategies_apart(more: int, children: int) -> None:
    """Once every child has crashed: before that, those to restart may have no state to lose."""
    values = {"crashes": children + more, "children": children}
    expected = [
        workload("supervision").expected({**values, "strategy": strategy}).checks["states"]
        for strategy in range(3)
    ]
    assert 0 < expected[1] < expected[2] < expected[0]


@given(st.integers(0, 100), st.integers(1, 20))
def test_failures_come_in_bursts_at_about_the_rate_asked(failures: int, burst: int) -> None:
    injection = workload("failure-injection")
    values = injection.values({"messages": 20_000, "failures": failures, "burst": burst})
    errored = injection.expected(values).ledger.errored
    assert abs(errored / 20_000 - failures / 100) < 0.05


def test_mailboxes_that_could_block_are_refused() -> None:
    with pytest.raises(UsageError, match="must be at least window"):
        workload("banking").values({"mailbox": 16})

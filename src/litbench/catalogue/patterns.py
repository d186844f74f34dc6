"""Pairs, trees and stores: the rest of the Savina suite's patterns, scaled as PROTOCOL.md says."""

from __future__ import annotations

from functools import lru_cache

from litbench.catalogue.definition import Demand, Parameter, Values, WorkloadDefinition
from litbench.catalogue.expectation import (
    MASK,
    TIMED,
    Xorshift,
    cached_fold,
    expect,
    mailbox,
    streams,
    triangle,
    work_map,
)
from litbench.record import Expected, Measure
from litbench.units import Unit


def _pipelined(values: Values) -> Expected:
    return streams(2 * values["pairs"], values["rounds"])


def _fork_join(values: Values) -> Expected:
    actors, n = values["actors"], values["messages"]
    factor, offset = work_map(values["work"])
    results = actors * (factor * triangle(n - 1) + offset * n) if n else 0
    plain = streams(actors, n)
    return expect(plain.ledger.sent, **plain.checks, work=results)


def _fork_join_create(values: Values) -> Expected:
    return expect(values["actors"], sum=triangle(values["actors"]))


def _star(values: Values) -> Expected:
    return streams(2 * values["spokes"], values["rounds"])


def _big(values: Values) -> Expected:
    actors, pings = values["actors"], values["pings"]
    messages = 2 * actors * pings
    return expect(messages, order=2 * _big_order(actors, pings), sum=2 * actors * triangle(pings))


@lru_cache(maxsize=16)
def _big_order(actors: int, pings: int) -> int:
    """The sum of h over all (receiver, sender) for the pings; the pongs come to the same."""
    total = 0
    for sender in range(actors):
        random, h = Xorshift(sender), [0] * actors
        for value in range(pings):
            drawn = (random.draw() >> 33) % (actors - 1)
            receiver = drawn if drawn < sender else drawn + 1
            h[receiver] = (h[receiver] * 31 + value + 1) & MASK
        total += sum(h)
    return total & MASK


def _chameneos(values: Values) -> Expected:
    meetings = values["meetings"]
    return expect(
        4 * meetings + values["creatures"], meetings=2 * meetings, sum=2 * triangle(meetings)
    )


def _bounded_buffer(values: Values) -> Expected:
    producers, items = values["producers"], values["items"]
    return expect(
        2 * producers * items,
        order=producers * cached_fold(items),
        sum=2 * producers * triangle(items),
        items=producers * items,
    )


@lru_cache(maxsize=16)
def _dictionary_checks(workers: int, requests: int, writes: int) -> tuple[int, int]:
    """(final, replies): each worker has keys of its own, so its history alone decides them."""
    final = replies = 0
    for worker in range(workers):
        random, held = Xorshift(worker), dict[int, int]()
        for request in range(requests):
            x = random.draw()
            key = ((x >> 16) % 512) * workers + worker
            if (x >> 33) % 100 < writes:
                held[key] = request + 1
            replies += held.get(key, 0)
        final += sum((key + 1) * value for key, value in held.items())
    return final, replies


def _dictionary(values: Values) -> Expected:
    workers, requests = values["workers"], values["requests"]
    final, replies = _dictionary_checks(workers, requests, values["writes"])
    return expect(2 * workers * requests, final=final, replies=replies)


@lru_cache(maxsize=16)
def _balances(accounts: int, transfers: int) -> tuple[int, ...]:
    balances, random = [1_000_000] * accounts, Xorshift()
    for _ in range(transfers):
        x = random.draw()
        source = (x >> 33) % accounts
        to = (source + 1 + ((x >> 13) & 0xFFFFF) % (accounts - 1)) % accounts
        amount = (x & 0xFF) + 1
        balances[source] -= amount
        balances[to] += amount
    return tuple(balances)


def _banking(values: Values) -> Expected:
    balances = _balances(values["accounts"], values["transfers"])
    weighted = sum((i + 1) * balance for i, balance in enumerate(balances))
    return expect(4 * values["transfers"], total=sum(balances), balances=weighted)


PATTERNS = (
    WorkloadDefinition(
        name="pipelined-ping-pong",
        version=1,
        summary="pairs of actors with a window of messages in flight",
        parameters=(
            Parameter("pairs", 1, "pairs of actors", most=100_000),
            Parameter("rounds", 40_000, "round trips of each pair"),
            Parameter("window", 100, "round trips under way in a pair"),
            mailbox(128),
        ),
        measures=TIMED,
        demand=lambda v: Demand(
            2 * v["pairs"], 2 * v["pairs"] * v["rounds"], in_flight=v["pairs"] * v["window"]
        ),
        expected=_pipelined,
        histogram="round-trip",
        samples=lambda v: v["pairs"] * v["rounds"],
        at_least=(("mailbox", "window"),),
    ),
    WorkloadDefinition(
        name="fork-join-throughput",
        version=1,
        summary="messages dealt to many actors that each compute a little",
        parameters=(
            Parameter("actors", 60, "actors that compute", most=100_000),
            Parameter("messages", 10_000, "messages to each actor"),
            Parameter("work", 37, "steps of computation for a message", least=0),
            mailbox(1024),
        ),
        measures=(Measure.THROUGHPUT,),
        demand=lambda v: Demand(v["actors"] + 1, v["actors"] * v["messages"]),
        expected=_fork_join,
    ),
    WorkloadDefinition(
        name="fork-join-create",
        version=1,
        summary="spawn an actor, send it one message, let it stop; many times",
        parameters=(Parameter("actors", 40_000, "actors spawned", most=10_000_000), mailbox(16)),
        measures=(Measure.THROUGHPUT,),
        demand=lambda v: Demand(v["actors"], v["actors"]),
        expected=_fork_join_create,
        work_unit=Unit.ACTORS,
    ),
    WorkloadDefinition(
        name="star",
        version=1,
        summary="a hub and its spokes, round after round",
        parameters=(
            Parameter("spokes", 100, "actors round the hub", most=100_000),
            Parameter("rounds", 1_000, "rounds"),
            mailbox(128),
        ),
        measures=TIMED,
        demand=lambda v: Demand(
            v["spokes"] + 1, 2 * v["spokes"] * v["rounds"], in_flight=v["spokes"]
        ),
        expected=_star,
        histogram="round",
        samples=lambda v: v["rounds"],
        at_least=(("mailbox", "spokes"),),
    ),
    WorkloadDefinition(
        name="pipeline",
        version=1,
        summary="every message goes through a row of stages",
        parameters=(
            Parameter("stages", 10, "actors in the row", most=100_000),
            Parameter("messages", 100_000, "messages through the row"),
            mailbox(1024),
        ),
        measures=TIMED,
        demand=lambda v: Demand(v["stages"], v["stages"] * v["messages"]),
        expected=lambda v: streams(v["stages"], v["messages"]),
        histogram="message",
        samples=lambda v: v["messages"],
    ),
    WorkloadDefinition(
        name="big",
        version=1,
        summary="all to all: each actor pings actors drawn at random",
        parameters=(
            Parameter("actors", 120, "actors", least=2, most=10_000),
            Parameter("pings", 2_000, "pings of each actor"),
            mailbox(128),
        ),
        measures=TIMED,
        demand=lambda v: Demand(v["actors"], 2 * v["actors"] * v["pings"], in_flight=v["actors"]),
        expected=_big,
        histogram="round-trip",
        samples=lambda v: v["actors"] * v["pings"],
        at_least=(("mailbox", "actors"),),
    ),
    WorkloadDefinition(
        name="chameneos",
        version=1,
        summary="creatures meet in pairs through a broker",
        parameters=(
            Parameter("creatures", 100, "creatures", least=2, most=100_000),
            Parameter("meetings", 200_000, "meetings"),
            mailbox(128),
        ),
        measures=(Measure.THROUGHPUT,),
        demand=lambda v: Demand(v["creatures"] + 1, 4 * v["meetings"] + v["creatures"]),
        expected=_chameneos,
        at_least=(("mailbox", "creatures"),),
    ),
    WorkloadDefinition(
        name="bounded-buffer",
        version=1,
        summary="producers and consumers on either side of a bounded mailbox",
        parameters=(
            Parameter("producers", 40, "producing actors", most=100_000),
            Parameter("consumers", 40, "consuming actors", most=100_000),
            Parameter("items", 1_000, "items of each producer"),
            Parameter("buffer", 50, "bound of the buffer's mailbox", most=10_000_000),
        ),
        measures=(Measure.THROUGHPUT,),
        demand=lambda v: Demand(
            v["producers"] + v["consumers"] + 1, 2 * v["producers"] * v["items"]
        ),
        expected=_bounded_buffer,
    ),
    WorkloadDefinition(
        name="dictionary",
        version=1,
        summary="workers read and write a map that one actor holds",
        parameters=(
            Parameter("workers", 20, "asking actors", most=10_000),
            Parameter("requests", 10_000, "requests of each worker", most=10_000_000),
            Parameter("writes", 10, "share of requests that write, in percent", least=0, most=100),
            mailbox(128),
        ),
        measures=TIMED,
        demand=lambda v: Demand(
            v["workers"] + 1, 2 * v["workers"] * v["requests"], in_flight=v["workers"]
        ),
        expected=_dictionary,
        histogram="round-trip",
        samples=lambda v: v["workers"] * v["requests"],
    ),
    WorkloadDefinition(
        name="banking",
        version=1,
        summary="transfers of money between accounts, through a teller",
        parameters=(
            Parameter("accounts", 1_000, "accounts", least=2, most=1_000_000),
            Parameter("transfers", 50_000, "transfers", most=10_000_000),
            Parameter("window", 100, "transfers under way at once"),
            mailbox(128),
        ),
        measures=TIMED,
        demand=lambda v: Demand(v["accounts"] + 1, 4 * v["transfers"], in_flight=v["window"]),
        expected=_banking,
        histogram="transfer",
        samples=lambda v: v["transfers"],
        at_least=(("mailbox", "window"),),
    ),
)

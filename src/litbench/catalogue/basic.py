"""The basic patterns: one definition each; ``adapters/PROTOCOL.md`` has them in words."""

from __future__ import annotations

from litbench.catalogue.definition import Demand, Parameter, Values, WorkloadDefinition
from litbench.catalogue.expectation import (
    TIMED,
    cached_fold,
    expect,
    mailbox,
    streams,
    triangle,
)
from litbench.record import Expected, Measure
from litbench.units import Unit


def _round_trips(values: Values) -> Expected:
    rounds = values["rounds"]
    return expect(2 * rounds, order=2 * cached_fold(rounds), sum=2 * triangle(rounds))


def _counting(values: Values) -> Expected:
    n = values["messages"]
    return expect(n, order=cached_fold(n), sum=triangle(n), total=n)


def _thread_ring(values: Values) -> Expected:
    actors, hops = values["actors"], values["hops"]
    order = sum(
        cached_fold((hops - first + actors - 1) // actors, first, actors)
        for first in range(min(actors, hops))
    )
    return expect(hops, order=order, sum=triangle(hops), holder=(hops - 1) % actors)


def _nodes(levels: int) -> int:
    return sum(10**level for level in range(levels + 1))


def _skynet(values: Values) -> Expected:
    levels = values["levels"]
    leaves: int = 10**levels
    result = leaves * (leaves - 1) // 2
    return expect(_nodes(levels), result=result, sum=(levels + 1) * result)


def _mass_spawn(values: Values) -> Expected:
    n = values["actors"]
    return expect(2 * n, sum=2 * triangle(n), live=n)


def _mailbox_fill(values: Values) -> Expected:
    n = values["messages"]
    return expect(n, order=cached_fold(n), sum=triangle(n))


_BATCH = Parameter(
    "batch", 1, "messages the receiver may take at a wake-up", most=100_000, option=True
)

PING_PONG = WorkloadDefinition(
    name="ping-pong",
    version=1,
    summary="two actors, one message in flight",
    parameters=(Parameter("rounds", 40_000, "round trips"), mailbox(16)),
    measures=TIMED,
    demand=lambda v: Demand(actors=2, messages=2 * v["rounds"], in_flight=1),
    expected=_round_trips,
    histogram="round-trip",
    samples=lambda v: v["rounds"],
)

COUNTING = WorkloadDefinition(
    name="counting",
    version=1,
    summary="a producer floods one counter, then asks for the total",
    parameters=(
        Parameter("messages", 1_000_000, "messages to count"),
        mailbox(1024),
        _BATCH,
    ),
    measures=TIMED,
    demand=lambda v: Demand(actors=2, messages=v["messages"]),
    expected=_counting,
    histogram="message",
)

FAN_IN = WorkloadDefinition(
    name="fan-in",
    version=1,
    summary="many senders flood one receiver",
    parameters=(
        Parameter("senders", 100, "sending actors", most=100_000),
        Parameter("messages", 10_000, "messages from each sender"),
        mailbox(1024),
        _BATCH,
        Parameter(
            "fail_fast", 0, "1: senders never wait, they try again", 0, 1, option=True, choice=True
        ),
    ),
    measures=TIMED,
    demand=lambda v: Demand(actors=v["senders"] + 1, messages=v["senders"] * v["messages"]),
    expected=lambda v: streams(v["senders"], v["messages"]),
    histogram="message",
)

FAN_OUT = WorkloadDefinition(
    name="fan-out",
    version=1,
    summary="one sender broadcasts to many receivers",
    parameters=(
        Parameter("receivers", 100, "receiving actors", most=100_000),
        Parameter("messages", 10_000, "messages to each receiver"),
        mailbox(1024),
    ),
    measures=TIMED,
    demand=lambda v: Demand(actors=v["receivers"] + 1, messages=v["receivers"] * v["messages"]),
    expected=lambda v: streams(v["receivers"], v["messages"]),
    histogram="message",
)

THREAD_RING = WorkloadDefinition(
    name="thread-ring",
    version=1,
    summary="a token goes round a ring of actors",
    parameters=(
        Parameter("actors", 100, "actors in the ring", most=1_000_000),
        Parameter("hops", 100_000, "times the token is handled"),
        mailbox(16),
    ),
    measures=TIMED,
    demand=lambda v: Demand(actors=v["actors"], messages=v["hops"], in_flight=1),
    expected=_thread_ring,
    histogram="message",
)

SKYNET = WorkloadDefinition(
    name="skynet",
    version=1,
    summary="a 10-ary tree of actors, its leaves summed",
    parameters=(Parameter("levels", 6, "levels; 10**levels leaves", most=7), mailbox(16)),
    measures=TIMED,
    demand=lambda v: Demand(actors=_nodes(v["levels"]), messages=_nodes(v["levels"])),
    expected=_skynet,
    histogram="node",
    lowered="levels",
    work_unit=Unit.ACTORS,
)

MASS_SPAWN = WorkloadDefinition(
    name="mass-spawn",
    version=1,
    summary="many actors that each answer once and then idle",
    parameters=(
        Parameter("actors", 100_000, "actors alive at once", most=10_000_000),
        mailbox(16),
        Parameter("state", 0, "bytes of state that each actor holds", 0, 1 << 30, option=True),
    ),
    measures=(Measure.THROUGHPUT, Measure.MEMORY),
    demand=lambda v: Demand(actors=v["actors"], messages=2 * v["actors"]),
    expected=_mass_spawn,
    size="actors",
    lowered="actors",
    work_unit=Unit.ACTORS,
    work=lambda v: v["actors"],
)

MAILBOX_FILL = WorkloadDefinition(
    name="mailbox-fill",
    version=1,
    summary="messages queued for a receiver that is held back, then drained",
    parameters=(Parameter("messages", 100_000, "messages queued", most=10_000_000),),
    measures=(Measure.THROUGHPUT, Measure.MEMORY),
    demand=lambda v: Demand(actors=1, messages=v["messages"]),
    expected=_mailbox_fill,
    size="messages",
)

ISOLATED_LATENCY = WorkloadDefinition(
    name="isolated-latency",
    version=1,
    summary="one round trip at a time, each timed, nothing else",
    parameters=(Parameter("rounds", 100_000, "round trips"), mailbox(16)),
    measures=(Measure.LATENCY,),
    demand=lambda v: Demand(actors=2, messages=2 * v["rounds"], in_flight=1),
    expected=_round_trips,
    histogram="round-trip",
    samples=lambda v: v["rounds"],
)

BASIC = (
    PING_PONG,
    COUNTING,
    FAN_IN,
    FAN_OUT,
    THREAD_RING,
    SKYNET,
    MASS_SPAWN,
    MAILBOX_FILL,
    ISOLATED_LATENCY,
)

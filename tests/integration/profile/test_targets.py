"""Profiles of targets: the region, the ledger behind every cost, and what is said of bad runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from litbench.errors import MissingToolError, UsageError
from litbench.instruments.base import Question
from litbench.profiling import ProfileRequest, profile
from litbench.record import Kind, Record
from litbench.store import Store

from .conftest import codes, each, need, rows, total, value

ROOT = Path(__file__).parents[3]
ROUNDS = 500


def ask(store: Store, question: str, tool: str, **more: object) -> Record:
    request = ProfileRequest(
        question=Question(question),
        tool=tool,
        **{
            "target": "asyncio", "workload": "ping-pong", "parameters": {"rounds": ROUNDS},
            "plain": False, "iterations": 3, **more,
        },  # type: ignore[arg-type]
    )  # fmt: skip
    try:
        (record,) = profile(request, store)
    except MissingToolError as error:
        pytest.skip(str(error))
    return record


def checked(record: Record) -> Record:
    """What holds for every profile of a good run."""
    assert record.valid, record.reasons
    assert record.kind is Kind.PROFILE
    assert record.measure is None  # so that no rate is ever taken from it
    messages = sum(i.ledger.handled for i in record.iterations)
    assert value(record, "messages") == messages == len(record.iterations) * 2 * ROUNDS
    for metric in record.metrics:
        if metric.name.endswith("-total"):
            name = metric.name.removesuffix("-total")
            assert each(record, name) == pytest.approx(metric.values[0] / messages)
    return record


def test_allocations_of_the_region_alone(store: Store) -> None:
    need("heaptrack")
    few = checked(ask(store, "heap", "heaptrack", iterations=1))
    many = checked(ask(store, "heap", "heaptrack", iterations=4))
    assert few.instruments[0].settings["region"] == "go..finish"
    # start-up makes ten times as many allocations as a message here: it would show
    assert each(few, "allocations") == pytest.approx(each(many, "allocations"), rel=0.25)
    assert total(many, "allocations") < 4 * 2 * ROUNDS * 60


def test_the_whole_process_is_said_where_a_tool_cannot_be_switched(store: Store) -> None:
    need("valgrind")
    record = checked(ask(store, "heap", "dhat", iterations=1))
    assert record.instruments[0].settings["region"] == "whole process"
    assert "region-whole-process" in codes(record)


def test_instructions_of_the_region_repeat(store: Store) -> None:
    need("valgrind")
    more: dict[str, object] = {"iterations": 1, "parameters": {"rounds": 2_000}}
    records = [ask(store, "cpu", "callgrind", **more) for _ in range(2)]
    assert all(r.instruments[0].settings["region"] == "go..finish" for r in records)
    counts = [total(r, "simulated-instructions") for r in records]
    assert counts[0] == pytest.approx(counts[1], rel=1e-4)
    assert max(counts) < 4_000 * 50_000  # start-up would add 100 million


@pytest.mark.parametrize("tool", ["perf", "py-spy"])
def test_samples_of_the_region(store: Store, tool: str) -> None:
    record = checked(ask(store, "cpu", tool, iterations=1000, time_limit_s=1.0))
    assert record.instruments[0].settings["region"] == "go..finish"
    assert rows(record, "functions")
    classes = {row["class"]: float(row["share"] or 0) for row in rows(record, "classes")}
    assert sum(classes.values()) == pytest.approx(1.0)
    if tool == "py-spy":
        assert {"actor code", "message passing", "scheduling"} <= set(classes)
        imports = [r for r in rows(record, "functions") if "importlib" in str(r["module"])]
        assert not imports  # imports are before the region


@pytest.mark.parametrize(
    ("question", "tool"),
    [("cpu", "perf-stat"), ("sched", "perf-sched"), ("sched", "schedstat"),
     ("locks", "lock-shim"), ("fragmentation", "mallinfo2"), ("cache", "cachegrind")],
)  # fmt: skip
def test_the_others_are_switched_too(store: Store, question: str, tool: str) -> None:
    record = checked(ask(store, question, tool, time_limit_s=0.5))
    assert record.instruments[0].settings["region"] == "go..finish"
    assert codes(record).isdisjoint({"no-data", "no-answer", "region-whole-process"})


def test_two_accounts_of_one_region_agree(store: Store) -> None:
    """The kernel's accounts and perf's counters, over the same work."""
    need("perf")
    more: dict[str, object] = {"iterations": 1000, "time_limit_s": 1.0}
    kernel = checked(ask(store, "sched", "schedstat", **more))
    perf = checked(ask(store, "cpu", "perf-stat", **more))
    # CPU time a message, from different sources in different runs on a shared machine
    assert each(kernel, "run") == pytest.approx(each(perf, "cpu"), rel=0.5)


def test_the_slow_down_is_stated(store: Store) -> None:
    need("valgrind")
    record = checked(ask(store, "cpu", "callgrind", plain=True, iterations=1))
    assert value(record, "slow-down") > 5


@pytest.mark.parametrize(
    "fault", ["drop-undeclared", "wrong-sum", "crash-signal", "crash-late", "hang-middle"]
)
@pytest.mark.parametrize(("question", "tool"), [("sched", "schedstat"), ("cpu", "perf")])
def test_a_bad_run_gives_no_costs_a_message(
    store: Store, fault: str, question: str, tool: str
) -> None:
    program = ROOT / "adapters" / "fake" / "fake.py"
    target = f"{sys.executable} -S -E {program} --fault {fault}"
    record = ask(store, question, tool, target=target, iterations=2, timeout_s=5.0, plain=True)
    assert not record.valid
    assert record.reasons
    names = [m.name for m in record.metrics]
    assert not [n for n in names if n.endswith("-per-message") or n == "messages"]
    assert "slow-down" not in names


def test_wrong_requests(store: Store) -> None:
    for more in ({"workload": ""}, {"workload": "no-such"}, {"target": "no-such"}):
        with pytest.raises(UsageError):
            ask(store, "heap", "heaptrack", **more)


@pytest.mark.parametrize("target", ["tokio-ct", "tokio-mt"])
def test_tokio_tells_how_busy_its_workers_were(store: Store, target: str) -> None:
    need("cargo")
    record = ask(
        store, "sched", "schedstat", target=target, parameters={"rounds": 20_000},
        iterations=1000, time_limit_s=0.5,
    )  # fmt: skip
    workers = rows(record, "workers")
    assert len(workers) == (1 if target == "tokio-ct" else record.specification.threads)  # type: ignore[union-attr]
    span, slack = value(record, "runtime-span"), 50e6
    assert all(0 < float(w["busy"] or 0) <= span + slack for w in workers)
    # what the runtime calls busy is what it has its threads run, and wait for a processor, for
    busy = sum(float(w["busy"] or 0) for w in workers)
    assert busy <= total(record, "run") + total(record, "wait") + slack
    assert value(record, "global-queue-samples") > 5

"""Targets with a fault that is known beforehand: found in the region, costs per proven message."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from litbench.errors import MissingToolError
from litbench.instruments.base import Question
from litbench.profiles.advice import advice
from litbench.profiling import ProfileRequest, profile
from litbench.record import Record
from litbench.store import Store

from .conftest import Build, each, need, rows, value

Profile = Callable[..., Record]


@pytest.fixture
def target(seeded: Build, store: Store) -> Profile:
    """``target("heap", "heaptrack", "heap")``: the answer on the target with that fault."""
    program = seeded("adapter.c")

    def ask(question: str, tool: str, fault: str, **more: object) -> Record:
        request = ProfileRequest(
            question=Question(question), tool=tool, target=f"{program} {fault}",
            **{"workload": "counting", "parameters": {"messages": 2000}, "plain": False, **more},  # type: ignore[arg-type]
        )  # fmt: skip
        try:
            (record,) = profile(request, store)
        except MissingToolError as error:
            pytest.skip(str(error))
        assert record.valid, record.reasons
        return record

    return ask


def in_region(record: Record) -> Record:
    assert record.instruments[0].settings["region"] == "go..finish"
    handled = sum(i.ledger.handled for i in record.iterations)
    assert value(record, "messages") == handled == 2000 * len(record.iterations)
    return record


def test_three_allocations_of_64_bytes(target: Profile) -> None:
    need("heaptrack")
    bad = in_region(target("heap", "heaptrack", "heap"))
    assert each(bad, "allocations") == pytest.approx(3.00, abs=0.001)
    assert each(bad, "allocated") == pytest.approx(192, abs=0.1)
    assert rows(bad, "sites")[0]["site"] == "allocate_three"
    assert [a.code for a in advice(bad)] == ["tiny-allocations"]
    clean = in_region(target("heap", "heaptrack", "none"))
    assert each(clean, "allocations") < 0.001
    assert advice(clean) == []


def test_16_bytes_lost(target: Profile) -> None:
    need("valgrind")
    bad = target("leaks", "memcheck", "leak")
    assert each(bad, "lost") == pytest.approx(16, abs=0.01)
    assert each(bad, "lost-blocks") == pytest.approx(1, abs=0.001)
    assert rows(bad, "lost")[0]["site"] == "lose"
    assert [a.code for a in advice(bad)] == ["leak"]
    clean = target("leaks", "memcheck", "none")
    assert each(clean, "lost") == 0
    assert advice(clean) == []


def test_a_function_that_burns_70_percent(target: Profile) -> None:
    need("perf")
    bad = in_region(target("cpu", "perf", "burn"))
    shares = {str(r["function"]): float(r["self share"] or 0) for r in rows(bad, "functions")}
    own = shares["hot"] + shares["warm"]
    assert own > 0.9
    # 4 points are 2.5 standard errors at 900 samples; a busy machine gives fewer than 3,000
    assert shares["hot"] / own == pytest.approx(0.70, abs=0.04)


def test_a_mutex_held_40_percent(target: Profile) -> None:
    need("cc")
    bad = in_region(target("locks", "lock-shim", "lock", iterations=2))
    row = rows(bad, "locks")[0]
    assert (row["lock"], row["site"]) == ("shared", "modest")
    assert row["held share"] == pytest.approx(0.40, abs=0.06)
    assert str(row["top holder"]).startswith("holder")
    assert [a.code for a in advice(bad)] == ["contended-lock"]
    assert advice(in_region(target("locks", "lock-shim", "none", iterations=2))) == []


def test_a_thread_that_never_yields(target: Profile) -> None:
    need("perf")
    bad = in_region(target("sched", "perf-sched", "hog", iterations=1))
    (found,) = [a for a in advice(bad) if a.code == "never-yields"]
    assert "thread hog" in found.text
    assert advice(in_region(target("sched", "perf-sched", "none", time_limit_s=0.3))) == []


def test_memory_that_grows_faster_than_the_actors(target: Profile) -> None:
    more: dict[str, object] = {"workload": "mass-spawn", "parameters": {"actors": 3200}}
    bad = target("heap", "memory-by-size", "crowd", **more)
    sizes = [int(row["actors"] or 0) for row in rows(bad, "memory by actors")]
    assert sizes == [200, 400, 800, 1600, 3200]
    last = rows(bad, "memory by actors")[-1]
    # 256 bytes, a word for each of the others, malloc's header; the table of actors
    assert last["live each"] == pytest.approx(256 + 3200 * 8 + 8 + 8, rel=0.02)
    assert [a.code for a in advice(bad)] == ["memory-not-proportional"]
    clean = target("heap", "memory-by-size", "none", **more)
    assert rows(clean, "memory by actors")[-1]["live each"] == pytest.approx(264 + 8, rel=0.05)
    assert advice(clean) == []

"""Every workload and measure on every runtime, as the catalogue defines them."""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from litbench.catalogue import workload
from litbench_adapter import schema
from tests.adapters.driver import HOST, PYTHON, assert_as_defined, assert_measured, job_for, talk_to

TARGETS = ("asyncio", "uvloop", "trio", "threads")
MATRIX = [
    (target, definition.name, str(measure))
    for target in TARGETS
    for definition in HOST
    for measure in definition.measures
]


def command(target: str) -> list[str]:
    if importlib.util.find_spec(target) is None and target in {"uvloop", "trio"}:
        pytest.skip(f"{target} is not installed here")
    return [sys.executable, "-m", "litbench_actors", target]


def describe(target: str) -> Any:
    result = subprocess.run(
        [*command(target), "describe"],
        env={"PYTHONPATH": str(PYTHON)},
        capture_output=True,
        check=True,
        timeout=30,
    )
    return schema.parse_description(result.stdout)


@pytest.mark.parametrize(("target", "name", "measure"), MATRIX)
def test_workload(target: str, name: str, measure: str) -> None:
    definition = workload(name)
    job = job_for(definition, measure)
    talk = talk_to(command(target), job)
    assert talk.stderr == ""
    assert_as_defined(talk, definition, job)
    assert_measured(talk, definition, job)


@pytest.mark.parametrize("target", TARGETS)
def test_description(target: str) -> None:
    said = describe(target)
    assert said["target"] == target
    abilities = {ability["name"]: ability for ability in said["workloads"]}
    for definition in HOST:
        ability = abilities.pop(definition.name)
        assert ability["version"] == definition.version
        assert ability["measures"] == [str(measure) for measure in definition.measures]
        assert set(ability.get("limits", {})) <= {p.name for p in definition.parameters}
    assert abilities == {}


def test_threads_say_what_they_cannot_hold() -> None:
    limits = {a["name"]: a.get("limits") for a in describe("threads")["workloads"]}
    assert limits["skynet"] == {"levels": 3}
    assert 0 < limits["mass-spawn"]["actors"] <= 2000
    assert limits["mailbox-fill"] is None


def test_memory_grows_with_the_actors_and_is_given_back() -> None:
    definition = workload("mass-spawn")
    loaded = []
    for actors in (2000, 4000):
        values = {"actors": actors, "mailbox": 16}
        job = job_for(definition, "memory", values=values, iterations=1)
        talk = talk_to(command("asyncio"), job)
        (before,), (full,), (after,) = (
            talk.metric(f"live-{moment}") for moment in ("before", "loaded", "after")
        )
        assert after - before < 0.05 * (full - before)
        assert talk.metric("rss-loaded")[0] - talk.metric("rss-before")[0] > 0.5 * (full - before)
        loaded.append((full - before) / actors)
    assert loaded[0] == pytest.approx(loaded[1], rel=0.1)
    assert loaded[0] > 500  # a task, its coroutine and a queue


@pytest.mark.parametrize("target", TARGETS)
def test_senders_that_fail_fast(target: str) -> None:
    definition = workload("fan-in")
    values = {"senders": 4, "messages": 50, "mailbox": 1, "fail_fast": 1}
    job = job_for(definition, values=values)
    talk = talk_to(command(target), job)
    assert_as_defined(talk, definition, job)
    (refused,) = talk.of("metric")
    assert (refused["name"], refused["unit"]) == ("refused", "count")
    assert len(refused["values"]) == 2
    assert min(refused["values"]) > 0  # a mailbox of one message for four senders


def test_a_stall_shows_in_the_corrected_latencies_and_hides_from_the_naive() -> None:
    definition = workload("loaded-latency")
    values = {"load": 20, "milliseconds": 300, "stall_ms": 100}
    job = job_for(definition, "latency", values=values, iterations=1)
    talk = talk_to(command("asyncio"), job)
    assert_as_defined(talk, definition, job)
    counts = {h["name"]: h["counts"] for h in talk.of("histogram")}
    slow = {
        name: sum(count for value, count in pairs if value > 50_000_000)
        for name, pairs in counts.items()
    }
    messages = talk.of("ready")[0]["specification"]["messages"]
    in_half_the_stall = messages * 50 / 300
    assert slow["corrected"] > 0.9 * in_half_the_stall / 10  # the probe gets every tenth
    assert slow["naive"] < slow["corrected"] / 2
    assert sum(count for _, count in counts["pacing"]) == messages
    (capacity,), (offered,) = talk.metric("capacity"), talk.metric("offered")
    assert offered == pytest.approx(0.2 * capacity, rel=0.01)
    assert messages == pytest.approx(offered * 0.3)


@pytest.mark.parametrize("target", TARGETS)
def test_a_soak_leaves_nothing_behind(target: str) -> None:
    definition = workload("soak")
    job = job_for(definition, "memory", iterations=40)
    talk = talk_to(command(target), job)
    live = talk.metric("live-loaded")
    growth = statistics.median(live[30:]) - statistics.median(live[10:20])
    assert growth < 20 * 32  # of 20 iterations; one kept object each would be as much


def test_a_hog_on_one_thread_stops_the_others() -> None:
    definition = workload("isolation")
    values = {"actors": 2, "messages": 2000, "burns": 3, "burn_us": 20_000}
    job = job_for(definition, values=values, iterations=1)
    talk = talk_to(command("asyncio"), job)
    (gap,) = talk.of("histogram")
    assert sum(count for _, count in gap["counts"]) == 2 * 1999
    assert sum(count for value, count in gap["counts"] if value > 19_000_000) >= 3
    assert 0 < talk.metric("share")[0] <= 1


@pytest.mark.parametrize("target", TARGETS)
def test_the_state_of_an_actor_is_recovered(target: str) -> None:
    definition = workload("mass-spawn")
    taken = []
    for state in (0, 4096):
        values = {"actors": 200, "state": state}
        talk = talk_to(command(target), job_for(definition, "memory", values=values, iterations=1))
        taken.append(talk.metric("live-loaded")[0] - talk.metric("live-before")[0])
    assert (taken[1] - taken[0]) / 200 == pytest.approx(4096, rel=0.02)


def test_a_time_limit_that_is_over_still_gives_one_iteration() -> None:
    job = job_for(workload("ping-pong"), iterations=50, time_limit_ns=1)
    talk = talk_to(command("asyncio"), job)
    assert len(talk.of("iteration")) == 1
    assert talk.of("finish") == [{"type": "finish", "iterations": 1}]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"workload": "chess"}, "no workload 'chess'"),
        ({"version": 2}, "version 1, not 2"),
        ({"measure": "memory"}, "no measure 'memory'"),
        ({"protocol": 2}, "job.protocol"),
        ({"parameters": {"mailbox": 1}}, "rounds"),
    ],
)
def test_a_job_that_cannot_be_done_is_an_error(change: dict[str, Any], complaint: str) -> None:
    job = {**job_for(workload("ping-pong")), **change}
    talk = talk_to(command("asyncio"), job)
    (error,) = talk.messages
    assert error["type"] == "error"
    assert complaint in error["message"]
    assert talk.status == 1


def test_garbage_instead_of_a_job_is_an_error() -> None:
    talk = talk_to(command("threads"), b"\xff\xfe")
    assert [message["type"] for message in talk.messages] == ["error"]


def test_the_manifest_names_the_targets_of_the_program() -> None:
    from litbench_actors.targets import TARGETS as KNOWN

    manifest = tomllib.loads((PYTHON / "targets.toml").read_text(encoding="utf-8"))
    assert set(manifest["targets"]) == set(KNOWN) == set(TARGETS)
    for name, entry in manifest["targets"].items():
        assert entry["command"] == ["python", "-m", "litbench_actors", name]

"""Every workload and measure on every runtime, as the catalogue defines them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from litbench.catalogue import all_workloads, workload
from litbench_adapter import schema
from tests.adapters.driver import PYTHON, assert_as_defined, assert_measured, job_for, talk_to

TARGETS = ("asyncio", "uvloop", "trio", "threads")
MATRIX = [
    (target, definition.name, str(measure))
    for target in TARGETS
    for definition in all_workloads()
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
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ping-pong", {"rounds": 1, "mailbox": 1}),
        ("counting", {"messages": 1, "mailbox": 1}),
        ("fan-in", {"senders": 1, "messages": 1, "mailbox": 1}),
        ("fan-out", {"receivers": 1, "messages": 1, "mailbox": 1}),
        ("thread-ring", {"actors": 1, "hops": 1, "mailbox": 1}),
        ("thread-ring", {"actors": 9, "hops": 4, "mailbox": 1}),
        ("skynet", {"levels": 1, "mailbox": 1}),
        ("mass-spawn", {"actors": 1, "mailbox": 1}),
        ("mailbox-fill", {"messages": 1}),
        ("isolated-latency", {"rounds": 1, "mailbox": 1}),
    ],
)
def test_smallest_parameters(target: str, name: str, values: dict[str, int]) -> None:
    definition = workload(name)
    measure = str(definition.measures[0])
    job = job_for(definition, measure, values=values, iterations=1)
    assert_as_defined(talk_to(command(target), job), definition, job)


@pytest.mark.parametrize("target", TARGETS)
def test_description(target: str) -> None:
    said = describe(target)
    assert said["target"] == target
    abilities = {ability["name"]: ability for ability in said["workloads"]}
    for definition in all_workloads():
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

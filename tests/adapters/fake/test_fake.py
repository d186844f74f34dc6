"""The fake says what a correct run would say, its numbers are those it was told to have, and each
of its faults changes what it says. (That litbench catches each is tested in tests/integration.)"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litbench.catalogue import workload
from litbench.catalogue.small import SMALL
from litbench_adapter import schema
from litbench_fake.arithmetic import fold, fold_blocks, triangle
from litbench_fake.faults import FAULTS
from litbench_fake.options import Options, UsageError
from litbench_fake.workloads import MEASURES, pattern
from tests.adapters.driver import (
    FAKE,
    HOST,
    ROOT,
    Message,
    Talk,
    assert_as_defined,
    assert_measured,
    job_for,
    raw_lines,
    talk_to,
)

VIRTUAL = ("--clock", "cycles")
MATRIX = [(d.name, str(measure)) for d in HOST for measure in d.measures]


def durations(*options: str, iterations: int, name: str = "counting", **changes: Any) -> list[int]:
    """Durations on the virtual clock, in its unit; `counting` takes 1 ms."""
    values = {"messages": 1_000} if name == "counting" else SMALL[name]
    job = job_for(workload(name), values=values, iterations=iterations, **changes)
    talk = talk_to([*FAKE, *VIRTUAL, "--throughput", "1e6", *options], job)
    return [i["end"] - i["start"] for i in talk.of("iteration")]


@given(st.integers(0, 300), st.integers(0, 10**12), st.integers(1, 10**6))
def test_the_closed_form_of_the_fold(length: int, start: int, step: int) -> None:
    order = total = 0
    for index in range(length):
        value = start + index * step
        order = (order * 31 + value + 1) % 2**64
        total += value + 1
    assert fold(length, start, step) == order
    assert triangle(length, start, step) == total


@given(st.sets(st.integers(0, 9), min_size=1), st.integers(0, 200))
def test_the_closed_form_of_the_fold_over_blocks(offsets: set[int], length: int) -> None:
    order = 0
    for value in range(length):
        if value % 10 in offsets:
            order = (order * 31 + value + 1) % 2**64
    assert fold_blocks(sorted(offsets), 10, length) == order


# Products of two of them are simulated, so the largest drawn is small.
LARGEST = {"levels": 5, "requests": 200, "pings": 200, "workers": 40, "actors": 60}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_workload_is_as_the_catalogue_defines_it(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(HOST))
    values = {
        p.name: data.draw(st.integers(p.least, min(p.most, LARGEST.get(p.name, 2000))))
        for p in definition.parameters
    }
    if definition.declares_messages:
        values["messages"] = data.draw(st.integers(1, 2000))
    said, expected = pattern(definition.name, values), definition.expected(values)
    demand = definition.demand(values)
    assert said.checks == expected.checks
    assert said.messages == expected.ledger.sent == demand.messages
    assert said.errored == expected.ledger.errored
    assert set(said.more) == set(definition.other_histograms)
    assert (said.actors, said.in_flight) == (demand.actors, demand.in_flight)
    assert said.samples == definition.samples_of(values)
    assert MEASURES[definition.name] == tuple(map(str, definition.measures))


@pytest.mark.parametrize(("name", "measure"), MATRIX)
def test_a_clean_run(name: str, measure: str) -> None:
    definition = workload(name)
    job = job_for(definition, measure, iterations=3)
    talk = talk_to(FAKE, job)
    assert (talk.stdout, talk.stderr) == ("", "")
    assert_as_defined(talk, definition, job)
    assert_measured(talk, definition, job)


def test_its_description() -> None:
    result = subprocess.run([*FAKE, "describe"], capture_output=True, check=True)
    said = schema.parse_description(result.stdout)
    assert [ability["name"] for ability in said["workloads"]] == [d.name for d in HOST]


def test_a_limit_is_described() -> None:
    command = [*FAKE, "--limit", "skynet.levels=3", "--name", "small", "describe"]
    said = schema.parse_description(subprocess.run(command, capture_output=True, check=True).stdout)
    (skynet,) = [ability for ability in said["workloads"] if ability["name"] == "skynet"]
    assert skynet["limits"] == {"levels": 3}
    assert said["target"] == "small"


def test_the_true_throughput() -> None:
    assert durations(iterations=3) == [1_000_000] * 3


def test_its_clock_runs_no_faster_than_time() -> None:
    job = job_for(workload("counting"), values={"messages": 1000}, iterations=5)
    talk = talk_to([*FAKE, "--throughput", "1e5"], job)
    iterations = talk.of("iteration")
    assert [i["end"] - i["start"] for i in iterations] == [10_000_000] * 5
    for earlier, later in pairwise(iterations):
        assert earlier["end"] <= later["start"]


def test_the_noise_is_as_large_as_it_was_told_to_be() -> None:
    logs = [math.log(d) for d in durations("--noise", "0.05", iterations=2000)]
    assert statistics.stdev(logs) == pytest.approx(0.05, rel=0.1)
    assert statistics.mean(logs) == pytest.approx(math.log(1_000_000), abs=0.005)


def test_forks_differ_by_the_noise_of_forks_alone() -> None:
    runs = [durations("--fork-noise", "0.2", iterations=3, seed=seed) for seed in range(40)]
    assert all(len(set(run)) == 1 for run in runs)
    assert statistics.stdev(math.log(run[0]) for run in runs) == pytest.approx(0.2, rel=0.4)


def test_a_seed_gives_the_same_run_again() -> None:
    one, same, other = (durations("--noise", "0.1", iterations=9, seed=s) for s in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize(
    ("shape", "true"),
    [
        ("flat", [1, 1, 1, 1, 1, 1]),
        ("step", [3, 3, 1, 1, 1, 1]),
        ("slowdown", [1, 1, 3, 3, 3, 3]),
        ("cycle", [3, 3, 1, 1, 3, 3]),
        ("drift", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_shapes(shape: str, true: list[int]) -> None:
    options = ("--shape", shape, "--warmup", "2", "--factor", "3")
    assert durations(*options, iterations=6) == [n * 1_000_000 for n in true]


def test_warming_up() -> None:
    series = durations("--shape", "warmup", "--warmup", "5", iterations=40)
    assert series[0] == 3_000_000
    assert series == sorted(series, reverse=True)
    assert series[-1] == pytest.approx(1_000_000, rel=1e-3)


def test_latencies_have_the_true_median_and_spread() -> None:
    job = job_for(workload("ping-pong"), "latency", values={"rounds": 10_000})
    talk = talk_to([*FAKE, "--latency", "5000", "--spread", "0.5"], job)
    values = [v for v, n in talk.of("histogram")[0]["counts"] for _ in range(n)]
    assert statistics.median(values) == pytest.approx(5000, rel=0.1)
    assert statistics.stdev(map(math.log, values)) == pytest.approx(0.5, rel=0.1)


def test_memory_is_a_line_over_the_size() -> None:
    for size in (1000, 20_000):
        values = {"actors": size, "state": 50}
        job = job_for(workload("mass-spawn"), "memory", values=values, iterations=2)
        talk = talk_to([*FAKE, "--slope", "300", "--intercept", "1e5"], job)
        for reading in ("live", "rss"):
            taken = [
                loaded - before
                for loaded, before in zip(
                    talk.metric(f"{reading}-loaded"), talk.metric(f"{reading}-before"), strict=True
                )
            ]
            assert taken == [100_000 + (300 + 50) * size] * 2
            assert talk.metric(f"{reading}-after") == talk.metric(f"{reading}-before")


# Those that never end are for the harness's own tests, and so are the floods that it stops.
SPOKEN = sorted(
    name
    for name, (point, _) in FAULTS.items()
    if not name.startswith(("hang", "flood")) and point != "describe" and name != "forgiving"
)


def parsed(lines: list[bytes]) -> list[Message] | None:
    try:
        return [schema.parse(line, schema.FROM_ADAPTER) for line in lines]
    except schema.ProtocolError:
        return None


def shape_of(messages: list[Message], talk: Talk) -> tuple[Any, ...]:
    """What a run says, without its times."""
    told = [
        {k: v for k, v in message.items() if k not in {"start", "end"}}
        | ({"forward": message["end"] > message["start"]} if message["type"] == "iteration" else {})
        for message in messages
    ]
    elapsed = [m["end"] - m["start"] for m in messages if m["type"] == "iteration"]
    return told, elapsed, talk.status


@pytest.mark.parametrize("fault", [name for name in SPOKEN if name != "early-report"])
def test_a_fault_changes_what_it_says(fault: str) -> None:
    job = job_for(workload("counting"), "latency", iterations=4)
    clean_lines, clean = raw_lines([*FAKE, *VIRTUAL], job)
    lines, talk = raw_lines([*FAKE, *VIRTUAL, "--fault", fault], job)
    messages = parsed(lines)
    if messages is None:  # a line that is no message is change enough
        return
    clean_messages = parsed(clean_lines)
    assert clean_messages is not None
    assert shape_of(messages, talk) != shape_of(clean_messages, clean)


@pytest.mark.parametrize("fault", ["wrong-sum", "reorder", "drop-undeclared", "garbage"])
@pytest.mark.parametrize("at", [0, 3])
def test_a_fault_happens_in_one_iteration(fault: str, at: int) -> None:
    job = job_for(workload("counting"), iterations=4)
    clean, _ = raw_lines([*FAKE, *VIRTUAL], job)
    lines, _ = raw_lines([*FAKE, *VIRTUAL, "--fault", fault, "--at", str(at)], job)
    assert lines[: at + 1] == clean[: at + 1]  # `ready` and the iterations before it
    assert lines[at + 1] != clean[at + 1]


def test_reordering_is_what_reordering_does() -> None:
    job = job_for(workload("counting"), iterations=1)
    (iteration,) = talk_to([*FAKE, "--fault", "reorder"], job).of("iteration")
    values = list(range(job["parameters"]["messages"]))
    values[-2:] = reversed(values[-2:])
    order = 0
    for value in values:
        order = (order * 31 + value + 1) % 2**64
    assert iteration["checks"]["order"] == order


def test_forgiving_is_handling_what_is_to_fail() -> None:
    job = job_for(workload("failure-injection"), iterations=1)
    (iteration,) = talk_to([*FAKE, "--fault", "forgiving"], job).of("iteration")
    ledger = iteration["ledger"]
    assert ledger["handled"] == ledger["sent"]
    assert ledger["errored"] == 0 < iteration["checks"]["restarts"]


def test_duplicating_is_what_duplicating_does() -> None:
    job = job_for(workload("counting"), iterations=1)
    (iteration,) = talk_to([*FAKE, "--fault", "duplicate"], job).of("iteration")
    values = [*range(job["parameters"]["messages"])]
    order = total = 0
    for value in [*values, values[-1]]:
        order = (order * 31 + value + 1) % 2**64
        total += value + 1
    assert iteration["checks"]["order"] == order
    assert iteration["checks"]["sum"] == total
    assert iteration["ledger"]["handled"] == len(values) + 1


def test_the_fault_waits_for_its_iteration_when_time_is_short() -> None:
    job = job_for(workload("counting"), iterations=6, time_limit_ns=1)
    assert len(talk_to([*FAKE, *VIRTUAL], job).of("iteration")) == 1
    talk = talk_to([*FAKE, *VIRTUAL, "--fault", "wrong-sum"], job)
    assert len(talk.of("iteration")) == 4


def test_everything_comes_early_in_one_write() -> None:
    job = job_for(workload("counting"), "latency", iterations=1)
    talk = talk_to([*FAKE, "--fault", "early-report"], job)
    assert [m["type"] for m in talk.messages[-3:]] == ["finish", "histogram", "end"]
    assert talk.status == 0


def test_chatter_goes_to_both_outputs() -> None:
    job = job_for(workload("counting"), iterations=1)
    talk = talk_to([*FAKE, "--chatter", "hello"], job)
    assert (talk.stdout, talk.stderr) == ("hello\n", "hello\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "say one of"),
        (["fly"], "'fly' is not one of"),
        (["--fault", "sloth", "serve"], "no fault 'sloth'"),
        (["--shape", "round", "serve"], "no shape 'round'"),
        (["--speed", "3", "serve"], "--speed is not an option"),
        (["--noise", "much", "serve"], "--noise: could not convert"),
        (["--noise"], "has no value"),
        (["--command", "x", "serve"], "--command is not an option"),
    ],
)
def test_a_wrong_command_line_is_refused(arguments: list[str], complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Options(arguments)
    assert complaint in str(caught.value)


def test_the_list_of_faults() -> None:
    printed = subprocess.run([*FAKE, "faults"], capture_output=True, check=True, text=True).stdout
    assert [line.split()[0] for line in printed.splitlines()] == list(FAULTS)
    assert all(len(line.split()) > 2 for line in printed.splitlines())


def test_it_imports_next_to_nothing() -> None:
    program = (
        "import sys; sys.argv = ['fake', 'faults']\n"
        "from litbench_fake.main import main; main(['describe'])\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-S", "-c", "import json\n" + program],
        cwd=ROOT / "adapters" / "fake",
        capture_output=True,
        check=True,
        text=True,
    )
    loaded = set(json.loads(result.stderr))
    assert not loaded & {"typing", "argparse", "random", "dataclasses", "asyncio", "pathlib"}
    assert not any(name.startswith(("litbench.", "litbench_adapter")) for name in loaded)

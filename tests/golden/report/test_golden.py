"""What a reader sees, word for word. After a wanted change: pytest --snapshot-update."""

from __future__ import annotations

import json
import random

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from litbench.record import Clock, Kind, Note, Record
from litbench.report import json as json_report
from litbench.report import markdown, text
from litbench.report.model import Report, build
from litbench.units import Unit
from tests.records import run, session, times


class TextFile(SingleFileSnapshotExtension):
    """One readable file for each output."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextFile)


@pytest.fixture(scope="module")
def report() -> Report:
    """A small session with everything that can be in one."""
    targets = ("tokio-mt", "embassy-std", "asyncio", "trio", "threads")
    records = session(targets, ("ping-pong", "counting", "skynet"), forks=3, iterations=12)
    return build([*records, *board(), *single(), *died()])


def board() -> list[Record]:
    source = random.Random(31)
    clock = Clock(name="qemu-icount", unit=Unit.INSTRUCTIONS, cost=4.0, resolution=1.0)
    return [
        run(
            "embassy-mps2",
            kind=Kind.BOARD,
            clock=clock,
            elapsed=times(source, 52_000_000, 12, spread=1e-4, between=1e-4),
            fork=fork,
            turn=5_000 + fork,
            threads=1,
        )
        for fork in range(3)
    ]


def single() -> list[Record]:
    """One fork of one iteration: a value, and no interval."""
    return [run("pykka", elapsed=[3_700_000_000], turn=6_000)]


def died() -> list[Record]:
    reasons = [Note(code="crash", message="ended by signal 11 (SIGSEGV) after iteration 3")]
    elapsed = [10, 11, 12]
    return [run("embassy-std", "counting", reasons=reasons, turn=7_000, elapsed=elapsed, mailbox=0)]


def test_terminal(report: Report, golden: SnapshotAssertion) -> None:
    assert text.render(report, 100) == golden


def test_narrow_terminal(report: Report, golden: SnapshotAssertion) -> None:
    assert text.render(report, 48) == golden


def test_markdown(report: Report, golden: SnapshotAssertion) -> None:
    assert markdown.render(report) == golden


def test_json(report: Report, golden: SnapshotAssertion) -> None:
    """All but the samples, with figures to six digits: the last ones are the platform's."""
    plain = json_report.to_builtins(report)
    plain["runs"] = [*plain["runs"][:2]] + [r for r in plain["runs"] if not r["valid"]]
    for ranking in plain["rankings"]:
        for row in ranking["rows"]:
            row["runs"] = row["runs"][:1]
            if isinstance(row["latencies"], list | tuple):
                for latency in row["latencies"]:
                    del latency["counts"], latency["times"]
            if row["throughput"] and "times" in row["throughput"]:
                del row["throughput"]["times"]
    assert json.dumps(rounded(plain), indent=1, ensure_ascii=False) + "\n" == golden


def rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return value


def test_json_is_the_same_document_again(report: Report) -> None:
    document = json.loads(json_report.render(report))
    assert document == json.loads(json.dumps(json_report.to_builtins(report)))
    assert document["litbench_report"] == 1
    undetermined = [
        row["throughput"]
        for ranking in document["rankings"]
        for row in ranking["rows"]
        if row["valid"] == 0
    ]
    assert undetermined == [{"undetermined": "no valid throughput run"}]

"""The adapter of lit-bit, against a checkout of it, which this repository does not have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from litbench.catalogue.basic import BASIC
from litbench.catalogue.patterns import PATTERNS
from litbench.catalogue.pressure import PRESSURE
from litbench.targets import all_targets, sources, with_sources

CHECKOUT = os.environ.get("LITBENCH_LIT_BIT", "")
NAMES = ("lit-bit", "lit-bit-ct", "lit-bit-statechart")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not CHECKOUT, reason="LITBENCH_LIT_BIT does not name a checkout of github.com/0xjcf/lit-bit"
    ),
]


def litbench(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "litbench", *words, "--source", f"lit-bit={CHECKOUT}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_workload_is_done_as_defined(name: str, tmp_path: Path) -> None:
    verified = litbench(tmp_path, "adapter", "verify", name, "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    verdicts = json.loads(verified.stdout)
    done = {verdict["workload"] for verdict in verdicts if verdict["verdict"] == "ok"}
    assert done == {definition.name for definition in (*BASIC, *PATTERNS, *PRESSURE)} - {
        "failure-injection"
    }


def test_a_panicked_actor_takes_its_mailbox_along(tmp_path: Path) -> None:
    """The reason that `describe` gives for what is missing, on lit-bit itself."""
    target = with_sources(all_targets(), {"lit-bit": Path(CHECKOUT)})["lit-bit"]
    package = sources.stage(target, tmp_path, {"target"})
    command = ["cargo", "test", "--test", "restart", "--target-dir", str(tmp_path / "target")]
    tested = subprocess.run(
        command, cwd=package, capture_output=True, text=True, timeout=1800, check=False
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "1 passed" in tested.stdout


@pytest.mark.parametrize(
    "words",
    [
        "-w counting -p messages=5k -p batch=7 -p mailbox=3",
        "-w fan-in -p senders=9 -p messages=300 -p fail_fast=1 -p mailbox=2",
        "-w fan-in -p senders=9 -p messages=300 -p batch=100 -p mailbox=1",
        "-w ping-pong -p rounds=500 -p mailbox=1",
        "-w thread-ring -p actors=1 -p hops=500 -p mailbox=1",
        "-w skynet -p levels=3 -p mailbox=1",
        "-w mass-spawn -p actors=500 -p mailbox=1",
        "-w bounded-buffer -p producers=5 -p consumers=3 -p items=100 -p buffer=1",
        "-w dictionary -p workers=9 -p requests=200 -p mailbox=1",
        "-w banking -p accounts=3 -p transfers=500 -p window=7 -p mailbox=7",
        "-w big -p actors=2 -p pings=300 -p mailbox=2",
        "-w chameneos -p creatures=2 -p meetings=300 -p mailbox=2",
        "-w star -p spokes=1 -p rounds=300 -p mailbox=1",
        "-w fork-join-throughput -p actors=3 -p messages=100 -p work=0 -p mailbox=1",
        "-w supervision -p crashes=100 -p children=5 -p strategy=0",
        "-w supervision -p crashes=100 -p children=5 -p strategy=1",
        "-w supervision -p crashes=100 -p children=5 -p strategy=2",
    ],
)
def test_small_mailboxes_batches_and_strategies(words: str, tmp_path: Path) -> None:
    ran = litbench(tmp_path, "run", "lit-bit", "lit-bit-ct", *words.split(), "--forks", "1")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_records_say_which_revision_was_measured(tmp_path: Path) -> None:
    words = "run lit-bit-ct -w ping-pong -p rounds=100 --forks 1"
    assert litbench(tmp_path, *words.split()).returncode == 0
    dumped = subprocess.run(
        [sys.executable, "-m", "litbench", "dump"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    record = json.loads(dumped.stdout.splitlines()[0])
    commit = subprocess.run(
        ["git", "-C", CHECKOUT, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout[:12]
    assert commit in record["subject"]["version"]

"""Every target through the whole harness: each workload and measure, with small parameters.

The quick part runs always; the whole matrix is marked slow (`make test-full`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from litbench.errors import MissingToolError
from litbench.targets import all_targets, build

QUICK = ("asyncio", "tokio-ct")
ALL = sorted(t.name for t in all_targets(Path("/")).values() if not t.entry.hidden)


def verify(name: str, folder: Path) -> None:
    try:
        build(all_targets(Path("/"))[name])
    except MissingToolError as error:
        pytest.skip(str(error))
    command = [sys.executable, "-m", "litbench", "adapter", "verify", name, "--json"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    verdicts = json.loads(ran.stdout)
    wrong = [v for v in verdicts if v["verdict"] == "invalid"]
    assert wrong == []
    assert ran.returncode == 0
    assert sum(v["verdict"] == "ok" for v in verdicts) >= 8
    assert all(v["detail"] for v in verdicts if v["verdict"] == "missing")


@pytest.mark.parametrize("name", QUICK)
def test_a_target_does_its_workloads_right(name: str, tmp_path: Path) -> None:
    verify(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_every_target_does_its_workloads_right(name: str, tmp_path: Path) -> None:
    verify(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tokio-mt", "tokio-ct", "smol", "futures-lite", "async-std",
                                  "embassy", "asyncio", "uvloop", "trio"])  # fmt: skip
def test_the_full_skynet(name: str, tmp_path: Path) -> None:
    """A million leaves on every target that can hold them."""
    import litbench as library

    records = library.run(
        [name], ["skynet"], forks=1, iterations=1, store=tmp_path / "s.sqlite",
        measures=["throughput"],
    )  # fmt: skip
    (record,) = records
    assert record.valid, record.reasons
    assert record.iterations[0].checks["result"] == 499999500000

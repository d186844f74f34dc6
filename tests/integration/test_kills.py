"""A kill at any moment loses no finished run, and several processes may share a store."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from litbench.store import Store
from tests.integration.fake import FAKE, ROOT

KILLS = 52

# Makes runs for ever and acknowledges each on stdout as soon as the session says that it is kept.
DRIVER = """
import sys
from pathlib import Path
from litbench.session import Observer, Request, execute, prepare
from litbench.store import Store

class Acknowledge(Observer):
    def ran(self, item, record):
        print(record.id, flush=True)

ready = prepare(Request(("fake",), ("ping-pong",), parameters={"rounds": 20}, forks=10_000,
                        iterations=2))
with Store.open(Path(sys.argv[1])) as store:
    execute(ready, store, observer=Acknowledge())
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    words = ", ".join(f'"{word}"' for word in FAKE)
    (tmp_path / "litbench.toml").write_text(f"[targets.fake]\ncommand = [{words}]\n")
    return tmp_path


def start(project: Path, store: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(store)],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_no_kill_loses_a_finished_run(project: Path) -> None:
    chance = random.Random(20260101)
    store = project / "store.sqlite"
    acknowledged: list[str] = []
    for kill in range(KILLS):
        driver = start(project, store)
        assert driver.stdout
        acknowledged.append(driver.stdout.readline().strip())
        time.sleep(chance.uniform(0, 0.25))
        driver.send_signal(signal.SIGINT if kill % 4 == 0 else signal.SIGKILL)
        output, _ = driver.communicate(timeout=20)
        whole_lines = output.rpartition("\n")[0].split()
        acknowledged += whole_lines
    with Store.open(store, create=False) as opened:
        kept = {record.id: record for record in opened.records()}
    assert set(acknowledged) <= set(kept)
    assert len(acknowledged) > 2 * KILLS
    assert all(record.valid for record in kept.values())


def test_interrupt_stops_the_adapter_and_keeps_the_runs(project: Path) -> None:
    command = [sys.executable, "-m", "litbench", "run", "fake", "-w", "ping-pong"]
    command += ["--forks", "10000", "--json", "--no-pin"]
    running = subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "every finished run is kept" in said
    assert "Traceback" not in said
    with Store.open(project / ".litbench" / "store.sqlite", create=False) as store:
        assert list(store.records())
    assert str(ROOT / "adapters" / "fake") not in _commands_below(project)


def _commands_below(folder: Path) -> str:
    """The command lines of processes whose working folder is ``folder``."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder:
                lines.append((process / "cmdline").read_text())
        except OSError:
            continue
    return "\n".join(lines)


def test_two_processes_use_one_store_at_a_time(project: Path) -> None:
    command = [sys.executable, "-m", "litbench", "run", "fake", "-w", "ping-pong", "--forks", "20"]
    both = [
        subprocess.Popen([*command, "--json"], cwd=project, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    with Store.open(project / ".litbench" / "store.sqlite", create=False) as store:
        sessions = store.sessions()
        counts = [store.count(session.id) for session in sessions]
    assert counts == [40, 40]  # throughput and latency

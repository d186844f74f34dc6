"""Whoever is killed, no emulator is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.boards import DATA, needs_qemu

pytestmark = [
    needs_qemu,
    pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal is Linux's"),
]

PATIENCE_S = 30.0


def descendants(pid: int) -> Iterator[int]:
    """All processes below a process."""
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in map(int, words):
        yield child
        yield from descendants(child)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def is_emulator(pid: int) -> bool:
    """Whether it emulates; asking for the version does not count."""
    try:
        return b"-qmp\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def soon(what: Callable[[], bool]) -> bool:
    """Whether something becomes true before patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


HANG = ["firmware", "run", str(DATA / "hang-m3.elf"), "--seconds", "100", "--no-profile"]
LONG = ["run", "c-m3", "-w", "task-time", "-p", "slices=100k", "-p", "rounds=1M", "--forks", "1"]


@pytest.mark.parametrize("words", [HANG, LONG], ids=["firmware run", "run"])
@pytest.mark.parametrize("whole", [False, True], ids=["litbench", "and its children"])
def test_a_killed_litbench_leaves_no_emulator(
    words: list[str], whole: bool, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "litbench.cli.main", *words]
    command += ["--store", str(tmp_path / "store.sqlite")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found: list[int] = []
    try:
        assert soon(lambda: any(map(is_emulator, descendants(process.pid))))
        time.sleep(1)  # past the set-up's own emulator, which ends by itself
        assert soon(lambda: any(map(is_emulator, descendants(process.pid))))
        found = list(descendants(process.pid))
        between = [pid for pid in found if not is_emulator(pid)]
        for pid in [process.pid, *(between if whole else [])]:
            os.kill(pid, signal.SIGKILL)
        process.wait()
        assert soon(lambda: not any(map(is_alive, found)))
    finally:
        for pid in [process.pid, *found]:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        process.wait()

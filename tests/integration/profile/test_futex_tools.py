"""One contended lock in Go, Java and a static C program: seen from the kernel, not by a shim."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from litbench.errors import MissingToolError
from litbench.profiles.advice import advice
from litbench.record import Record

from .conftest import SOURCES, Ask, Build, need, rows, total, value


def asked(ask: Ask, tool: str, command: list[str]) -> Record:
    try:
        (record,) = ask("locks", tool, command)
    except MissingToolError as error:
        pytest.skip(str(error))
    return record


@pytest.fixture(scope="module")
def go_program(tmp_path_factory: pytest.TempPathFactory) -> str:
    need("go")
    folder = tmp_path_factory.mktemp("go")
    program = folder / "contended"
    command = ["go", "build", "-o", str(program), str(SOURCES / "contended.go")]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    return str(program)


@pytest.fixture(scope="module")
def java_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("java", "javac")
    folder = tmp_path_factory.mktemp("java")
    command = ["javac", "-d", str(folder), str(SOURCES / "Contended.java")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_a_mutex_in_go(ask: Ask, go_program: str) -> None:
    bad = asked(ask, "futex-trace", [go_program, "600"])
    locks = [row for row in rows(bad, "futexes") if row["kind"] == "lock"]
    assert locks
    assert {row["woken by"] for row in locks} == {"main.take"}
    assert total(bad, "lock-wait") > 0.1 * value(bad, "span")
    assert [a.code for a in advice(bad)] == ["contended-lock"]
    clean = asked(ask, "futex-trace", [go_program, "600", "clean"])
    assert total(clean, "lock-waits") < 0.1 * total(bad, "lock-waits")
    assert advice(clean) == []


def test_the_shim_leaves_go_to_the_kernel(ask: Ask, go_program: str) -> None:
    with pytest.raises(MissingToolError, match="a preloaded shim sees none"):
        ask("locks", "lock-shim", [go_program, "10"])


def test_a_monitor_in_java(ask: Ask, java_classes: Path) -> None:
    need("jfr")
    command = ["java", "-cp", str(java_classes), "Contended", "600"]
    bad = asked(ask, "jfr", command)
    row = rows(bad, "java locks")[0]
    assert (row["lock"], row["site"], row["threads"]) == ("java.lang.Object", "Contended.take", 3)
    assert str(row["top holder"]).startswith("taker-")
    assert [a.code for a in advice(bad)] == ["contended-lock"]
    clean = asked(ask, "jfr", [*command, "clean"])
    assert not [row for row in rows(clean, "java locks") if row["site"] == "Contended.take"]
    assert advice(clean) == []


@pytest.mark.parametrize("tool", ["futex-trace", "strace"])
def test_all_threads_of_java_are_seen(ask: Ask, java_classes: Path, tool: str) -> None:
    """Three threads wait for the monitor; the tool that was here before often missed whole ones."""
    command = ["java", "-cp", str(java_classes), "Contended", "400"]
    for _ in range(3):
        threads = {r["thread"] for r in rows(asked(ask, tool, command), "futex threads")}
        assert {"taker-0", "taker-1", "taker-2"} <= threads


@pytest.mark.parametrize("tool", ["futex-trace", "strace"])
def test_a_static_program(seeded: Build, ask: Ask, tool: str) -> None:
    program = seeded("lock.c", "-static")
    bad = asked(ask, tool, [program, "600"])
    row = rows(bad, "futexes")[0]
    assert (row["futex"], row["kind"], row["threads"]) == ("shared", "lock", 3)
    assert total(bad, "lock-wait") > 0.2 * value(bad, "span")
    assert [a.code for a in advice(bad)] == ["contended-lock"]
    clean = asked(ask, tool, [program, "600", "clean"])
    assert total(clean, "lock-waits") == 0
    assert advice(clean) == []


def test_the_two_tools_count_the_same_calls(ask: Ask) -> None:
    """A program of one thread that makes a fixed number of futex calls."""
    script = (
        "import ctypes; f = ctypes.CDLL(None).syscall; x = ctypes.c_int(7)\n"
        "for _ in range(1000): f(202, ctypes.byref(x), 1, 1, 0, 0, 0)"
    )
    command = [shutil.which("python3") or "python3", "-S", "-c", script]
    counts = [total(asked(ask, tool, command), "futex-calls") for tool in ("futex-trace", "strace")]
    assert all(1000 <= count < 1100 for count in counts)
    assert counts[0] == pytest.approx(counts[1], abs=20)

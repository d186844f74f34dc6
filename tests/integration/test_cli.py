"""The command as a user runs it: exit codes, one error line, JSON on stdout and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.fake import FAKE


@pytest.fixture
def project(tmp_path: Path) -> Path:
    words = ", ".join(f'"{word}"' for word in FAKE)
    wrong = f'{words}, "--fault", "wrong-sum"'
    (tmp_path / "litbench.toml").write_text(
        f"[targets.fake]\ncommand = [{words}]\n[targets.wrong]\ncommand = [{wrong}]\n"
    )
    return tmp_path


def litbench(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "litbench", *words],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run_some(project: Path, target: str = "fake") -> subprocess.CompletedProcess[str]:
    words = "-w ping-pong -w mass-spawn -p rounds=100 -p actors=1k --seed 1 --forks 2 --json"
    return litbench(project, "run", target, *words.split())


def test_run_then_show_report_dump(project: Path) -> None:
    ran = run_some(project)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)
    shown = litbench(project, "show")
    assert "ping-pong" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100
    markdown = litbench(project, "show", "--format", "markdown")
    assert "| fake" in markdown.stdout
    written = litbench(project, "report", "-o", "r.html", "--json")
    assert json.loads(written.stdout)["runs"] == 11
    assert (project / "r.html").read_text().startswith("<!doctype html>")
    dumped = litbench(project, "dump")
    records = [json.loads(line) for line in dumped.stdout.splitlines()]
    assert len(records) == 11
    one = litbench(project, "dump", records[0]["id"])
    assert json.loads(one.stdout) == records[0]


GOALS = """
title = "fake: what it promises"
about = "target: what it wants"
[[goals]]
name = "messages"
kind = "target"
stated = "> 1/s"
on = ["fake"]
workload = "ping-pong"
quantity = "rate"
relation = ">"
limit = 1
"""


def test_goals_reach_the_terminal_and_the_page(project: Path) -> None:
    (project / "goals.toml").write_text(GOALS)
    words = "run fake -w ping-pong -p rounds=100 --forks 2 --goals goals.toml -o r.html"
    ran = litbench(project, *words.split())
    assert ran.returncode == 0, ran.stderr
    assert "✓ pass" in ran.stdout
    assert "what it promises" in (project / "r.html").read_text()
    litbench(project, "report", "-o", "again.html", "--goals", "goals.toml")
    assert "✓ pass" in (project / "again.html").read_text()
    litbench(project, "report", "-o", "without.html")
    assert "what it promises" not in (project / "without.html").read_text()


def test_dumped_records_are_shown_like_those_of_the_store(project: Path) -> None:
    run_some(project)
    (project / "runs.jsonl").write_text(litbench(project, "dump").stdout)
    assert litbench(project, "show", "runs.jsonl").stdout == litbench(project, "show").stdout


def test_an_invalid_run_exits_with_5_and_says_why(project: Path) -> None:
    ran = run_some(project, "wrong")
    assert ran.returncode == 5
    assert "wrong-result" in ran.stderr
    shown = litbench(project, "show").stdout
    assert "invalid" in shown


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show"], 2, "litbench run"),
        (["run", "nobody"], 2, "no target 'nobody'"),
        (["run", "fake", "-w", "pingpong"], 2, "did you mean ping-pong"),
        (["run", "fake", "-w", "ping-pong", "-p", "round=3"], 2, "'round' is a parameter of no"),
        (["run", "fake", "-p", "rounds"], 2, "write name=1000"),
        (["run", "fake", "--suite", "defalt"], 2, "did you mean default"),
        (["run", "fake", "--forks", "0"], 2, "must be more than 0"),
        (["bogus"], 2, "no command 'bogus'"),
        (["show", "bad.jsonl"], 3, "not a litbench record"),
        (["show", "--store", "bad.jsonl"], 3, "not a litbench store"),
    ],
)
def test_errors_are_one_line_with_their_exit_code(
    project: Path, words: list[str], code: int, said: str
) -> None:
    (project / "bad.jsonl").write_text("{}\n")
    ran = litbench(project, *words)
    assert ran.returncode == code, ran.stderr
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_a_plan_is_printed_and_nothing_is_run(project: Path) -> None:
    plan = litbench(project, "run", "fake", "--plan", "--seed", "3", "-w", "fan-in")
    again = litbench(project, "run", "fake", "--plan", "--seed", "3", "-w", "fan-in")
    assert plan.stdout == again.stdout
    assert "seed 3" in plan.stdout
    assert not (project / ".litbench").exists()


def test_doctor_reports_and_never_fails(project: Path) -> None:
    found = json.loads(litbench(project, "doctor", "--json").stdout)
    assert {"machine", "targets", "profiling", "boards"} <= {each["area"] for each in found}
    missing = [each for each in found if not each["ok"]]
    assert all(each["cure"] or each["area"] == "machine" for each in missing)


@pytest.mark.parametrize("what", ["targets", "workloads", "suites", "presets"])
def test_lists(project: Path, what: str) -> None:
    rows = json.loads(litbench(project, "list", what, "--json").stdout)
    assert rows
    assert litbench(project, "list", what).stdout.count("\n") == len(rows) + 1


def test_runs_are_listed(project: Path) -> None:
    run_some(project)
    (row,) = json.loads(litbench(project, "list", "runs", "--json").stdout)
    assert row["runs"] == 11
    assert row["command"].startswith("litbench run fake")


def test_an_adapter_is_verified(project: Path) -> None:
    good = litbench(project, "adapter", "verify", "fake", "--json")
    assert good.returncode == 0, good.stdout
    assert {v["verdict"] for v in json.loads(good.stdout)} <= {"ok", "missing"}
    bad = litbench(project, "adapter", "verify", "wrong")
    assert bad.returncode == 5
    assert "invalid" in bad.stdout


def test_importing_the_library_imports_neither_commands_nor_plots() -> None:
    code = (
        "import sys, litbench; litbench.run; litbench.load;"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " ('numpy', 'rich', 'matplotlib') or m.startswith('litbench.cli')"
        " or m.startswith('litbench.report')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_pandas_makes_a_table_of_the_rows(project: Path) -> None:
    pandas = pytest.importorskip("pandas")
    import litbench as library

    run_some(project)
    records = library.load("all", store=project / ".litbench" / "store.sqlite")
    frame = pandas.DataFrame(library.rows(records))
    assert set(frame["target"]) == {"fake"}
    assert (frame["sent"] == frame["handled"]).all()

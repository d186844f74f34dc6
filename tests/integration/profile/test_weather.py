"""Bad weather: missing tools, killed programs, cut-off and broken output, scripts, time limits."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from litbench.cli.main import main
from litbench.errors import MissingToolError, UsageError
from litbench.instruments import perf
from litbench.instruments.base import NOTHING, Instrument, Program, Question, added
from litbench.instruments.choose import PARTS, choices, tools_for, unanswered
from litbench.instruments.perf_script import Counter, read_samples
from litbench.instruments.stacks import Stacks
from litbench.instruments.tools import bounded_lines
from litbench.profiles.advice import advice
from litbench.profiling import ProfileRequest, profile
from litbench.runner.command import run_command
from litbench.store import Store

from .conftest import Ask, Build, codes, need


def program(*command: str, folder: Path = Path()) -> Program:
    return Program(command or ("/bin/true",), folder)


@pytest.mark.parametrize("question", list(Question))
def test_every_instrument_loads_and_says_what_it_lacks(question: Question) -> None:
    for kind in tools_for(question):
        obstacle = kind.obstacle(program())
        assert obstacle is None or (obstacle.missing and obstacle.cost)
        assert kind.tool != Instrument.tool


def no_tools(monkeypatch: pytest.MonkeyPatch, folder: Path, *kept: str) -> None:
    """A PATH with only the tools named."""
    import shutil

    for name in kept:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"no {name}")
        (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    perf.supported.cache_clear()


@pytest.mark.parametrize("question", sorted(set(Question) - {Question.SCHED}))
def test_no_tools_at_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, question: Question
) -> None:
    no_tools(monkeypatch, tmp_path)
    with pytest.raises(MissingToolError, match="cannot be answered here") as caught:
        list(choices(question, program()))
    assert caught.value.cure  # it says what to do
    assert list(unanswered(question, program()))


def test_the_kernels_accounts_need_no_tools(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_tools(monkeypatch, tmp_path)
    assert [c.instrument.tool for c in choices(Question.SCHED, program())] == ["schedstat"]
    (missing,) = unanswered(Question.SCHED, program())
    assert "perf" in missing.text


def test_the_next_best_tool_is_used_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ask: Ask, seeded: Build
) -> None:
    built = seeded("heap.c")
    no_tools(monkeypatch, tmp_path, "valgrind")
    (record,) = ask("heap", None, [built, "200"], messages=200)
    assert record.instruments[0].name == "dhat"
    (note,) = (n for n in record.cautions if n.code == "next-best-tool")
    assert "heaptrack is not installed" in note.message


def test_a_tool_that_is_asked_for_and_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ask: Ask
) -> None:
    no_tools(monkeypatch, tmp_path)
    with pytest.raises(MissingToolError, match="heaptrack is not installed"):
        ask("heap", "heaptrack", ["/bin/true"])
    with pytest.raises(UsageError, match="no tool 'hammer' answers heap"):
        ask("heap", "hammer", ["/bin/true"])


def test_no_counters_is_said_and_not_a_zero(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    need("perf")
    try:
        (record,) = ask("cpu", "perf-stat", ["/bin/true"])
    except MissingToolError as error:
        pytest.skip(str(error))
    if "not-supported" not in codes(record):
        pytest.skip("this machine counts everything")
    names = {metric.name for metric in record.metrics}
    assert "cpu-total" in names
    assert "instructions-total" not in names
    assert "instructions-per-cycle" not in names


KILLED = "import os, signal; x = [bytes(99) for _ in range(9999)]; os.kill(os.getpid(), 9)"


@pytest.mark.parametrize(
    ("question", "tool"),
    [(str(q), kind.tool) for q in PARTS for kind in tools_for(q)],
)
def test_a_program_that_is_killed(ask: Ask, question: str, tool: str) -> None:
    """A partial answer that says so, or none; never a measurement of nothing."""
    try:
        (record,) = ask(question, tool, [sys.executable, "-c", KILLED])
    except MissingToolError as error:
        pytest.skip(str(error))
    told = codes(record)
    assert told & {"command-failed", "killed", "status-unknown"}
    assert told & {"partial", "no-data", "no-leak-check", "no-samples", "few-samples", "no-answer",
                   "suspects"}  # fmt: skip
    zeros = [
        m.name for m in record.metrics if m.values == (0,) and m.name.startswith(("lost", "races"))
    ]
    assert zeros == []
    assert question not in {"leaks", "races"} or advice(record) == []


def test_a_bound_on_perfs_file_is_said(
    monkeypatch: pytest.MonkeyPatch, seeded: Build, ask: Ask
) -> None:
    need("perf")
    monkeypatch.setattr("litbench.instruments.perf_record.PerfRecord.limit_mib", 1)
    try:
        (record,) = ask("cpu", "perf", [seeded("burn.c"), "20000"])
    except MissingToolError as error:
        pytest.skip(str(error))
    assert any("perf ended the program" in note.message for note in record.cautions)
    assert "stacks" in {table.name for table in record.tables}  # what there is is shown


@pytest.mark.parametrize(
    ("question", "tool", "limit"),
    [("heap", "heaptrack", "heaptrack.LIMIT_MIB"), ("locks", "strace", "futex_trace.LIMIT_MIB")],
)
def test_a_bound_on_a_tools_file_ends_the_program(
    monkeypatch: pytest.MonkeyPatch, ask: Ask, question: str, tool: str, limit: str
) -> None:
    need(tool)
    monkeypatch.setattr(f"litbench.instruments.{limit}", 1)
    endless = (
        "import ctypes; f = ctypes.CDLL(None).syscall; x = ctypes.c_int(7)\n"
        "while True: f(202, ctypes.byref(x), 1, 1, 0, 0, 0)"
    )
    (record,) = ask(question, tool, [sys.executable, "-S", "-c", endless], timeout_s=60.0)
    assert any("reached 1 MiB" in note.message for note in record.cautions)
    assert not any("did not end in time" in note.message for note in record.cautions)
    assert record.tables  # what there is is shown


@pytest.mark.parametrize(
    ("question", "tool", "kind"),
    [("cpu", "perf", "perf_record.PerfRecord"), ("sched", "perf-sched", "perf_sched.PerfSched")],
)
def test_a_target_is_recorded_no_longer_when_perfs_file_is_full(
    monkeypatch: pytest.MonkeyPatch, store: Store, question: str, tool: str, kind: str
) -> None:
    need("perf")
    monkeypatch.setattr(f"litbench.instruments.{kind}.limit_mib", 0)
    request = ProfileRequest(
        question=Question(question), tool=tool, target="asyncio", workload="ping-pong",
        time_limit_s=0.5, plain=False,
    )  # fmt: skip
    try:
        (record,) = profile(request, store)
    except MissingToolError as error:
        pytest.skip(str(error))
    assert record.valid
    assert any("was stopped" in note.message for note in record.cautions)


def test_a_command_that_does_not_end(tmp_path: Path) -> None:
    outcome = run_command(["/bin/sleep", "100"], NOTHING, timeout_s=0.3)
    assert outcome.timed_out
    assert "did not end in time" in outcome.text
    assert outcome.wall_ns < 20e9


def test_a_flood_of_output_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litbench.runner.command.OUTPUT_LIMIT", 1000)
    outcome = run_command([sys.executable, "-c", "print('x' * 100_000)"], NOTHING, timeout_s=30)
    assert outcome.status == 0
    assert len(outcome.stdout) == 1000


def test_children_do_not_outlive_the_command(tmp_path: Path) -> None:
    code = "import subprocess as s; print(s.Popen(['/bin/sleep', '60']).pid, flush=True)"
    outcome = run_command([sys.executable, "-c", code], NOTHING, timeout_s=30)
    child = int(outcome.stdout)
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(child)


def alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_a_command_that_is_not_there(ask: Ask) -> None:
    with pytest.raises(UsageError, match="no program 'no-such-program'"):
        ask("heap", "heaptrack", ["no-such-program"])


def test_a_failing_command_is_told_by_its_own_status(ask: Ask) -> None:
    need("perf")
    code = "import sys; print('oh no', file=sys.stderr); sys.exit(7)"
    (record,) = ask("sched", "schedstat", [sys.executable, "-c", code])
    (note,) = (n for n in record.cautions if n.code == "command-failed")
    assert "exited with status 7: oh no" in note.message


def test_a_script_is_not_what_it_runs(ask: Ask, tmp_path: Path) -> None:
    need("heaptrack")
    script = tmp_path / "run"
    script.write_text("#!/bin/sh\n/bin/true\n")
    script.chmod(0o755)
    (record,) = ask("heap", "heaptrack", [str(script)])
    assert "script" in codes(record)


def test_a_static_program_takes_no_preload(seeded: Build, ask: Ask) -> None:
    built = seeded("heap.c", "-static")
    with pytest.raises(MissingToolError, match="linked statically"):
        ask("heap", "heaptrack", [built, "10"])


def test_lists_of_the_environment_are_kept() -> None:
    found = added({"LD_PRELOAD": "a.so", "X": "1"}, {"LD_PRELOAD": "b.so", "X": "2"})
    assert found == {"LD_PRELOAD": "b.so:a.so", "X": "2"}


def test_the_command_line(
    seeded: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("heaptrack")
    built, own = seeded("heap.c"), ["--store", str(tmp_path / "s.sqlite")]
    page = tmp_path / "page.html"
    words = ["profile", "heap", "--tool", "heaptrack", "--messages", "1k", *own]
    assert main([*words, "-o", str(page), "--", built, "1000"]) == 0
    shown = capsys.readouterr()
    assert "allocations-per-message            3.00" in shown.out
    assert "advice: 3.00 allocations of 64 B" in shown.out
    assert "running under heaptrack" in shown.err
    assert "flame" in page.read_text()
    assert main([*words, "--json", "--", built, "1000", "clean"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record["kind"] == "profile"
    assert main(["profile", "diff", "last~1", "last", *own]) == 0
    difference = capsys.readouterr().out
    assert "allocations-per-message" in difference
    assert "take (heap.c) (gone)" in difference
    assert main(["show", "last", *own]) == 0
    assert "heap: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["profile", "heap"], 2),
        (["profile", "heap", "asyncio"], 2),
        (["profile", "heap", "asyncio", "--", "true"], 2),
        (["profile", "diff", "one"], 2),
        (["profile", "heap", "--", "no-such-program"], 2),
        (["profile", "diff", "last~9", "last~8"], 2),
        (["profile", "cpu", "--tool", "x", "--", "true"], 2),
    ],
)
def test_wrong_words(words: list[str], code: int, tmp_path: Path) -> None:
    at = words.index("--") if "--" in words else len(words)
    own = ["--store", str(tmp_path / "s.sqlite")]
    assert main([*words[:at], *own, *words[at:]]) == code


class _Script:
    """A file that makes a perf script as it is read, of a given size."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._number = 0
        self._lines: list[bytes] = []

    def readline(self, limit: int) -> bytes:
        del limit
        if not self._lines:
            if self._left <= 0:
                return b""
            self._lines = self._sample()[::-1]
            self._left -= sum(map(len, self._lines))
        return self._lines.pop()

    def _sample(self) -> list[bytes]:
        self._number += 1
        n = self._number
        head = b"worker-%d 10/%d  %d.%09d:    1001001 cpu-clock: \n" % (n % 9, n % 9, n // 999, n)
        frames = [
            b"\t    %x function_%d (/usr/lib/lib%d.so)\n" % (n * 31 + d, n * 7 % (10 + d * d), d)
            for d in range(24)
        ]
        # every stack is new at its innermost end: the worst there is
        return [head, b"\t    %x leaf_%d (/bin/x)\n" % (n, n), *frames, b"\n"]


def read_script(size: int) -> Stacks:
    stacks, counter = Stacks(), Counter()
    for sample in read_samples(bounded_lines(_Script(size)), counter):
        stacks.add(sample.thread, sample.tid, sample.stack, sample.period)
    assert counter.malformed == 0
    return stacks


def memory_of(size: int) -> tuple[int, int]:
    """Peak bytes of a fresh process that reads a script of that size, and samples it read."""
    code = (
        "import os; from litbench.environment import peak_resident;"
        "from tests.integration.profile.test_weather import read_script;"
        f"s = read_script({size}); sum(each.weight for each in s);"
        "print(peak_resident(os.getpid()), s.samples)"
    )
    root = str(Path(__file__).parents[3])
    paths = f"import os, sys; os.chdir({root!r}); sys.path.insert(0, {root!r})"
    outcome = run_command(
        [sys.executable, "-c", f"{paths}; {code}"],
        NOTHING, timeout_s=1800,
    )  # fmt: skip
    assert outcome.status == 0, outcome.stderr.decode()
    peak, samples = outcome.stdout.split()
    return int(peak), int(samples)


def test_memory_does_not_grow_with_the_script() -> None:
    peak, samples = memory_of(60 << 20)
    assert samples > 40_000
    assert peak < 500_000_000


@pytest.mark.slow
def test_a_gigabyte_of_samples_in_half_of_that() -> None:
    peak, samples = memory_of(1 << 30)
    assert samples > 700_000
    assert peak < 500_000_000

"""Firmware that misbehaves or was never instrumented: each run ends in bounded time, saying why."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from random import Random

import pytest

from litbench.boards import firmware, image, machines, plugin
from litbench.boards.outcome import Limits
from litbench.boards.plan import Plan
from litbench.catalogue import workload
from litbench.cli.main import main
from litbench.errors import InputError, MissingToolError
from litbench.record import Record, decode
from litbench.targets.firmware import prebuilt
from litbench.units import Unit
from tests.boards import (
    ARCHITECTURES,
    DATA,
    EVERY,
    codes,
    elf,
    needs_compiler,
    needs_qemu,
    run,
    table,
    value,
)
from tests.trace_events import violations

pytestmark = needs_qemu


def reason(record: Record) -> str:
    """The text of the only reason."""
    (note,) = record.reasons
    return note.message


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize(
    ("weather", "code"),
    [
        ("hang", "hang"),
        ("wfi", "hang"),
        ("fault", "fault"),
        ("reset-loop", "reset"),
        ("flood", "output-flood"),
        ("version", "probe-unreadable"),
        ("unfinished", "unfinished"),
    ],
)
def test_each_ends_in_bounded_time_with_its_reason(weather: str, code: str, arch: str) -> None:
    began = time.monotonic()
    record = run(f"{weather}-{arch}", seconds=1.5, output=20_000).record
    assert codes(record) == {code}
    assert not record.valid
    assert time.monotonic() - began < 20


def test_a_hang_names_the_function() -> None:
    assert "in reset" in reason(run("hang-m3", seconds=0.5).record)
    assert "hard_fault" in reason(run("fault-m3", seconds=0.5).record)


def test_a_lock_up_is_told_in_one_line() -> None:
    record = run("lockup-m3", seconds=5).record
    assert codes(record) == {"crashed"}
    assert "Lockup" in reason(record)
    assert "\n" not in reason(record)


def test_another_version_of_the_probe_is_named() -> None:
    assert "version 99" in reason(run("version-m3").record)


def test_output_is_cut_at_the_limit() -> None:
    result = run("flood-m3", seconds=20, output=1000)
    assert len(result.output) == 1000


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_semihosting_is_off_unless_asked_for(arch: str) -> None:
    """The image tries to open a file of this machine."""
    refused = run(f"semihosting-{arch}", seconds=1)
    assert b"opened" not in refused.output
    assert codes(refused.record) <= {"fault", "hang"}
    allowed = run(f"semihosting-{arch}", seconds=10, semihosting=True)
    assert b"opened" in allowed.output
    assert codes(allowed.record) == {"exit-status"}
    assert value(allowed.record, "exit-status") == 3


@needs_compiler
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_firmware_without_a_probe_still_tells_what_the_emulator_sees(
    arch: str, tmp_path: Path
) -> None:
    """A firmware whose every number is known: 11 calls of `deep`, output, ten ticks on the M3."""
    watch = plugin.Watch(plugin.build(tmp_path))
    result = run(f"plain-{arch}", watch=watch, stack=True)
    assert result.output == b"hello\n"
    assert {note.code for note in result.record.cautions} == {"no-probe"}
    functions = table(result.record, "functions")
    assert functions["deep"][1] == 11
    measured = table(result.record, "stacks")["main"][2]
    assert isinstance(measured, int)
    assert measured >= 11 * 64, "eleven frames of at least 64 bytes"
    if arch == "m3":
        assert table(result.record, "interrupts") == {"SysTick": (10,)}
        assert functions["tick"][1] == 10
    else:
        assert value(result.record, "exit-status") == 3


@needs_compiler
@pytest.mark.parametrize("name", EVERY)
def test_firmware_with_a_probe_and_no_job_is_read_when_its_state_says_so(
    name: str, tmp_path: Path
) -> None:
    """It does its own thing and then spins: nothing stops the machine, and the counts stop at the
    end.
    """
    stop = elf(name).symbol("litbench_exit")
    assert stop is not None
    watch = plugin.Watch(plugin.build(tmp_path), stop=stop.address)
    totals = set()
    for _ in range(2):
        result = run(name, watch=watch, seconds=20)
        assert result.record.reasons == ()
        assert result.block is not None
        assert result.block.state == "finished"
        assert [i.handled for i in result.block.iterations] == [2000, 2000, 2000]
        totals.add(value(result.record, "instructions"))
    assert len(totals) == 1
    # Without a job the firmware takes its clock for cycles or ticks; the host knows better.
    told = run(name, "ping-pong", iterations=3, rounds=1000).record
    assert result.record.clock is not None
    assert result.record.clock.unit is Unit.INSTRUCTIONS
    for own, job in zip(result.record.iterations, told.iterations, strict=True):
        assert abs(own.elapsed - job.elapsed) <= 2
        assert own.checks["order"] == job.checks["order"]


@needs_compiler
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_firmware_that_never_ends_is_bounded_by_instructions(arch: str, tmp_path: Path) -> None:
    watch = plugin.Watch(plugin.build(tmp_path))
    totals = set()
    for _ in range(3):
        record = run(f"hang-{arch}", instructions=100_000, watch=watch).record
        assert record.valid
        totals.add(value(record, "instructions"))
    assert len(totals) == 1, "and exactly as often each time"
    assert 100_000 <= totals.pop() < 101_000


def test_a_missing_emulator_is_told_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(sys.modules, "unicorn", None)
    with pytest.raises(MissingToolError, match=r"static.*apt install.*pip install unicorn"):
        run("embassy-m3", "ping-pong", rounds=1)
    with pytest.raises(MissingToolError, match=r"qemu-system-riscv32.*static.*apt install"):
        run("embassy-rv32", "ping-pong", rounds=1)


@pytest.mark.parametrize("name", ["embassy-m3", "c-m3"])
def test_unicorn_stands_in_where_qemu_is_missing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same ledger and checksums; instructions within the share of those that a condition skips."""
    pytest.importorskip("unicorn")
    reference = run(name, "thread-ring", actors=5, hops=200).record
    monkeypatch.setenv("PATH", "/nowhere")
    record = run(name, "thread-ring", actors=5, hops=200).record
    assert record.reasons == ()
    assert "Unicorn" in record.subject.runtime_version
    assert [i.checks for i in record.iterations] == [i.checks for i in reference.iterations]
    assert record.clock != reference.clock, "never compared with each other"
    ratio = record.iterations[0].elapsed / reference.iterations[0].elapsed
    assert 0.95 < ratio <= 1.0


def test_unicorn_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("unicorn")
    monkeypatch.setenv("PATH", "/nowhere")
    record = run("c-m3", "idle", samples=3).record
    assert codes(record) == {"crashed"}
    assert "install QEMU" in reason(record)
    assert codes(run("hang-m3", seconds=0.5).record) == {"hang"}
    assert run("flood-m3", output=100, seconds=20).record.reasons[0].code == "output-flood"


@pytest.mark.parametrize("seed", range(10))
def test_damaged_firmware_ends_in_bounded_time(seed: int, tmp_path: Path) -> None:
    """Bytes of the code changed at random: whatever it does, there is a record."""
    random = Random(seed)
    data = bytearray(prebuilt("c-m3").read_bytes())
    start = data.index(b"LITB") if seed % 2 else 0x1000
    for _ in range(20):
        data[start % len(data) + random.randrange(2_000)] ^= 1 << random.randrange(8)
    path = tmp_path / "damaged.elf"
    path.write_bytes(data)
    try:
        damaged = image.load(path)
    except InputError:
        return
    definition = workload("ping-pong")
    values = definition.values({"rounds": 20})
    machine = machines.machine_for("arm")
    plan = Plan(damaged, machine, definition=definition, values=values, limits=Limits(seconds=0.5))
    began = time.monotonic()
    record = firmware.run(plan, "session").record
    assert time.monotonic() - began < 10
    assert record.valid or record.reasons


def test_the_command_prints_one_json_document(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line = tmp_path / "line.json"
    words = ["firmware", "run", "embassy-m3-trace", "-w", "idle", "-p", "samples=5", "--json"]
    words += ["--no-profile", "--timeline", str(line), "--store", str(tmp_path / "s.sqlite")]
    assert main(words) == 0
    record = decode(capsys.readouterr().out)
    assert record.environment.readings["board"] == "mps2-an385"
    assert "shift=6" in str(record.environment.readings["icount"])
    trace = json.loads(line.read_text())
    assert trace["otherData"]["1 ns is"] == "1 instructions"
    assert violations(trace) == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nothing.elf"], 3),
        (["embassy-m3", "--board", "virt-rv32"], 2),
        (["embassy-m3", "--board", "nowhere"], 2),
        (["embassy-m3", "-w", "skynet"], 2),
        (["embassy-m3", "-w", "fan-in", "-p", "hops=3"], 2),
        ([str(DATA / "plain-m3.elf"), "-w", "ping-pong"], 2),
        ([str(DATA / "hang-m3.elf"), "--seconds", "0.5", "--no-profile"], 5),
    ],
)
def test_exit_codes(words: list[str], code: int, tmp_path: Path) -> None:
    store = ["--store", str(tmp_path / "store.sqlite")]
    assert main(["firmware", "run", *words, *store]) == code


def test_embedded_targets_stand_in_litbench_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    store = str(tmp_path / "store.sqlite")
    words = ["run", "embassy-m3", "c-m3", "-w", "ping-pong", "-p", "rounds=100", "--forks", "1"]
    words += ["--iterations", "2", "--measure", "throughput", "--store", store]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "instructions of mps2-an385" in text
    assert "embassy-m3" in text
    assert "c-m3" in text

"""Small parts of the boards: jobs, logs, plugin output, time line, stacks, workload numbers."""

from __future__ import annotations

import contextlib
import json
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.boards import logs, plugin, stacks
from litbench.boards.abilities import abilities, missing
from litbench.boards.block import decode
from litbench.boards.image import Functions, Symbol, load
from litbench.boards.job import Job, Scale, checksum
from litbench.boards.machines import MACHINES, find_machine
from litbench.boards.timeline import perfetto, table_of, timeline
from litbench.boards.workloads import LIMITS, job_for, names, small_values
from litbench.catalogue import all_workloads, workload
from litbench.catalogue.embedded import accepted
from litbench.errors import InputError, UsageError
from tests.boards import DATA, clock_entry, elf, make_block
from tests.trace_events import violations


def test_a_job_has_the_layout_of_job_rs() -> None:
    job = Job(3, 10, (100, 50), latency=True, stops=True, counter_scale=Scale(5, 3))
    data = job.encode()
    assert len(data) == 76
    assert data[:8] == b"LITBJOB1"
    words = struct.unpack("<17I", data[8:])
    assert words[:8] == (1, 3, 10, 3, 0, 0, 5, 3)
    assert words[8:16] == (100, 50, 0, 0, 0, 0, 0, 0)
    assert words[16] == checksum(data[:-4])


@given(st.binary(min_size=72, max_size=72), st.integers(0, 575))
def test_a_flipped_bit_of_a_job_changes_its_checksum(body: bytes, bit: int) -> None:
    flipped = bytearray(body)
    flipped[bit // 8] ^= 1 << bit % 8
    assert checksum(body) != checksum(bytes(flipped))


@pytest.mark.parametrize("name", names())
def test_every_workload_makes_a_job_from_its_own_parameters(name: str) -> None:
    definition = workload(name)
    values = small_values(definition, {})
    job = job_for(definition, values, 2, MACHINES["virt-rv32"], latency=False)
    assert set(job.parameters) <= set(values.values())
    for parameter, most in LIMITS.get(name, {}).items():
        assert values[parameter] <= most


@pytest.mark.parametrize("language", ["rust", "c"])
def test_every_workload_of_the_catalogue_is_there_or_left_out_for_a_reason(language: str) -> None:
    able = {ability.name for ability in abilities(language)}
    left_out = {each.name: each.because for each in missing()}
    assert able | set(left_out) == {definition.name for definition in all_workloads()}
    assert not able & set(left_out)
    assert all(len(because) > 20 for because in left_out.values())


def test_given_values_are_kept_beyond_the_usual_limit() -> None:
    assert small_values(workload("ping-pong"), {"rounds": 5_000})["rounds"] == 5_000


def test_an_unknown_board_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="virt-rv32"):
        find_machine("virt-rv64")


@given(st.integers(1, 500), st.integers(1, 64))
def test_a_held_mailbox_takes_the_first_of_each_burst(messages: int, burst: int) -> None:
    """The closed form against the mailbox itself, step by step."""
    taken, held = [], 0
    for value in range(messages):
        if value % burst == 0:
            held = 0
        if held < 16:
            taken.append(value)
            held += 1
    assert accepted({"messages": messages, "burst": burst, "mailbox": 16}) == taken


def test_exceptions_are_named_from_the_log() -> None:
    def name(line: bytes, core: str) -> str | None:
        return logs.exception_name(line, core)

    assert name(b"...taking pending nonsecure exception 25", "arm") == "IRQ 9"
    assert name(b"...taking pending secure exception 3", "arm") == "HardFault"
    assert name(b"Taking exception 5 [IRQ] on CPU 0", "arm") is None
    line = b"riscv_cpu_do_interrupt: hart:0, async:1, cause:00000007, epc:0x8, desc=m_timer"
    assert name(line, "riscv") == "m_timer (interrupt 7)"
    fault = name(line.replace(b"async:1", b"async:0").replace(b"m_timer", b"load"), "riscv")
    assert fault is not None
    assert logs.is_fault(fault)
    assert not logs.is_fault("m_timer (interrupt 7)")
    assert not logs.is_fault("breakpoint (exception 3)")


def test_a_log_that_nobody_writes_ends(tmp_path: Path) -> None:
    assert logs.StackLog(tmp_path, "arm").finish() == ()


def test_stack_pointers_are_found_wherever_the_pipe_cuts(tmp_path: Path) -> None:
    log = logs.StackLog(tmp_path, "arm")
    entry = b"R12=00000000 R13=%08x R14=00006c57 R15=00006378\nXPSR=41000000 -Z-- T\n"
    with (tmp_path / "registers").open("wb", buffering=0) as stream:
        for value in range(0x2000_0000, 0x2000_0000 + 40_000, 4):
            text = entry % value
            cut = value % len(text)
            stream.write(text[:cut])
            stream.write(text[cut:])
    assert log.finish() == tuple(range(0x2000_0000, 0x2000_0000 + 40_000, 4))


@pytest.mark.parametrize("text", ["", "litbench-plugin 1\ntotal 3\n", "litbench-plugin 1\nx\nend"])
def test_a_cut_profile_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        plugin.parse(text, "profile")


def test_a_profile_is_read() -> None:
    text = "litbench-plugin 1\ntotal 12\npc 80 10\npc 84 2\nhit 80 0\nhit 80 7\nend\n"
    found = plugin.parse(text, "profile")
    assert (found.total, found.counts, found.hits) == (12, {0x80: 10, 0x84: 2}, {0x80: (0, 7)})


def test_functions_are_found_by_address() -> None:
    table = Functions([Symbol("a", 0x10, 8, True), Symbol("b", 0x20, 0, True)])
    at = {address: getattr(table.at(address), "name", None) for address in (0, 0x10, 0x17, 0x18)}
    assert at == {0: None, 0x10: "a", 0x17: "a", 0x18: None}
    assert getattr(table.at(0x400), "name", None) == "b", "one of unknown size reaches on"


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"\x7fELF\x01\x01\x01" + bytes(60), b"x" * 99])
def test_what_is_no_elf_is_an_input_error(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "fw.elf"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"fw\.elf"):
        load(path)


@given(st.data())
def test_a_mutated_elf_is_read_or_refused(data: st.DataObject) -> None:
    good = bytearray((DATA / "plain-m3.elf").read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fw.elf"
        path.write_bytes(good[: data.draw(st.integers(0, len(good)))])
        with contextlib.suppress(InputError):
            load(path).functions().at(0x80)


def test_an_elf_of_this_machine_is_refused() -> None:
    import sys

    with pytest.raises(InputError, match="32-bit"):
        load(Path(sys.executable))


def events(*rows: tuple[int, int, int, int]) -> bytes:
    """A block with these events: time, kind, id, argument."""
    entries = [struct.pack("<2I", t, kind << 24 | i << 16 | arg) for t, kind, i, arg in rows]
    sections = {1: (40, [clock_entry(unit=2)]), 9: (8, entries)}
    return make_block(sections, made=len(rows))


def test_a_time_line_pairs_begins_with_ends() -> None:
    rows = ((5, 5, 1, 0), (10, 4, 1, 0), (12, 3, 7, 2), (14, 1, 9, 0), (16, 2, 9, 0), (20, 5, 1, 0))
    line = timeline(decode(events(*rows, (21, 6, 0, 0), (30, 7, 0, 0), (31, 4, 2, 0))))
    assert line is not None
    found = [(span.track, span.id, span.start, span.end) for span in line.spans]
    assert found == [("interrupt", 9, 14, 16), ("task", 1, 10, 20), ("idle", 0, 21, 30)]
    assert [(d.id, d.time, d.depth) for d in line.depths] == [(7, 12, 2)]
    assert line.total("idle") == 9


def test_a_mailbox_is_shown_while_it_holds_something() -> None:
    rows = ((1, 3, 0, 1), (2, 3, 0, 2), (4, 9, 0, 1), (7, 9, 0, 0), (8, 3, 0, 1))
    line = timeline(decode(events(*rows)))
    assert line is not None
    assert table_of(line).rows == (("mailbox 0", 1, 7),)


@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 9), st.integers(0, 3))))
def test_a_time_line_never_goes_back_and_is_json(rows: list[tuple[int, int, int]]) -> None:
    """Register values in any order: each step back is a wrap of the counter."""
    line = timeline(decode(events(*((t, kind, i, 1) for t, kind, i in rows))))
    if line is None:
        assert not rows
        return
    assert all(span.start <= span.end for span in line.spans)
    assert violations(json.loads(json.dumps(perfetto(line, "board")))) == []


def test_stacks_without_a_probe_start_at_the_highest_stack_pointer() -> None:
    image = elf("plain-m3")
    (use,) = stacks.stack_uses(image, None, (0, 0x201F_FC60, 0x201F_FF80))
    assert (use.high, use.measured, use.painted) == (0x201F_FF80, 800, None)
    assert stacks.stack_uses(image, None, ()) == ()

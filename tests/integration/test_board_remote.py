"""Boards behind a gdb server: QEMU's own, over loopback. What its clock counts is found out."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from litbench.boards import firmware, machines, qemu, remote
from litbench.boards.gdb import Gdb
from litbench.boards.outcome import Limits
from litbench.boards.plan import Plan
from litbench.catalogue import workload
from litbench.errors import MissingToolError
from litbench.targets.firmware import prebuilt
from litbench.units import Unit
from tests.boards import ARCHITECTURES, codes, elf, needs_qemu

pytestmark = needs_qemu


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def served(name: str, *icount: str) -> Iterator[str]:
    """A board behind a gdb server: QEMU's own, standing at reset."""
    machine = machines.machine_for(elf(name).machine)
    port = free_port()
    command = [qemu._program(machine), *machine.machine, *icount, "-display", "none"]
    command += ["-monitor", "none", "-serial", "none", "-nic", "none", "-S"]
    command += ["-kernel", str(prebuilt(name)), "-gdb", f"tcp:127.0.0.1:{port}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    try:
        yield f"gdb:127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def icount(shift: int) -> tuple[str, str]:
    return "-icount", f"shift={shift},sleep=off"


@pytest.fixture(params=ARCHITECTURES)
def board(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A board whose clocks count instructions."""
    name = f"embassy-{request.param}"
    with served(name, *icount(machines.machine_for(elf(name).machine).shift)) as place:
        yield name, place


def remote_plan(name: str, **values: int) -> Plan:
    definition = workload("fan-in")
    chosen = definition.values({"senders": 10, "messages": 20, "mailbox": 16, **values})
    machine = machines.machine_for(elf(name).machine)
    return Plan(elf(name), machine, definition=definition, values=chosen, iterations=3)


def test_a_board_behind_a_gdb_server_does_a_job_and_is_read_post_mortem(
    board: tuple[str, str],
) -> None:
    name, place = board
    record = remote.run(remote_plan(name), place, "session").record
    assert record.reasons == ()
    assert len(record.iterations) == 3
    assert record.iterations[0].ledger.handled == 200
    # Without a job, the run that has ended is read as it is.
    again = remote.run(Plan(elf(name), machines.machine_for(elf(name).machine)), place, "session")
    assert again.block is not None
    assert again.block.state == "finished"
    assert len(again.block.iterations) == 3


def test_the_emulator_and_the_gdb_board_count_the_same_messages(board: tuple[str, str]) -> None:
    name, place = board
    plan = remote_plan(name)
    there = remote.run(plan, place, "session").record
    here = firmware.run(plan, "session").record
    assert [i.checks for i in there.iterations] == [i.checks for i in here.iterations]
    assert [i.ledger for i in there.iterations] == [i.ledger for i in here.iterations]


def test_commands_of_the_server_itself_are_passed_on(board: tuple[str, str]) -> None:
    host, port = remote.address_of(board[1])
    with Gdb(host, port) as gdb:
        gdb.start()
        assert re.search(r"R15=|pc ", gdb.monitor("info registers"))


def test_a_board_that_does_not_end_is_interrupted_and_told(board: tuple[str, str]) -> None:
    """A job far longer than the time that it is given."""
    name, place = board
    plan = replace(remote_plan(name, messages=100_000), limits=Limits(seconds=0.3))
    record = remote.run(plan, place, "session").record
    assert codes(record) == {"hang"}


@pytest.mark.parametrize(
    ("name", "shift"),
    [("embassy-m3", 6), ("embassy-m3", 3), ("c-m3", 6), ("embassy-rv32", 0), ("embassy-rv32", 4)],
)
def test_times_of_qemu_under_icount_are_instructions(name: str, shift: int) -> None:
    """As many as the emulator here counts, whatever the shift there; nobody told it."""
    plan = remote_plan(name)
    with served(name, *icount(shift)) as place:
        there = remote.run(plan, place, "session").record
    here = firmware.run(plan, "session").record
    assert there.reasons == ()
    assert there.clock is not None
    assert there.clock.unit is Unit.INSTRUCTIONS
    assert f"icount shift={shift}" in there.clock.name
    assert there.environment.readings["icount"] == f"shift={shift}"
    assert str(there.environment.readings["server"]).startswith("QEMU ")
    # A tick of the M3's timer is five instructions at shift 3.
    for far, near in zip(there.iterations, here.iterations, strict=True):
        assert abs(far.elapsed - near.elapsed) <= (6 if shift == 3 else 1)


def test_looking_behind_the_server_changes_nothing(board: tuple[str, str]) -> None:
    """The steps are made elsewhere, and what stood there is put back."""
    name, place = board
    first = remote.run(remote_plan(name), place, "session")
    plain = Plan(elf(name), machines.machine_for(elf(name).machine))
    for _ in range(2):
        assert remote.run(plain, place, "session").block == first.block


def test_a_timer_of_qemu_without_icount_is_in_ns_and_said_to_be_no_board_s() -> None:
    with served("embassy-m3") as place:
        record = remote.run(remote_plan("embassy-m3"), place, "session").record
    assert record.reasons == ()
    assert record.clock is not None
    assert record.clock.unit is Unit.NS
    assert record.environment.readings["icount"] is None
    assert "emulated-time" in {note.code for note in record.cautions}


def test_cycles_of_qemu_without_icount_are_nobody_s() -> None:
    with served("embassy-rv32") as place:
        record = remote.run(remote_plan("embassy-rv32"), place, "session").record
    assert codes(record) == {"no-clock"}
    assert record.clock is None


def test_no_gdb_server_is_a_missing_tool() -> None:
    with pytest.raises(MissingToolError, match="openocd"):
        remote.run(remote_plan("embassy-m3"), f"gdb:127.0.0.1:{free_port()}", "session")

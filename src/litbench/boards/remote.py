"""A board behind a gdb remote server: OpenOCD, pyOCD, J-Link, probe-rs, or QEMU's own.

The image is on the board already. With a job the core must stand at reset (``--monitor "reset
halt"``): the job is written into memory, a breakpoint set at ``litbench_exit``, the core let go.
Without one, a run that has ended is read as it is; one that has not is let go until its end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Sequence

import msgspec

from litbench.boards import block as blocks
from litbench.boards import readings
from litbench.boards.firmware import Place, Result, result_of
from litbench.boards.gdb import Gdb, GdbError
from litbench.boards.image import EXIT_SYMBOL, JOB_SYMBOL, PROBE_SYMBOL, Symbol
from litbench.boards.job import UNSCALED, Scale
from litbench.boards.machines import Machine
from litbench.boards.outcome import End, Outcome
from litbench.boards.plan import Plan
from litbench.boards.server import Server, find_shift, identify
from litbench.boards.workloads import job_for
from litbench.errors import InputError, MissingToolError, UsageError
from litbench.record import Note, Scalar, now

_ENDED = {"finished", "failed"}


def address_of(board: str) -> tuple[str, int]:
    """Host and port of ``gdb:HOST:PORT``. Raises UsageError."""
    _, _, rest = board.partition("gdb:")
    host, _, port = rest.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"{board!r} is no board: write gdb:HOST:PORT")
    return host.strip("[]"), int(port)


def run(plan: Plan, board: str, session: str, monitor: Sequence[str] = ()) -> Result:
    """Run on, or read from, the board behind ``gdb:HOST:PORT``.

    Raises MissingToolError when there is no server, InputError when the image has no probe.
    """
    host, port = address_of(board)
    probe = plan.image.symbol(PROBE_SYMBOL)
    if probe is None or not probe.size:
        raise InputError(plan.image.path, f"no symbol {PROBE_SYMBOL}: a board is read through it")
    started, began = now(), time.monotonic()
    try:
        with Gdb(host, port) as gdb:
            gdb.start()
            for command in monitor:
                gdb.monitor(command)
            end, memory = _drive(gdb, plan, probe)
            server = _look_behind(gdb, plan, probe, memory)
    except (GdbError, TimeoutError, OSError) as error:
        raise MissingToolError(
            f"the board at {host}:{port}",
            cost=f"{error or 'no answer'}",
            cure="Start its gdb server (openocd, pyocd gdbserver, JLinkGDBServer, probe-rs gdb).",
        ) from error
    outcome = Outcome(end=end, memory=memory, duration_ns=round((time.monotonic() - began) * 1e9))
    result = result_of(
        dataclasses.replace(plan, idle_is_right=not server.is_qemu),
        outcome,
        _place(board, server),
        settle=lambda block: _settled(block, plan, server),
        cautions=_cautions(server),
    )
    record = msgspec.structs.replace(result.record, session=session, started=started)
    return Result(record, b"", result.block)


def _look_behind(gdb: Gdb, plan: Plan, probe: Symbol, memory: bytes) -> Server:
    """Who serves, and what its clock counts where it is an emulator."""
    server = identify(gdb)
    if not server.is_qemu:
        return server
    clock = None
    with contextlib.suppress(InputError):
        clock = blocks.decode(memory).clock
    if clock is None:
        return server
    shift = find_shift(gdb, clock, plan.image.machine, probe.address)
    return dataclasses.replace(server, shift=shift)


def _without_clock(block: blocks.ProbeBlock) -> blocks.ProbeBlock:
    """A run that did not end has its reason already."""
    if block.clock is None or block.state not in _ENDED:
        return dataclasses.replace(block, clock=None)
    return dataclasses.replace(block, clock=dataclasses.replace(block.clock, source=0))


def _settled(block: blocks.ProbeBlock, plan: Plan, server: Server) -> blocks.ProbeBlock:
    """The block with the clock that it really had: an emulator's cycles are not a board's."""
    if server.shift is not None:
        return readings.on_emulator(block, _machine(plan, server.shift))
    if server.is_qemu and block.clock is not None and block.clock.source == 1:
        return _without_clock(block)
    return block


def _machine(plan: Plan, shift: int) -> Machine:
    """The board's machine under another icount shift: its cycle counter counts ns."""
    scale = Scale(1, shift) if plan.machine.cycle_scale.multiply else UNSCALED
    return dataclasses.replace(plan.machine, shift=shift, cycle_scale=scale)


def _place(board: str, server: Server) -> Place:
    facts: dict[str, Scalar] = {"board": board, "server": server.name or None}
    clock = f"{board}, {server.name}" if server.name else board
    if server.is_qemu:
        facts["icount"] = f"shift={server.shift}" if server.shift is not None else None
        clock += f", icount shift={server.shift}" if server.shift is not None else ""
    return Place(board, server.name or "gdb remote", clock, facts)


def _cautions(server: Server) -> tuple[Note, ...]:
    if not server.is_qemu or server.shift is not None:
        return ()
    text = "QEMU without -icount: its times are this machine's, and its cycles nobody's"
    return (Note(code="emulated-time", message=text),)


def _drive(gdb: Gdb, plan: Plan, probe: Symbol) -> tuple[End, bytes]:
    if plan.definition is None and _state(gdb, probe) in _ENDED:
        return End.FINISHED, gdb.read(probe.address, probe.size)
    if plan.definition is not None:
        place = plan.image.symbol(JOB_SYMBOL)
        assert place is not None
        job = job_for(plan.definition, plan.values, plan.iterations, None, latency=plan.latency)
        gdb.write(place.address, job.encode())
    stop = plan.image.symbol(EXIT_SYMBOL)
    if stop is None:
        raise InputError(plan.image.path, f"no symbol {EXIT_SYMBOL} to stop at")
    gdb.set_breakpoint(stop.address, 2)
    stopped = gdb.resume(plan.limits.seconds)
    memory = gdb.read(probe.address, probe.size)
    gdb.clear_breakpoint(stop.address, 2)
    return (End.TIMED_OUT if stopped is None else End.FINISHED), memory


def _state(gdb: Gdb, probe: Symbol) -> str:
    header = gdb.read(probe.address, blocks.HEADER.size)
    magic, version, _, state, *_ = blocks.HEADER.unpack(header)
    known = magic == blocks.MAGIC and version == blocks.VERSION
    return blocks.STATES.get(state, "") if known else ""

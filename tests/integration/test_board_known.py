"""Known answers: periods, handlers, blocking, overflows and heap peaks found again exactly."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from litbench.boards import machines, plugin
from tests.boards import elf, needs_compiler, needs_qemu, run, table, value

pytestmark = [needs_qemu, needs_compiler]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The TCG plugin."""
    return plugin.build(tmp_path_factory.mktemp("cache"))


KNOWN = {
    "ticks": 20,
    "period": 20_000,
    "handler": 100,
    "block": 5_000,
    "messages": 50,
    "blocks": 8,
    "bytes": 100,
}
OTHER = {
    "ticks": 7,
    "period": 31_300,
    "handler": 1_237,
    "block": 12_345,
    "messages": 17,
    "blocks": 3,
    "bytes": 1_000,
}


@pytest.mark.parametrize("known", [KNOWN, OTHER])
@pytest.mark.parametrize("name", ["embassy-m3-alloc", "embassy-rv32-alloc", "c-m3", "c-rv32"])
def test_known_answers(name: str, known: dict[str, int], library: Path) -> None:
    """Counts equal, instructions within one, for the same pattern in Rust and in C."""
    stop = elf(name).symbol("litbench_exit")
    assert stop is not None
    watch = plugin.Watch(library, stop=stop.address)
    result = run(name, "known-answers", iterations=1, watch=watch, values=known)
    record = result.record
    assert record.reasons == ()

    # A mailbox of 16 refuses what comes beyond.
    full = known["messages"] - 16
    assert table(record, "mailboxes")["held"] == (16, 16, 16, full, 16)

    # All blocks at once, and none at the end.
    assert value(record, "heap-peak-requested") == known["blocks"] * known["bytes"]
    assert value(record, "heap-peak-allocated") >= known["blocks"] * known["bytes"]
    assert (value(record, "heap-current"), value(record, "heap-failures")) == (0, 0)

    # The emulator's own log agrees on the number of interrupts.
    taken = table(record, "interrupts")
    assert [count for (count,) in taken.values()] == [known["ticks"]]

    # From each interrupt to the next.
    assert result.block is not None
    ticks = next(h for h in result.block.histograms if h.name == "tick-to-tick")
    assert ticks.count == known["ticks"] - 1
    assert abs(ticks.least - known["period"]) <= 1
    assert abs(ticks.most - known["period"]) <= 1

    # The handler, and the task that blocks the executor: two instructions a round.
    tasks = {task.name: task for task in result.block.tasks}
    handler, blocker = tasks["handler"], tasks["blocker"]
    assert (handler.runs, blocker.runs) == (known["ticks"], 1)
    assert abs(handler.longest - 2 * known["handler"]) <= 1
    assert abs(handler.total - handler.runs * 2 * known["handler"]) <= handler.runs
    assert abs(blocker.total - 2 * known["block"]) <= 1
    assert blocker.longest == blocker.total

    # The plugin, which knows nothing of the probe's clock: one more call times the timing.
    instructions, calls, _ = table(record, "functions")["spin"]
    rounds = 1 + known["block"] + known["ticks"] * known["handler"]
    assert calls == 2 + known["ticks"]
    assert isinstance(instructions, int)
    around, rest = divmod(instructions - 2 * rounds, 2 + known["ticks"])
    assert rest == 0
    assert 1 <= around <= 5, "compare, branch and return around the loop"


HANDLERS = {"trap_entry", "timer"}


@pytest.mark.parametrize("name", ["embassy-m3", "c-m3"])
def test_the_plugin_and_the_probe_see_the_same_interrupts(name: str, library: Path) -> None:
    """Two independent clocks: the emulator's count of instructions, and the board's timer."""
    image = elf(name)
    handler = next(s for s in image.symbols if s.name in HANDLERS or "timer_handler" in s.name)
    watch = plugin.Watch(library, (handler.address,))
    from litbench.boards import firmware, qemu
    from litbench.boards.plan import Plan
    from litbench.catalogue import workload

    plan = Plan(
        image=image,
        machine=machines.machine_for("arm"),
        definition=workload("known-answers"),
        values=workload("known-answers").values(KNOWN),
        iterations=1,
        watch=watch,
    )
    profile = qemu.run(firmware.request_of(plan)).profile
    assert profile is not None
    hits = profile.hits[handler.address]
    assert len(hits) == KNOWN["ticks"]
    between = [b - a for a, b in pairwise(hits)]
    assert between == [KNOWN["period"]] * 19

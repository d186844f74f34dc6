"""Bounds against the truth: the images run in Unicorn, the stack pointer read at every step."""

from __future__ import annotations

import statistics
from functools import cache
from pathlib import Path

import pytest

from litbench.errors import UsageError
from litbench.firmware.annotations import Annotations, read
from litbench.firmware.callgraph import CallGraph
from litbench.firmware.elf import parse
from litbench.firmware.stack import EntryBound, StackAnalysis, Verdict
from litbench.firmware.step import Kind, Value
from litbench.firmware.vectors import Entry
from tests.firmware.emulator import Machine, Observation
from tests.firmware.fixtures import NAMES, RECURSION, analysis, graph, load

# images whose symbols are gone cannot tell the emulator where they end; others need interrupts
RUNNABLE = [n for n in NAMES if not n.startswith(("stripped", "nesting", "rtic"))]
# libgcc's shared prologues return with their caller's frame made: they have no frame of their own
MILLICODE = ("__riscv_save", "__riscv_restore", "__gnu_thumb1_case")
STACK_TOP = {"arm": 0x2000_8000, "riscv": 0x8000_8000}
QUICK = [n for n in RUNNABLE if "O0" not in n or n.startswith(("rust", "dynamic", "recursion"))]


def dynamic_frames(observed: Observation, found: StackAnalysis) -> dict[str, int]:
    """What a user would write for the functions whose frame only the run knows."""
    summaries = found.graph.summaries
    return {found.name(f): depth for f, depth in observed.functions.items() if summaries[f].dynamic}


@cache
def observe(name: str) -> dict[Entry, Observation]:
    """What each entry of an image really uses."""
    found = graph(name)
    machine = Machine(load(name), found.summaries)
    top = found.vectors.initial_sp or STACK_TOP[load(name).machine]
    return {entry: machine.run(entry.start, top) for entry in found.vectors.entries}


def annotated(name: str) -> StackAnalysis:
    found = analysis(name)
    frames: dict[str, int] = {}
    for observed in observe(name).values():
        frames |= dynamic_frames(observed, found)
    if not frames:
        return found
    return StackAnalysis(graph(name), Annotations(recursion=dict(RECURSION), frame=frames))


def violations(found: StackAnalysis, observed: dict[Entry, Observation]) -> list[str]:
    """Where a bound is below what was seen: of an entry, or of any function that ran."""
    wrong = []
    for entry, seen in observed.items():
        bound = found.entry(entry)
        if bound.verdict is Verdict.UNBOUNDED or bound.total < seen.depth:
            wrong.append(f"{entry.name}: {bound.total} < {seen.depth} ({bound.verdict})")
        for function, depth in seen.functions.items():
            if found.name(function).startswith(MILLICODE):
                continue
            if found.bounds[function].total < depth:
                wrong.append(f"{found.name(function)}: {found.bounds[function].total} < {depth}")
    return wrong


@pytest.mark.parametrize("name", QUICK)
def test_no_bound_is_below_what_was_seen(name: str) -> None:
    found, seen = annotated(name), observe(name)
    assert violations(found, seen) == []
    thread = next(e for e in seen if e.kind == "thread")
    assert seen[thread].finished
    assert seen[thread].depth > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(RUNNABLE) - set(QUICK)))
def test_no_bound_is_below_what_was_seen_unoptimised(name: str) -> None:
    assert violations(annotated(name), observe(name)) == []


def test_bounds_are_tight() -> None:
    ratios = []
    for name in QUICK:
        found = annotated(name)
        for entry, seen in observe(name).items():
            if seen.finished and seen.depth:
                ratios.append(found.entry(entry).total / seen.depth)
    assert len(ratios) > 50
    assert min(ratios) >= 1
    assert statistics.median(ratios) <= 1.25


@pytest.mark.parametrize("name", ["calls-m3-O2", "rust-m3-Os", "virtual-rv32-Os", "ram-m0-Os"])
def test_a_dropped_edge_is_caught(name: str) -> None:
    """Seeded unsoundness: without the edge that the deepest chain takes, a bound is too small."""
    found = annotated(name)
    entry = next(e for e in observe(name) if e.kind == "thread")
    caught = 0
    for link in found.entry(entry).chain[:-1]:
        weakened = StackAnalysis(graph(name), Annotations())
        node = weakened.nodes[link.function]
        node.edges.clear()
        weakened.compute()
        caught += bool(violations(weakened, observe(name)))
    assert caught >= 2


@pytest.mark.parametrize("name", ["calls-m3-O2", "rust-m3-Os", "calls-rv32-Os"])
def test_a_shrunk_frame_is_caught(name: str) -> None:
    found = annotated(name)
    seen = observe(name)
    entry = next(e for e in seen if e.kind == "thread")
    for link in found.entry(entry).chain:
        weakened = StackAnalysis(graph(name), Annotations())
        node = weakened.nodes[link.function]
        if link.function not in seen[entry].functions or node.own < 8:
            continue
        node.own -= 8
        node.edges = [type(e)(e.target, max(0, e.depth - 8), e.address, e.sure, e.tail)
                      for e in node.edges]  # fmt: skip
        weakened.compute()
        if violations(weakened, seen):
            return
    pytest.fail("no shrunk frame was noticed")


def entry_of(found: StackAnalysis, name: str) -> EntryBound:
    return found.entry(next(e for e in found.graph.vectors.entries if e.name == name))


def test_verdicts() -> None:
    calls = StackAnalysis(graph("calls-m3-O2"))
    assert entry_of(calls, "SysTick_Handler").verdict is Verdict.PROVEN
    assert entry_of(calls, "IRQ1_Handler").verdict is Verdict.CONDITIONAL
    recursion = StackAnalysis(graph("recursion-m3-O2"))
    assert entry_of(recursion, "Reset_Handler").verdict is Verdict.UNBOUNDED
    dynamic = StackAnalysis(graph("dynamic-m3-O2"))
    bound = entry_of(dynamic, "Reset_Handler")
    assert bound.verdict is Verdict.UNBOUNDED
    assert {c.code for c in bound.conditions} == {"dynamic"}


def test_an_indirect_call_answered_is_proven_and_exact() -> None:
    notes = Annotations(calls={"IRQ1_Handler": ["on_tick"]})
    bound = entry_of(StackAnalysis(graph("calls-m3-O2"), notes), "IRQ1_Handler")
    seen = next(o for e, o in observe("calls-m3-O2").items() if e.name == "IRQ1_Handler")
    assert bound.verdict is Verdict.PROVEN
    assert bound.total == seen.depth
    assert [c.answer for c in bound.conditions] == ["on_tick"]


def test_a_wrong_answer_about_a_call_is_refused() -> None:
    with pytest.raises(UsageError, match="no function is named 'on_tock'"):
        StackAnalysis(graph("calls-m3-O2"), Annotations(calls={"IRQ1_Handler": ["on_tock"]}))


def test_recursion_grows_with_its_limit() -> None:
    totals = []
    for times in (6, 7, 8):
        notes = Annotations(recursion={"factorial": times, "even": 1, "odd": 1})
        found = StackAnalysis(graph("recursion-m3-O0"), notes)
        totals.append(entry_of(found, "Reset_Handler").total)
    frame = next(n.own for n in found.nodes.values() if found.name(n.start) == "factorial")
    assert totals[1] - totals[0] == totals[2] - totals[1] == frame


def test_a_limit_that_leaves_a_circle_open_does_not_count() -> None:
    found = StackAnalysis(graph("recursion-m3-O0"), Annotations(recursion={"factorial": 6}))
    bound = entry_of(found, "Reset_Handler")
    assert bound.verdict is Verdict.UNBOUNDED
    assert any("even" in c.message for c in bound.conditions if not c.answer)


def test_a_constant_table_is_resolved() -> None:
    for name in ("calls-m0-O2", "calls-m3-Os", "calls-rv32-O2", "clang-m3-Os"):
        found = analysis(name)
        calls = {found.name(start): c for start, _, c in found.calls}
        assert calls["through_table"].resolved
        targets = {found.name(t) for t in calls["through_table"].targets}
        assert targets == {"add_one", "spill", "tail"}


# the trap handler's address goes to mtvec: a condition of its own
CLOSED = Annotations(closed=True, recursion={**RECURSION, "trap_entry": 1, "trap_work": 1})


@pytest.mark.parametrize("name", ["calls-m3-O2", "calls-rv32-Os", "calls-m0-O0", "virtual-m33-O2"])
def test_in_a_closed_image_the_candidates_are_all(name: str) -> None:
    found = StackAnalysis(graph(name), CLOSED)
    bounds = [found.entry(e) for e in found.graph.vectors.entries]
    assert {b.verdict for b in bounds} == {Verdict.PROVEN}
    assert any(c.answer == "closed image" for b in bounds for c in b.conditions)
    assert violations(found, observe(name)) == []


@pytest.mark.parametrize("name", ["calls-m3-O2", "calls-rv32-Os", "virtual-m33-O2", "rust-m3-Os"])
def test_an_address_that_was_not_seen_is_noticed(name: str) -> None:
    """Seeded unsoundness: the address of a function that really ran deep is overlooked."""
    image, seen = CallGraph(load(name)), observe(name)
    ran = {f: d for o in seen.values() for f, d in o.functions.items()}
    whole = StackAnalysis(image, CLOSED)
    taken = dict(image.addresses.taken)
    caught = 0
    for function in taken.keys() & ran.keys():
        image.addresses.taken.clear()
        shallower = {f: t for f, t in taken.items() if whole.bounds[f].total < ran[function]}
        image.addresses.taken.update(shallower)
        caught += bool(violations(StackAnalysis(image, CLOSED), seen))
    assert caught


def test_what_leaves_candidates_open() -> None:
    bare = graph("stripped-m3-Os")
    assert "symbols" in bare.addresses.candidates(Value(), 0).open
    found = graph("calls-m3-O2").addresses
    rom = Value(Kind.LOADED, 8, Value(Kind.LOADED, 0, Value(Kind.CONSTANT, 0x1FFF_1FF8)))
    assert "0x1fff1ff8, outside" in found.candidates(rom, 0).open
    assert found.candidates(Value(), 0).open == ""
    # ADD r0, PC in place of the first instruction of `main`
    data = bytearray(load("calls-m3-O2").data)
    main = next(s for s in load("calls-m3-O2").symbols if s.name == "main")
    text = load("calls-m3-O2").section(".text")
    assert text is not None
    at = text.offset + main.value - text.address
    data[at : at + 2] = b"\x78\x44"
    relative = CallGraph(parse(bytes(data))).addresses
    assert "program counter" in relative.candidates(Value(), 0).open
    open_image = StackAnalysis(CallGraph(parse(bytes(data))), CLOSED)
    assert entry_of(open_image, "IRQ1_Handler").verdict is Verdict.CONDITIONAL


def test_a_pointer_at_an_odd_place_is_a_pointer() -> None:
    image = load("calls-m3-O2")
    leaf = next(s for s in image.symbols if s.name == "divide")
    section = image.section(".rodata")
    assert section is not None
    data = bytearray(image.data)
    assert leaf.value not in graph("calls-m3-O2").addresses.taken
    data[section.offset + 5 : section.offset + 9] = (leaf.value | 1).to_bytes(4, "little")
    assert leaf.value in CallGraph(parse(bytes(data))).addresses.taken


def test_virtual_calls_are_narrowed_to_their_slot() -> None:
    found = analysis("virtual-m3-O2")
    sets = [{found.name(t) for t in c.targets} for _, _, c in found.calls]
    assert sum(all("area" in name for name in names) for names in sets) == 1
    assert sum(all("corners" in name for name in names) for names in sets) == 1


def test_nothing_is_counted_as_zero_without_symbols() -> None:
    full, bare = analysis("calls-m3-Os"), analysis("stripped-m3-Os")
    for named, nameless in zip(full.graph.vectors.entries, bare.graph.vectors.entries, strict=True):
        assert bare.entry(nameless).total >= full.entry(named).total


def test_images_without_cfi_have_the_same_bounds() -> None:
    for name in ("m0-O2", "rv32-O2"):
        with_cfi, without = analysis(f"calls-{name}"), analysis(f"nocfi-{name}")
        for entry in with_cfi.graph.vectors.entries:
            assert with_cfi.entry(entry).total == without.entry(entry).total


def test_annotations_are_read_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "litbench.toml"
    file.write_text(
        '[firmware.stack.recursion]\nfactorial = 6\n[firmware.stack.frame]\n"with_*" = 160\n'
        "[firmware.interrupts]\nSysTick = 1\n[firmware.regions]\n"
        'RAM = { origin = 0x20000000, length = "32KiB", ram = true }\n'
    )
    found = read(file)
    assert found.recursion == {"factorial": 6}
    assert found.lookup(found.frame, ("with_vla",)) == 160
    assert found.regions[0].length == 32768
    assert "factorial" in found.unused
    file.write_text("[firmware.stack]\nframes = 3\n")
    with pytest.raises(UsageError, match="frames"):
        read(file)
    file.write_text("[firmware.stack.recursion]\nf = 0\n")
    with pytest.raises(UsageError, match="1,000,000"):
        read(file)


def test_the_same_image_gives_the_same_answer() -> None:
    first, second = (StackAnalysis(CallGraph(load("rust-m3-Os"))) for _ in range(2))
    assert {s: b.total for s, b in first.bounds.items()} == {
        s: b.total for s, b in second.bounds.items()
    }


def test_a_jump_table_that_a_loops_end_follows() -> None:
    """GCC puts the loop's end, to which no case goes, between main's table and its first case."""
    elf = Path(__file__).parents[2] / "adapters" / "boards" / "c-m3.elf"
    found = StackAnalysis(CallGraph(parse(elf.read_bytes(), elf)))
    (main,) = (s for s in found.graph.summaries.values() if found.name(s.start) == "main")
    assert main.problems == []

"""The stack of a whole image: threads, what interrupts them, and the RAM there is for it.

On Cortex-M an exception stores a frame before its handler runs: 8 words, or 26 where the
floating-point unit's state is stored too, and up to 4 bytes to align it (Armv7-M B1.5.6, Armv8-M
B3.19). A handler is pre-empted by handlers of a higher priority (a lower number), so at most one of
each priority is on the stack. Without known priorities all may nest. A RISC-V trap handler stores
nothing by itself; one that enables interrupts again nests in itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from litbench.firmware.elf import SHF_ALLOC, SHF_WRITE, Elf, is_thread_bss
from litbench.firmware.stack import (
    Condition,
    EntryBound,
    StackAnalysis,
    Verdict,
    verdict_of,
)
from litbench.firmware.vectors import (
    EXCEPTION,
    FIXED_PRIORITY,
    INTERRUPT,
    TASK,
    THREAD,
    TRAP,
    vector_name,
)

BASIC_FRAME, EXTENDED_FRAME, ALIGNMENT = 32, 104, 4
_STACK_TOPS = ("_stack_start", "_estack", "__stack", "__StackTop", "_stack_top", "__stack_top")
_STACK_LIMITS = ("_stack_end", "__StackLimit", "__stack_limit", "__stack_end__", "_stack_bottom")


@dataclass(frozen=True)
class Level:
    """The deepest handler of one priority. ``priority`` is None where it is not known.

    ``times``: how often it can be active at once.
    """

    priority: int | None
    handler: EntryBound
    frame: int
    times: int = 1

    @property
    def total(self) -> int:
        """Bytes that the handler and its exception frame take."""
        return self.times * (self.frame + self.handler.total)


@dataclass(frozen=True)
class Total:
    """The worst case of the image: the deepest thread and one handler of each priority.

    ``conditions`` are what it rests on beside those of the entries.
    """

    thread: EntryBound | None
    levels: tuple[Level, ...]
    verdict: Verdict
    conditions: tuple[Condition, ...] = ()

    @property
    def total(self) -> int:
        """Bytes of stack."""
        return (self.thread.total if self.thread else 0) + sum(v.total for v in self.levels)


@dataclass(frozen=True)
class Space:
    """The RAM that the stack may grow into, from ``top`` down to ``bottom``."""

    top: int
    bottom: int
    source: str

    @property
    def bytes(self) -> int:
        """How much there is."""
        return self.top - self.bottom


@dataclass(frozen=True)
class TaskStack:
    """The stack of a thread that has its own: its code, and what interrupting it stores there.

    Handlers run on the main stack, so one exception frame is all that they leave here.
    """

    bound: EntryBound
    frame: int
    context: int
    size: int | None

    @property
    def needs(self) -> int:
        """Bytes at most."""
        return self.bound.total + self.frame + self.context

    @property
    def left(self) -> int | None:
        """Bytes that stay free (negative: too few); None where the stack's size is not known."""
        return None if self.size is None else self.size - self.needs


def task_stacks(analysis: StackAnalysis, bounds: list[EntryBound]) -> list[TaskStack]:
    """The stacks of the threads that the options name."""
    tasks = analysis.annotations.tasks
    frame = frame_of(analysis)
    return [
        TaskStack(b, frame, tasks[b.entry.name].context, tasks[b.entry.name].stack)
        for b in bounds
        if b.entry.name in tasks and b.entry.kind == TASK
    ]


def frame_of(analysis: StackAnalysis) -> int:
    """The bytes of one exception's frame: what the options say, or what the image's machine has."""
    return analysis.annotations.exception_frame or exception_frame(analysis.graph.elf)


def exception_frame(elf: Elf) -> int:
    """Bytes that the hardware stores for one exception, alignment included."""
    if elf.machine != "arm":
        return 0
    return (EXTENDED_FRAME if uses_fpu(elf) else BASIC_FRAME) + ALIGNMENT


def uses_fpu(elf: Elf) -> bool:
    """Whether the image was built for a floating-point unit (Arm build attributes, Tag_FP_arch).

    Without attributes the hard-float flag of the header decides (ELF for the Arm Architecture).
    """
    section = elf.section(".ARM.attributes")
    found = None if section is None else _attribute(bytes(elf.content(section)), tag=10)
    return bool(found) if section is not None else bool(elf.flags & 0x400)


def total(analysis: StackAnalysis, bounds: list[EntryBound]) -> Total:
    """The worst case of the image from the bounds of its entries (tasks are part of a thread)."""
    threads = [b for b in bounds if b.entry.kind == THREAD]
    thread = max(threads, key=lambda b: b.total, default=None)
    handlers = [b for b in bounds if b.entry.kind in {EXCEPTION, INTERRUPT, TRAP}]
    deepest: dict[tuple[int, int], Level] = {}
    conditions: list[Condition] = []
    for at, bound in enumerate(handlers):
        levels, rests_on = _levels(analysis, bound)
        conditions += rests_on
        for level in levels:
            key = (0, level.priority) if level.priority is not None else (1, at)
            if key not in deepest or level.total > deepest[key].total:
                deepest[key] = level
    ordered = tuple(deepest[key] for key in sorted(deepest, reverse=True))
    verdicts = [b.verdict for b in (*([thread] if thread else []), *handlers)]
    verdicts.append(verdict_of(tuple(conditions)) if verdicts else Verdict.UNBOUNDED)
    worst = max(verdicts, key=list(Verdict).index)
    return Total(thread, ordered, worst, tuple(conditions))


def _levels(analysis: StackAnalysis, bound: EntryBound) -> tuple[list[Level], list[Condition]]:
    """A handler's levels, one for each priority of its vectors, and what they rest on."""
    frame = frame_of(analysis)
    if bound.entry.kind == TRAP:
        return _trap_levels(analysis, bound, frame)
    priorities = [_priority(analysis, bound, n) for n in bound.entry.numbers or (0,)]
    found = [Level(p, bound, frame) for p in dict.fromkeys(priorities)]
    unknown = [n for n, p in zip(bound.entry.numbers, priorities, strict=False) if p is None]
    if len(unknown) < 2:
        return found, []
    text = (
        f"{bound.entry.name} handles {len(unknown)} vectors of unknown priorities: they do not"
        " interrupt each other"
    )
    key = f'interrupts."{bound.entry.name}" = PRIORITY'
    return found, [Condition("shared", bound.entry.start, bound.entry.start, text, key)]


def _priority(analysis: StackAnalysis, bound: EntryBound, number: int) -> int | None:
    if number in FIXED_PRIORITY:
        return FIXED_PRIORITY[number]
    table = analysis.annotations.priorities
    names = analysis.names(bound.entry.start) if bound.entry.start in analysis.nodes else ()
    return analysis.annotations.lookup(table, (vector_name(number), bound.entry.name, *names))


def _trap_levels(
    analysis: StackAnalysis, bound: EntryBound, frame: int
) -> tuple[list[Level], list[Condition]]:
    """RISC-V: traps come with interrupts disabled, so one nests only where it enables them."""
    place = _enables_interrupts(analysis, bound.entry.start)
    if place is None:
        return [Level(None, bound, frame)], []
    names = analysis.names(bound.entry.start)
    times = analysis.annotations.lookup(analysis.annotations.recursion, names)
    text = f"{analysis.name(place[0])} enables interrupts during {bound.entry.name}, which nests"
    condition = Condition(
        "traps", place[0], place[1], text, f'stack.recursion."{bound.entry.name}" = TIMES',
        leaves_out=True, answer="" if times is None else f"{times} at once",
    )  # fmt: skip
    return [Level(None, bound, frame, times or 1)], [condition]


def _enables_interrupts(analysis: StackAnalysis, start: int) -> tuple[int, int] | None:
    """(function, address) of an instruction that may set an interrupt enable of mstatus."""
    if start not in analysis.nodes:
        return None
    program = analysis.graph.program
    for function in analysis.reachable(start):
        for insn in program.body(program[function]).insns:
            if not insn.mnemonic.startswith("csr") or "status" not in insn.operands:
                continue
            if insn.mnemonic not in {"csrr", "csrc", "csrci", "csrrc", "csrrci"}:
                return function, insn.address
    return None


def space(analysis: StackAnalysis) -> Space | None:
    """Where the stack lies; None where its top is not known.

    The top is the vector table's first word, a constant that the start-up code loads, or a symbol;
    the bottom is a symbol of the linker script, or the end of the RAM in use below the top.
    """
    elf = analysis.graph.elf
    top, source = analysis.graph.vectors.initial_sp, "vector table"
    if top is None:
        tops = [s.stack_top for s in analysis.graph.summaries.values() if s.stack_top]
        top, source = (max(tops), "start-up code") if tops else (None, "")
    symbols = {s.name: s.value for s in elf.symbols}
    if top is None:
        top = next((symbols[n] for n in _STACK_TOPS if n in symbols), None)
        source = "symbol"
    if top is None:
        return None
    bottom = next((symbols[n] for n in _STACK_LIMITS if symbols.get(n, top) < top), None)
    if bottom is not None:
        return Space(top, bottom, f"{source}, symbol")
    used = _ram_end_below(analysis, top)
    return None if used is None else Space(top, used, source)


def _ram_end_below(analysis: StackAnalysis, top: int) -> int | None:
    """The end of what RAM below ``top`` holds; a section for the stack itself does not count."""
    elf = analysis.graph.elf
    ends = [
        s.end
        for s in elf.sections
        if s.flags & SHF_ALLOC and s.flags & SHF_WRITE and s.size and not is_thread_bss(s)
        and "stack" not in s.name and s.address < top and s.end <= top
    ]  # fmt: skip
    if ends:
        return max(ends)
    regions = [r for r in analysis.annotations.regions if r.ram and r.origin < top <= r.end]
    return regions[0].origin if regions else None


def _attribute(data: bytes, tag: int) -> int | None:
    """The integer value of a tag in the ``aeabi`` file attributes (Arm IHI 0045, 2.2)."""
    at = data.find(b"aeabi\0")
    if data[:1] != b"A" or at < 0:
        return None
    at += 6
    if at + 5 > len(data) or data[at] != 1:
        return None
    end = min(len(data), at + int.from_bytes(data[at + 1 : at + 5], "little"))
    at += 5
    while at < end:
        found, at = _number(data, at)
        if found in {4, 5, 67} or (found > 32 and found % 2):
            at = data.find(b"\0", at, end) + 1
            if at == 0:
                return None
            continue
        value, at = _number(data, at)
        if found == tag:
            return value
    return None


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value, at

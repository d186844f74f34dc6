"""Who calls whom, and how deep in its frame, for every function that an image holds."""

from __future__ import annotations

import re
from functools import cached_property

from litbench.firmware import straight
from litbench.firmware.elf import Elf
from litbench.firmware.frames import cfi_frames, stack_sizes
from litbench.firmware.functions import Function, Program, isa_of
from litbench.firmware.indirect import AddressTaken
from litbench.firmware.summary import Summary
from litbench.firmware.vectors import Vectors, find
from litbench.firmware.walk import Walker

MAX_FUNCTIONS = 200_000
MAX_ROUNDS = 8
# libgcc's shared prologues for RV32 (-msave-restore): bytes that they leave on the stack
_MILLICODE = re.compile(r"__riscv_(save|restore)_(\d+)$")
_SWITCH_HELPERS = ("__gnu_thumb1_case", "__ARM_common_switch", "__switch")


class CallGraph:
    """Summaries of all functions of an image; raises InputError where its code is not analysed."""

    def __init__(self, elf: Elf) -> None:
        self.elf = elf
        self.program = Program(elf, isa_of(elf))
        self.vectors: Vectors = find(self.program)
        self.summaries: dict[int, Summary] = {}
        self._nets: dict[int, int] = {}
        self._switches: dict[int, bool] = {}
        self._explore()
        self._settle_nets()
        self.addresses = AddressTaken(self.program, self.vectors.table)
        if not self.program.symbolic:
            self._explore_pointers()

    def _explore(self) -> None:
        """Walks every function that a symbol, a vector or a call leads to."""
        work = [f.start for f in self.program.functions]
        work += [e.start for e in self.vectors.entries]
        self._walk_all(work)

    def _walk_all(self, work: list[int]) -> None:
        while work and len(self.summaries) < MAX_FUNCTIONS:
            start = work.pop()
            if start in self.summaries:
                continue
            function = self.program.enter(start)
            if function is None:
                continue
            known = len(self.program.starts)
            summary = self.summaries[start] = self._walk(function)
            work += [c.target for c in summary.calls if c.target not in self.summaries]
            if len(self.program.starts) > known or not self.program.symbolic:
                work += self._shortened(function)

    def _shortened(self, function: Function) -> list[int]:
        """Without symbols a new function may end the one before it: that one is walked again."""
        if self.program.symbolic:
            return []
        changed = []
        for call in self.summaries[function.start].calls:
            outer = self.program.containing(call.target)
            if outer is None or outer.start == call.target or outer.sized:
                continue
            self.program.enter(call.target)
            if self.summaries.pop(outer.start, None) is not None:
                changed.append(outer.start)
        return changed

    def _walk(self, function: Function) -> Summary:
        nets = self._nets
        body = self.program.body(function)
        summary = straight.walk(function, body, self._is_plain)
        if summary is None:
            walker = Walker(self.program, function, lambda t: nets.get(t, 0), self._is_switch)
            summary = walker.run()
        match = _MILLICODE.match(function.names[0]) if function.names else None
        if match is not None and match[1] == "save":
            summary.returns = {16 * (int(match[2]) // 4 + 1)}
            summary.problems = [p for p in summary.problems if p.code != "dynamic"]
        return summary

    def _settle_nets(self) -> None:
        """Walks again who calls a function that returns deeper than it was entered.

        RISC-V's ``__riscv_save_4`` is one: it makes its caller's frame.
        """
        for _ in range(MAX_ROUNDS):
            nets = {
                start: max(s.returns)
                for start, s in self.summaries.items()
                if s.returns and max(s.returns) > 0 and not s.dynamic
            }
            if nets == self._nets:
                return
            changed = {
                t for t in nets.keys() | self._nets.keys() if nets.get(t) != self._nets.get(t)
            }
            self._nets = nets
            for start, summary in list(self.summaries.items()):
                if any(call.target in changed and not call.tail for call in summary.calls):
                    self.summaries[start] = self._walk(self.program[start])

    def _is_plain(self, target: int) -> bool:
        return target not in self._nets and not self._is_switch(target)

    def _is_switch(self, target: int) -> bool:
        """Whether a function jumps through a table behind the call to it (a helper of Armv6-M)."""
        found = self._switches.get(target)
        if found is None:
            found = self._switches[target] = self._jumps_behind_call(target)
        return found

    def _jumps_behind_call(self, target: int) -> bool:
        if self.elf.machine != "arm" or target not in self.program:
            return False
        function = self.program[target]
        for name in function.names:
            if name.startswith(_SWITCH_HELPERS):
                return True
        if function.names:
            return False
        insns = self.program.body(function).insns[:16]
        return any(i.mnemonic == "add" and i.operands.startswith("lr, ") for i in insns)

    def _explore_pointers(self) -> None:
        """Without symbols, code whose address occurs in the image counts as a function too."""
        for _ in range(MAX_ROUNDS):
            pointers = self._code_pointers() - self.summaries.keys()
            if not pointers:
                break
            self._walk_all(sorted(pointers))
        self.addresses = AddressTaken(self.program, self.vectors.table)

    def _code_pointers(self) -> set[int]:
        """Words of read-only data, and literals of code, that point to code."""
        elf, bit = self.elf, 1 if self.elf.machine == "arm" else 0
        found = set()
        for function in self.program.functions:
            body = self.program.body(function)
            found |= {w for g in body.gaps if (w := elf.word(g)) is not None}
        for section in elf.sections:
            if section.allocated and not section.executable and not section.nobits:
                data = elf.content(section)
                found |= {
                    int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data) - 3, 4)
                }
        marked = {w & ~bit for w in found if w % 2 == bit}
        return {w for w in marked if elf.is_code(w) and w % 2 == 0}

    @cached_property
    def declared(self) -> dict[int, tuple[int, str]]:
        """Frame bytes that the compiler declared, with their source, by function address."""
        found = {start: (size, "CFI") for start, size in cfi_frames(self.elf).items()}
        for start, size in stack_sizes(self.elf).items():
            found[start] = (size, ".stack_sizes")
        return {
            start: declared
            for start, declared in found.items()
            if start in self.summaries and not _MILLICODE.match(self.program[start].name)
        }

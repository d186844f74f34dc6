"""One function's stack depth at every point, by following its control flow.

Depth is in bytes below the stack pointer at entry. Where two paths meet at different depths the
deeper one counts, so that every figure is an upper bound. What cannot be followed is a problem of
the summary, never a zero.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from litbench.firmware.functions import Body, Function, Program
from litbench.firmware.slicing import Slicer
from litbench.firmware.step import UNKNOWN, Flow, Insn, Kind, Sp, Step, Value
from litbench.firmware.summary import Call, IndirectCall, Problem, Summary

MAX_VISITS = 12
MAX_TABLE = 4096
_DYNAMIC = -1 << 40  # a copy of the stack pointer moved by an amount that is not constant
_ENDING = {Flow.JUMP, Flow.JUMP_REGISTER, Flow.TABLE, Flow.RETURN, Flow.STOP}


class _State(NamedTuple):
    depth: int
    copies: tuple[int | None, ...]  # depth of the tracked copies of the stack pointer


class Walker:
    """Walks one function. ``net`` tells what a callee leaves on the stack (nearly always 0) and
    ``is_switch`` whether it is a compiler's helper that jumps through a table after the call."""

    def __init__(
        self,
        program: Program,
        function: Function,
        net: Callable[[int], int],
        is_switch: Callable[[int], bool],
    ) -> None:
        self._program = program
        self._function = function
        self._net = net
        self._is_switch = is_switch
        self._found = Summary(function.start)
        self._states: dict[int, _State] = {}
        self._visits: dict[int, int] = {}
        self._work: list[int] = []
        self._tables: list[tuple[int, _State]] = []
        self._walked: set[int] = set()
        self._prepare(program.body(function))

    def _prepare(self, body: Body) -> None:
        self._body = body
        start, end = self._function.start, self._function.end
        targets = {s.target for s in body.steps if s.flow is Flow.JUMP and s.target is not None}
        self._leaders = {t for t in targets if start <= t < end} | set(self._states)
        self._slicer = Slicer(self._program.isa, body, self._leaders)
        self._copies, writes = _copies(self._program, body)
        self._steps = {step.address: step for step in body.steps}
        self._writes = {insn.address: insn for insn in writes}
        events = {*self._steps, *self._writes, *self._leaders, *body.gaps}
        self._events = sorted(events)

    def run(self) -> Summary:
        """The function's summary."""
        self._reach(self._function.start, _State(0, (None,) * len(self._copies)))
        self._drain()
        while self._tables and self._open_tables():
            self._drain()
        self._found.calls = sorted(set(self._found.calls))
        self._found.indirect = sorted(set(self._found.indirect), key=lambda c: c[:3])
        self._found.problems = sorted(set(self._found.problems))
        return self._found

    def _drain(self) -> None:
        while self._work:
            self._block(self._work.pop())

    def _reach(self, address: int, state: _State) -> None:
        """Something comes to ``address``, which is in the function, with ``state``."""
        old = self._states.get(address)
        if old is not None:
            copies = tuple(
                a if a == b else None for a, b in zip(old.copies, state.copies, strict=True)
            )
            state = _State(max(old.depth, state.depth), copies)
            if state == old:
                return
        self._visits[address] = self._visits.get(address, 0) + 1
        if self._visits[address] > MAX_VISITS:
            self._problem("grows", address)
            return
        self._states[address] = state
        if address not in self._leaders:
            self._leaders.add(address)
            at = bisect_left(self._events, address)
            if self._events[at : at + 1] != [address]:
                self._events.insert(at, address)
        self._work.append(address)

    def _block(self, start: int) -> None:
        if not self._body.begins(start):
            self._resynchronise(start)
            if not self._body.begins(start):
                self._problem("undecoded", start)
                return
        state = self._states[start]
        self._note(state.depth)
        index = bisect_left(self._events, start)
        skip = False
        while index < len(self._events):
            address = self._events[index]
            index += 1
            if address != start and address in self._leaders:
                self._reach(address, state)
                return
            if address in self._body.gaps:
                return  # data: what came before does not return
            if address in self._writes:
                state = self._follow_copy(state, self._writes[address])
            step = self._steps.get(address)
            if step is None:
                continue
            self._walked.add(address)
            if skip and step.sp is Sp.ADD and self._found.stack_top is not None:
                self._found.stack_top += step.amount  # the low part of the constant
                skip = False
                continue
            skip = step.sp is Sp.COPY and (step.source or "")[:1] == "#"
            after = self._step(state, step)
            if after is None:
                return
            state = after
            # a table that the step opened may have added events
            index = bisect_left(self._events, address) + 1
        self._fall_off(state)

    def _resynchronise(self, address: int) -> None:
        self._prepare(self._program.resynchronise(self._function, address))

    def _fall_off(self, state: _State) -> None:
        """Control runs past the function's last byte."""
        body = self._body
        last = self._steps.get(body.last)
        if last is not None and last.flow in {Flow.CALL, Flow.CALL_REGISTER}:
            return  # the callee does not return
        end = self._function.end
        if body.end >= end and self._program.elf.is_code(end):
            self._found.calls.append(Call(body.last, state.depth, end, tail=True))
        else:
            self._problem("undecoded", end)

    def _step(self, state: _State, step: Step) -> _State | None:
        """The state after a step, or None where control does not go on."""
        before = state
        if step.sp is not Sp.NONE:
            state = self._move(state, step)
            self._note(state.depth)
        flow = step.flow
        if flow is Flow.NEXT:
            return state
        if flow is Flow.CALL and step.target is not None:
            return self._call(state, step, step.target)
        if flow is Flow.CALL_REGISTER:
            return self._call_register(state, step)
        if flow is Flow.RETURN and not self._is_plain_jump(step):
            self._found.returns.add(state.depth)
        elif flow is Flow.JUMP and step.target is not None:
            self._jump(state, step, step.target)
        elif flow is Flow.TABLE:
            self._table(state, step)
        elif flow is Flow.STOP:
            if step.register == ".byte":
                self._problem("undecoded", step.address)
        else:
            self._jump_register(state, step)
        return before if step.conditional else None

    def _is_plain_jump(self, step: Step) -> bool:
        """Whether RISC-V's ``jr t0`` is no return: the function put something into t0 itself."""
        if step.register != "t0":
            return False
        written = self._program.isa.written
        return any("t0" in written(i) for i in self._body.insns if "t0" in i.operands)

    def _call(self, state: _State, step: Step, target: int) -> _State | None:
        self._found.calls.append(Call(step.address, state.depth, target, tail=False))
        if self._is_switch(target):
            self._table(state, step)
            return None
        left = self._net(target)
        self._note(state.depth + left)
        return state if left == 0 else state._replace(depth=state.depth + left)

    def _call_register(self, state: _State, step: Step) -> _State | None:
        value = self._slicer.before(step.address, step.register or "")
        if value.kind is Kind.CONSTANT:
            return self._call(state, step, self._pointer(value.number + step.amount))
        self._found.indirect.append(IndirectCall(step.address, state.depth, False, value))
        return state

    def _jump(self, state: _State, step: Step, target: int) -> None:
        if self._function.start <= target < self._function.end:
            self._reach(target, state)
        else:
            self._found.calls.append(Call(step.address, state.depth, target, tail=True))

    def _jump_register(self, state: _State, step: Step) -> None:
        value = self._slicer.before(step.address, step.register or "")
        if value.kind is Kind.CONSTANT:
            self._jump(state, step, self._pointer(value.number + step.amount))
            return
        targets = self._switch_targets(value)
        for target in targets:
            self._reach(target, state)
        self._tables.append((step.address, state))
        if not targets:
            self._found.indirect.append(IndirectCall(step.address, state.depth, True, value))

    def _pointer(self, number: int) -> int:
        return number & self._program.isa.pointer_mask

    def _switch_targets(self, value: Value) -> list[int]:
        """The targets of a jump through a table of addresses inside this function.

        A table holds addresses, or distances from the table itself.
        """
        if value.kind is Kind.OFFSET:
            base, origin = value.number, value.number
        elif value.kind is Kind.LOADED and value.base and value.base.kind is Kind.OFFSET:
            base, origin = value.base.number + value.number, 0
        else:
            return []
        found: list[int] = []
        while len(found) < MAX_TABLE:
            word = self._program.elf.word(base + 4 * len(found))
            target = None if word is None else self._pointer(origin + word & 0xFFFFFFFF)
            if target is None or not self._function.start <= target < self._function.end:
                break
            found.append(target)
        return found

    def _table(self, state: _State, step: Step) -> None:
        """A jump through offsets behind the instruction (TBB, TBH, or a helper's table)."""
        width = {"tbb": 1, "tbh": 2}.get(step.register or "")
        targets = [] if width is None else self._offsets(step.address + 4, width)
        for target in targets:
            self._reach(target, state)
        self._tables.append((step.address, state))

    def _offsets(self, base: int, width: int) -> list[int]:
        """Targets of a table of forward halfword offsets, which ends where its first case is, or
        where code begins again by the mapping symbols: a loop's end may stand between the two."""
        found: list[int] = []
        nearest = self._function.end
        if base in self._body.gaps:
            nearest = min((first for first, _ in self._body.runs if first > base), default=nearest)
        at = base
        while at < nearest and len(found) < MAX_TABLE:
            raw = self._program.elf.read(at, width)
            if raw is None:
                break
            target = base + 2 * int.from_bytes(raw, "little")
            if not at + width <= target < self._function.end:
                break  # no case lies in the table itself
            nearest = min(nearest, target)
            found.append(target)
            at += width
        return found

    def _open_tables(self) -> bool:
        """Reaches all code that nothing else reaches, from the jumps whose targets are unknown."""
        copies = tuple(None for _ in self._copies)
        state = _State(max(state.depth for _, state in self._tables), copies)
        if len({s for _, s in self._tables}) == 1:
            state = self._tables[0][1]
        before = len(self._states)
        previous: Insn | None = None
        covered = self._covered()
        for insn in self._body.insns:
            broken = previous is None or previous.end != insn.address
            if previous is not None:
                ended = self._steps.get(previous.address)
                broken |= ended is not None and ended.flow in _ENDING and not ended.conditional
            if broken and insn.address not in covered and insn.mnemonic not in {"nop", ".byte"}:
                self._reach(insn.address, state)
            previous = insn
        return len(self._states) > before

    def _covered(self) -> set[int]:
        """Addresses of the instructions that the walk went through."""
        found: set[int] = set()
        insns, index = self._body.insns, self._body.index
        for start in self._states:
            position = index.get(start)
            while position is not None and position < len(insns):
                insn = insns[position]
                if insn.address in found:
                    break
                found.add(insn.address)
                step = self._steps.get(insn.address)
                if step is not None and step.flow in _ENDING and not step.conditional:
                    break
                position += 1
        return found

    def _move(self, state: _State, step: Step) -> _State:
        kind = step.sp
        if kind is Sp.ADD:
            return state._replace(depth=state.depth - step.amount)
        if kind is Sp.ALIGN:
            return state._replace(depth=state.depth + step.amount)
        if kind in {Sp.SUBTRACT, Sp.INCREASE}:
            value = self._slicer.before(step.address, step.source or "")
            if value.kind is not Kind.CONSTANT:
                self._problem("dynamic", step.address)
                return state
            amount = value.number - (1 << 32) if value.number >= 1 << 31 else value.number
            sign = 1 if kind is Sp.SUBTRACT else -1
            return state._replace(depth=state.depth + sign * amount)
        if kind is Sp.COPY:
            return self._restore(state, step)
        self._problem("sp", step.address)
        return state

    def _restore(self, state: _State, step: Step) -> _State:
        source = step.source or ""
        if source in self._copies:
            depth = state.copies[self._copies.index(source)]
            if depth == _DYNAMIC:
                self._problem("dynamic", step.address)
                return state
            if depth is not None:
                return state._replace(depth=depth - step.amount)
        constant = self._constant(step, source)
        if constant is not None:
            self._found.stack_top = constant
            return state._replace(depth=0)
        self._problem("sp", step.address)
        return state

    def _constant(self, step: Step, source: str) -> int | None:
        if source.startswith("="):
            return self._program.elf.word(int(source[1:], 0))
        if source.startswith("#"):
            return int(source[1:], 0)
        value = self._slicer.before(step.address, source)
        if value.kind is Kind.LOADED and value.base is not None and not value.number:
            base = value.base
            if base.kind is Kind.CONSTANT and base != UNKNOWN:
                return self._program.elf.word(base.number)
        return value.number + step.amount if value.kind is Kind.CONSTANT else None

    def _follow_copy(self, state: _State, insn: Insn) -> _State:
        """Keeps the tracked copies of the stack pointer up to date."""
        isa = self._program.isa
        copies = list(state.copies)
        for at, name in enumerate(self._copies):
            if name not in isa.written(insn):
                continue
            form, source, number = isa.form(insn, name)
            base: int | None = None
            if source == isa.stack:
                base = state.depth
            elif source in self._copies:
                base = state.copies[self._copies.index(source)]
            if base is None or base == _DYNAMIC:
                copies[at] = base if base == _DYNAMIC else self._if_dynamic(state, insn)
            elif form == "copy":
                copies[at] = base - number
            elif form == "align":
                copies[at] = base + number
            else:
                copies[at] = self._if_dynamic(state, insn)
        return state._replace(copies=tuple(copies))

    def _if_dynamic(self, state: _State, insn: Insn) -> int | None:
        """_DYNAMIC where an instruction computes with a copy of the stack pointer, else None."""
        known = {n for n, c in zip(self._copies, state.copies, strict=True) if c is not None}
        names = set(insn.operands.replace("[", " [").split(", ")[1:])
        names |= {insn.operands.split(", ")[0]} if len(names) == 1 else set()
        return _DYNAMIC if names & (known | {self._program.isa.stack}) else None

    def _note(self, depth: int) -> None:
        self._found.depth = max(self._found.depth, depth)

    def _problem(self, code: str, address: int) -> None:
        self._found.problems.append(Problem(code, address))


def _copies(program: Program, body: Body) -> tuple[tuple[str, ...], list[Insn]]:
    """Registers through which the stack pointer is restored, and the instructions writing them."""
    wanted = {s.source for s in body.steps if s.sp is Sp.COPY and s.source} - {None}
    names = {n for n in wanted if n is not None and n[:1] not in {"=", "#"}}
    if not names:
        return (), []
    isa = program.isa
    while True:
        more = set(names)
        writes = []
        for insn in body.insns:
            hit = [n for n in names if n in insn.operands and n in isa.written(insn)]
            if not hit:
                continue
            writes.append(insn)
            for name in hit:
                form, source, _ = isa.form(insn, name)
                if form in {"copy", "align", "sum", "difference"}:
                    more |= set(source.split()) - {isa.stack}
        if more == names or len(more) > 6:
            return tuple(sorted(names)), writes
        names = more

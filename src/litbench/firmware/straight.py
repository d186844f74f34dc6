"""The walk of an ordinary function in one pass, which is nearly all of them.

A compiler's function moves the stack pointer by constants, jumps to addresses, and is reached at
every point at one depth. Then one look at each step, in order of address, is enough. Whatever does
not fit (tables, registers, dynamic amounts, disagreeing depths, code reached only from behind)
is left to ``walk``, which follows every path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from litbench.firmware.functions import Body, Function
from litbench.firmware.step import Flow, Sp, Step
from litbench.firmware.summary import Call, Summary

_SIMPLE = {Flow.NEXT, Flow.JUMP, Flow.CALL, Flow.RETURN}


def walk(function: Function, body: Body, is_plain: Callable[[int], bool]) -> Summary | None:
    """The function's summary, or None where it takes more than one pass.

    ``is_plain`` tells of a callee that it comes back and leaves nothing on the stack.
    """
    marks = _marks(function, body, is_plain)
    return None if marks is None else _Pass(function, body, marks).run()


def _marks(
    function: Function, body: Body, is_plain: Callable[[int], bool]
) -> list[tuple[int, bool]] | None:
    """Sorted (address, whether data begins there rather than something jumps there)."""
    start, end = function.start, function.end
    targets = set()
    for step in body.steps:
        flow = step.flow
        if flow not in _SIMPLE or step.sp > Sp.ADD or step.register == "t0":
            return None
        if flow is Flow.JUMP and start <= (step.target or 0) < end:
            targets.add(step.target or 0)
        elif flow is Flow.CALL and not is_plain(step.target or 0):
            return None
    if not all(body.begins(target) for target in targets):
        return None
    return sorted([*((t, False) for t in targets), *((g, True) for g in body.gaps)])


class _Pass:
    """One pass over a function. ``live``: the code before comes to the present step."""

    def __init__(self, function: Function, body: Body, marks: list[tuple[int, bool]]) -> None:
        self._function = function
        self._body = body
        self._marks = marks
        self._depths: dict[int, int] = {}
        self._depth = 0
        self._live = True
        self._found = Summary(function.start)

    def run(self) -> Summary | None:
        """The summary, or None as soon as something does not fit."""
        mark, marks = 0, self._marks
        for step in self._body.steps:
            while mark < len(marks) and marks[mark][0] <= step.address:
                if not self._pass_mark(*marks[mark]):
                    return None
                mark += 1
            if self._live and not self._take(step):
                return None
        for rest in marks[mark:]:
            if not self._pass_mark(*rest):
                return None
        return self._finish()

    def _pass_mark(self, address: int, is_data: bool) -> bool:
        if is_data:
            self._live = False
            return True
        known = self._depths.get(address)
        if self._live:
            self._depths[address] = self._depth
            return known is None or known == self._depth
        if known is None:
            return False
        self._live, self._depth = True, known
        return True

    def _take(self, step: Step) -> bool:
        before = self._depth
        if step.sp is Sp.ADD:
            self._depth -= step.amount
            self._found.depth = max(self._found.depth, self._depth)
        flow = step.flow
        if flow is Flow.NEXT:
            return True
        if flow is Flow.CALL:
            self._found.calls.append(Call(step.address, self._depth, step.target or 0, tail=False))
            return True
        if flow is Flow.RETURN:
            self._found.returns.add(self._depth)
        elif not self._jump(step):
            return False
        self._live, self._depth = step.conditional, before
        return True

    def _jump(self, step: Step) -> bool:
        target = step.target or 0
        if not self._function.start <= target < self._function.end:
            self._found.calls.append(Call(step.address, self._depth, target, tail=True))
            return True
        if target > step.address:
            return self._depths.setdefault(target, self._depth) == self._depth
        if target == self._function.start:
            return self._depth == 0
        return self._depths.get(target) == self._depth

    def _finish(self) -> Summary | None:
        """The summary, unless control runs past the function's end other than from a call."""
        if self._live:
            steps, starts = self._body.steps, self._body.starts
            if not steps or steps[-1].address != starts[-1] or steps[-1].flow is not Flow.CALL:
                return None
        self._found.calls = _once(self._found.calls)
        return self._found


def _once(calls: Iterable[Call]) -> list[Call]:
    return sorted(set(calls))

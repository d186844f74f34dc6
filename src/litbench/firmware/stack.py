"""The worst case of the stack, per entry point, and what it rests on.

For every function, bound = the largest of its own depth and, for each call, the depth at the call
plus the callee's bound. Where functions call each other in a circle the bound of the circle is the
sum of its members' shares, each as often as it can be active at once. What a bound rests on is a
condition; a condition without an answer that leaves bytes out makes the bound unbounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from litbench.firmware.annotations import Annotations
from litbench.firmware.callgraph import CallGraph
from litbench.firmware.demangle import demangle, fold
from litbench.firmware.graphs import components, ring
from litbench.firmware.indirect import Candidates
from litbench.firmware.summary import IndirectCall, Problem
from litbench.firmware.vectors import Entry


class Verdict(StrEnum):
    """How far a bound can be trusted."""

    PROVEN = "proven"  # nothing is assumed, or every condition has the user's answer
    CONDITIONAL = "conditional"  # holds if the listed conditions do
    UNBOUNDED = "unbounded"  # something has no limit that could be found


@dataclass(frozen=True)
class Condition:
    """What a bound rests on. ``answer`` is the user's annotation, ``key`` how to write one.

    ``leaves_out``: without an answer, bytes are missing from the bound.
    """

    code: str
    function: int
    address: int
    message: str
    key: str
    leaves_out: bool = False
    answer: str = ""


@dataclass(frozen=True)
class Edge:
    """A call from ``depth`` bytes below the caller's entry. ``sure``: it is no mere candidate."""

    target: int
    depth: int
    address: int
    sure: bool = True
    tail: bool = False


@dataclass
class Node:
    """A function with the bytes it takes itself, the source of that figure, and its calls."""

    start: int
    own: int
    source: str
    edges: list[Edge] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)


@dataclass
class Bound:
    """The bytes below the entry of a function, and where the deepest chain goes next."""

    total: int
    next: Edge | None = None
    cycle: tuple[int, ...] = ()


@dataclass(frozen=True)
class Link:
    """One function of a chain, and how many bytes below its entry the next one begins."""

    function: int
    depth: int
    note: str = ""


@dataclass(frozen=True)
class EntryBound:
    """An entry's worst case. ``total`` leaves out what makes it unbounded."""

    entry: Entry
    total: int
    verdict: Verdict
    chain: tuple[Link, ...]
    conditions: tuple[Condition, ...]


class StackAnalysis:
    """The bounds of an image under a project's annotations."""

    def __init__(self, graph: CallGraph, annotations: Annotations | None = None) -> None:
        self.graph = graph
        self.annotations = annotations or Annotations()
        self._names: dict[int, tuple[str, ...]] = {}
        self.calls: list[tuple[int, IndirectCall, Candidates]] = []
        self.nodes = {start: self._node(start) for start in sorted(graph.summaries)}
        self.bounds: dict[int, Bound] = {}
        self.compute()

    def name(self, start: int) -> str:
        """A function's readable name."""
        return self.names(start)[-1]

    def names(self, start: int) -> tuple[str, ...]:
        """All names that an annotation may use for a function, the readable one last."""
        found = self._names.get(start)
        if found is None:
            if start in self.graph.program:
                function = self.graph.program[start]
                raw = function.names or (function.name,)
            else:
                raw = (f"<{start:#x}>",)
            if len(raw) == 1 and raw[0][:1] != "_":  # neither mangled nor with an alias
                self._names[start] = raw
                return raw
            readable = [demangle(n) for n in raw]
            folded = [fold(n) for n in readable]
            found = (*dict.fromkeys([*raw, *folded, *readable[1:], readable[0]]),)
            if found[-1] != readable[0]:
                found = (*(n for n in found if n != readable[0]), readable[0])
            self._names[start] = found
        return found

    def entry(self, entry: Entry) -> EntryBound:
        """The worst case of one entry point."""
        bound = self.bounds.get(entry.start)
        if bound is None:
            text = f"{entry.name} at {entry.start:#x} is not code of this image"
            gap = Condition("outside", entry.start, entry.start, text, "", leaves_out=True)
            return EntryBound(entry, 0, Verdict.UNBOUNDED, (), (gap,))
        conditions = tuple(self._conditions(entry.start))
        return EntryBound(
            entry, bound.total, verdict_of(conditions), self._chain(entry.start), conditions
        )

    def reachable(self, start: int) -> list[int]:
        """Every function that an entry may reach, itself included, in the order found."""
        seen = {start: None}
        work = [start]
        while work:
            for edge in self.nodes[work.pop()].edges:
                if edge.target not in seen and edge.target in self.nodes:
                    seen[edge.target] = None
                    work.append(edge.target)
        return list(seen)

    def _conditions(self, start: int) -> Iterator[Condition]:
        for function in self.reachable(start):
            yield from self.nodes[function].conditions

    # -- functions ---------------------------------------------------------------------------

    def _node(self, start: int) -> Node:
        summary = self.graph.summaries[start]
        declared, source = self.graph.declared.get(start, (0, ""))
        own = max(summary.depth, declared)
        source = source if declared == own and source else "code"
        answered = self.annotations.lookup(self.annotations.frame, self.names(start))
        if answered is not None and answered > own:
            own, source = answered, "annotation"
        node = Node(start, own, source)
        shift = own - summary.depth
        for call in summary.calls:
            self._direct(node, call.target, call.depth + shift, call.address, tail=call.tail)
        for indirect in summary.indirect:
            self._indirect(node, indirect, shift)
        node.conditions += [self._problem(start, p, answered) for p in summary.problems]
        return node

    def _direct(self, node: Node, target: int, depth: int, address: int, *, tail: bool) -> None:
        if target in self.graph.summaries:
            node.edges.append(Edge(target, depth, address, tail=tail))
            return
        if target == 0:
            return  # a weak symbol that nothing defines: the code tests it before it calls it
        names = (f"<{target:#x}>", *self._symbol_names(target))
        answer = self.annotations.lookup(self.annotations.frame, names)
        if answer is not None:
            node.own = max(node.own, depth + answer)
        text = f"{self.name(node.start)} calls {names[-1]}, which is not code of this image"
        node.conditions.append(
            Condition(
                "outside", node.start, address, text, f'stack.frame."{names[0]}" = BYTES',
                leaves_out=True, answer="" if answer is None else f"{answer} bytes",
            )
        )  # fmt: skip

    def _symbol_names(self, address: int) -> list[str]:
        return [s.name for s in self.graph.elf.symbols if s.value & ~1 == address]

    def _indirect(self, node: Node, call: IndirectCall, shift: int) -> None:
        wanted = self.annotations.lookup(self.annotations.calls, self.names(node.start))
        found = self.graph.addresses.candidates(call.value, node.start)
        sure = found.resolved
        answer = ""
        if wanted is not None and not sure:
            found = Candidates(self._named(wanted), True, "annotation")
            answer, sure = ", ".join(wanted) or "nothing", True
        elif self.annotations.closed and not sure and not found.open:
            answer = "closed image"
        self.calls.append((node.start, call, found))
        depth = call.depth + shift
        for target in found.targets:
            if target in self.graph.summaries:
                edge = Edge(target, depth, call.address, sure=sure, tail=call.tail)
                node.edges.append(edge)
        if found.resolved and not answer:
            return
        count = len(found.targets)
        why = "; ".join(filter(None, (found.reason, found.open)))
        text = f"{self.name(node.start)} calls through a pointer: {count} candidates ({why})"
        key = f'stack.calls."{self.name(node.start)}" = [FUNCTION, ...]'
        node.conditions.append(
            Condition(
                "indirect", node.start, call.address, text,
                key if found.open else f"{key}, or stack.closed = true",
                leaves_out=not count, answer=answer,
            )
        )  # fmt: skip

    def _named(self, patterns: list[str]) -> tuple[int, ...]:
        """Functions named by an annotation; one that names none is a mistake."""
        from litbench.errors import UsageError

        found: set[int] = set()
        for pattern in patterns:
            hits = {
                start
                for start in self.graph.summaries
                if self.annotations.lookup({pattern: 1}, self.names(start)) is not None
            }
            if not hits:
                raise UsageError(f"firmware.stack.calls: no function is named {pattern!r}")
            found |= hits
        return tuple(sorted(found))

    def _problem(self, start: int, problem: Problem, frame: int | None) -> Condition:
        name = self.name(start)
        texts = {
            "dynamic": f"{name} takes an amount of stack that only the run knows (alloca, a"
            " variable-length array)",
            "sp": f"{name} gives the stack pointer a new value (another stack is assumed)",
            "undecoded": f"{name} holds bytes that are no instruction known here",
            "grows": f"{name} takes more stack with every turn of a loop",
        }
        return Condition(
            problem.code, start, problem.address, texts[problem.code],
            f'stack.frame."{name}" = BYTES', leaves_out=problem.code != "sp",
            answer="" if frame is None else f"{frame} bytes",
        )  # fmt: skip

    # -- bounds ------------------------------------------------------------------------------

    def compute(self) -> None:
        """The bounds of all functions from their nodes, callees first."""
        targets = {n: [e.target for e in node.edges] for n, node in self.nodes.items()}
        self.bounds = {}
        for component in components(targets):
            self._bound(component)

    def _bound(self, component: list[int]) -> None:
        members = set(component)
        inside = [e for n in component for e in self.nodes[n].edges if e.target in members]
        if not inside:
            self.bounds[component[0]] = self._leaf(component[0], members)
            return
        counts = self._counts(component, members)
        shares = {
            n: max((e.depth for e in self.nodes[n].edges if e.target in members), default=0)
            for n in component
        }
        ring = sum(counts[n] * shares[n] for n in component)
        leaves = {n: self._leaf(n, members) for n in component}
        last = max(component, key=lambda n: leaves[n].total - shares[n])
        total = ring + max(0, leaves[last].total - shares[last])
        cycle = (*component,)
        for n in component:
            self.bounds[n] = Bound(total, leaves[last].next, cycle)

    def _leaf(self, start: int, members: set[int]) -> Bound:
        """The bound of a function through calls that leave its circle."""
        best = Bound(self.nodes[start].own)
        for edge in self.nodes[start].edges:
            if edge.target in members:
                continue
            total = edge.depth + self.bounds[edge.target].total
            if total > best.total or (total == best.total and best.next is None):
                best = Bound(total, edge)
        return best

    def _counts(self, component: list[int], members: set[int]) -> dict[int, int]:
        """How often each function of a circle can be active at once, with what that rests on."""
        limits = {}
        for n in component:
            limit = self.annotations.lookup(self.annotations.recursion, self.names(n))
            if limit is not None:
                limits[n] = limit
        certain = {
            n: [e.target for e in self.nodes[n].edges if e.sure and e.target in members]
            for n in component
        }
        open_ring = ring({n: e for n, e in certain.items() if n not in limits})
        direct = ring(certain)
        self._recursion(component, limits, direct, open_ring)
        others = sum(limits.values()) + 1 if limits else 1
        return {n: limits.get(n, others) for n in component}

    def _recursion(
        self, component: list[int], limits: dict[int, int], direct: list[int], open_ring: list[int]
    ) -> None:
        if direct:
            shown = open_ring or direct
            names = " -> ".join(self.name(n) for n in [*shown, shown[0]])
            answer = (
                "" if open_ring else ", ".join(f"{self.name(n)} {t}" for n, t in limits.items())
            )
            text = f"recursion: {names}"
        else:
            shown = component
            names = ", ".join(self.name(n) for n in shown[:6])
            more = f" and {len(shown) - 6} more" if len(shown) > 6 else ""
            answer = self._broken_by(component, limits)
            text = f"none of {names}{more} calls itself again through a pointer"
        condition = Condition(
            "recursion" if direct else "reentry", shown[0], shown[0], text,
            f'stack.recursion."{self.name(shown[0])}" = TIMES', leaves_out=bool(direct),
            answer=answer,
        )  # fmt: skip
        self.nodes[component[0]].conditions.append(condition)

    def _broken_by(self, component: list[int], limits: dict[int, int]) -> str:
        """The limits, if every circle of a component goes through a function that has one."""
        rest = {n: [e.target for e in self.nodes[n].edges] for n in component if n not in limits}
        if ring(rest):
            return ""
        return ", ".join(f"{self.name(n)} {times}" for n, times in limits.items())

    def _chain(self, start: int) -> tuple[Link, ...]:
        """The deepest chain of calls from a function."""
        links: list[Link] = []
        depth, at = 0, start
        seen: set[int] = set()
        while at not in seen:
            seen.add(at)
            bound = self.bounds[at]
            note = self._note(bound)
            links.append(Link(at, depth, note))
            if bound.next is None:
                break
            depth += self._ring_bytes(bound) if bound.cycle else bound.next.depth
            at = bound.next.target
        return tuple(links)

    def _note(self, bound: Bound) -> str:
        if not bound.cycle:
            return ""
        others = len(bound.cycle) - 1
        return f"in a circle of {others + 1} functions" if others else "calls itself"

    def _ring_bytes(self, bound: Bound) -> int:
        assert bound.next is not None
        return bound.total - self.bounds[bound.next.target].total


def verdict_of(conditions: tuple[Condition, ...]) -> Verdict:
    """The verdict that a bound's conditions leave."""
    unanswered = [c for c in conditions if not c.answer]
    if any(c.leaves_out for c in unanswered):
        return Verdict.UNBOUNDED
    return Verdict.CONDITIONAL if unanswered else Verdict.PROVEN

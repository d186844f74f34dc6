"""Circles in graphs of calls: nodes are addresses, edges lists of targets."""

from __future__ import annotations


def ring(edges: dict[int, list[int]]) -> list[int]:
    """One circle of a small graph, in calling order; empty where there is none."""
    state: dict[int, int] = {}
    for root, first in edges.items():
        if root in state:
            continue
        path: list[int] = []
        work = [(root, iter(first))]
        state[root] = 1
        path.append(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in edges:
                    continue
                if state.get(target) == 1:
                    return path[path.index(target) :]
                if target not in state:
                    state[target] = 1
                    path.append(target)
                    work.append((target, iter(edges[target])))
                    break
            else:
                state[node] = 2
                path.pop()
                work.pop()
    return []


def components(edges: dict[int, list[int]]) -> list[list[int]]:
    """Strongly connected components, callees first (Tarjan, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root, first in edges.items():
        if root in index:
            continue
        work = [(root, iter(first))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(edges[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    found.append(_pop_component(node, stack, on_stack))
    return found


def _pop_component(node: int, stack: list[int], on_stack: set[int]) -> list[int]:
    component = []
    while True:
        member = stack.pop()
        on_stack.discard(member)
        component.append(member)
        if member == node:
            return component[::-1]

"""Small parameters: enough to see whether an adapter does a workload right, in milliseconds."""

from __future__ import annotations

from litbench.catalogue.definition import Values

SMALL: dict[str, Values] = {
    "ping-pong": {"rounds": 50},
    "counting": {"messages": 100},
    "fan-in": {"senders": 4, "messages": 25},
    "fan-out": {"receivers": 4, "messages": 25},
    "thread-ring": {"actors": 5, "hops": 63},
    "skynet": {"levels": 2},
    "mass-spawn": {"actors": 50},
    "mailbox-fill": {"messages": 50},
    "isolated-latency": {"rounds": 50},
    "pipelined-ping-pong": {"pairs": 2, "rounds": 50, "window": 8},
    "fork-join-throughput": {"actors": 4, "messages": 25},
    "fork-join-create": {"actors": 50},
    "star": {"spokes": 5, "rounds": 10},
    "pipeline": {"stages": 4, "messages": 50},
    "big": {"actors": 6, "pings": 20},
    "chameneos": {"creatures": 5, "meetings": 40},
    "bounded-buffer": {"producers": 3, "consumers": 4, "items": 20, "buffer": 5},
    "dictionary": {"workers": 3, "requests": 40},
    "banking": {"accounts": 10, "transfers": 60, "window": 7},
    "loaded-latency": {"milliseconds": 20},
    "isolation": {"actors": 3, "messages": 200, "burns": 3, "burn_us": 500},
    "supervision": {"crashes": 30, "children": 3},
    "failure-injection": {"messages": 200},
    "churn": {"actors": 4, "messages": 300, "keep": 8},
    "soak": {"senders": 3, "messages": 50},
    "mailbox-full": {"messages": 205, "burst": 30},
    "restart": {"crashes": 20, "messages": 7},
    "interrupt-latency": {"samples": 10},
    "task-time": {"samples": 10},
    "heap-flood": {"messages": 200},
    "idle": {"samples": 10},
    "known-answers": {"ticks": 10},
    "spawn-limit": {},
}

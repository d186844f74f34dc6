"""Checks a trace by the rules of the Trace Event Format, as Perfetto reads them.

"Trace Event Format" (Google, the document that ``boards/timeline.py`` names): phases and what each
must have, times per track, begins and ends, counters, metadata. Slices of a track must nest:
Perfetto's importer drops what overlaps in part.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

_Event = dict[str, Any]
_Track = tuple[int, int]

NAMES = {"process_name", "process_labels", "thread_name"}
ORDERS = {"process_sort_index", "thread_sort_index"}
PHASES = set("BEXiCM")  # those that litbench may write


def violations(trace: object) -> list[str]:
    """What is wrong with a trace; empty where nothing is."""
    if not isinstance(trace, dict) or not isinstance(trace.get("traceEvents"), list):
        return ["no list of traceEvents"]
    events = trace["traceEvents"]
    found = [text for event in events for text in _of_event(event)]
    if trace.get("displayTimeUnit") not in {"ms", "ns"}:
        found.append("displayTimeUnit is ms or ns")
    if not isinstance(trace.get("otherData", {}), dict):
        found.append("otherData is an object")
    return found or [*_of_tracks(events), *_of_metadata(events)]


def _of_event(event: object) -> Iterator[str]:
    if not isinstance(event, dict) or event.get("ph") not in PHASES:
        yield f"no phase: {event}"
        return
    phase = event["ph"]
    if not isinstance(event.get("name"), str) or not event["name"]:
        yield f"no name: {event}"
    if not _is_integer(event.get("pid")):
        yield f"no pid: {event}"
    if phase not in "CM" and not _is_integer(event.get("tid")):
        yield f"no tid: {event}"
    if phase != "M" and not _is_time(event.get("ts")):
        yield f"no time: {event}"
    yield from _of_phase(phase, event)


def _of_phase(phase: str, event: _Event) -> Iterator[str]:
    arguments = event.get("args", {})
    if not isinstance(arguments, dict):
        yield f"args is no object: {event}"
    elif phase == "X" and not _is_time(event.get("dur")):
        yield f"no duration: {event}"
    elif phase == "i" and event.get("s", "t") not in set("gpt"):
        yield f"no scope: {event}"
    elif phase == "C" and not (arguments and all(map(_is_number, arguments.values()))):
        yield f"a counter without numbers: {event}"
    elif phase == "M":
        name = event.get("name")
        named = name in NAMES and isinstance(arguments.get("name"), str)
        ordered = name in ORDERS and _is_integer(arguments.get("sort_index"))
        if not (named or ordered):
            yield f"unknown metadata: {event}"
        if str(name).startswith("thread") and not _is_integer(event.get("tid")):
            yield f"no tid: {event}"


def _of_tracks(events: list[_Event]) -> Iterator[str]:
    tracks: dict[_Track, list[_Event]] = defaultdict(list)
    counters: dict[tuple[int, str], list[_Event]] = defaultdict(list)
    for event in events:
        if event["ph"] == "C":
            counters[event["pid"], event["name"]].append(event)
        elif event["ph"] != "M":
            tracks[event["pid"], event["tid"]].append(event)
    for place, found in [*tracks.items(), *counters.items()]:
        times = [event["ts"] for event in found]
        if times != sorted(times):
            yield f"time goes back on {place}"
    for track, found in tracks.items():
        yield from _of_slices(track, found)


def _of_slices(track: _Track, events: list[_Event]) -> Iterator[str]:
    """Begins and ends pair like brackets; whole slices lie within or beside each other."""
    open_names: list[str] = []
    ends: list[int] = []
    for event in events:
        if event["ph"] == "B":
            open_names.append(event["name"])
        elif event["ph"] == "E" and (not open_names or open_names.pop() != event["name"]):
            yield f"an end without its begin on {track}: {event}"
        elif event["ph"] == "X":
            start = _nanoseconds(event["ts"])
            end = start + _nanoseconds(event["dur"])
            while ends and ends[-1] <= start:
                ends.pop()
            if ends and end > ends[-1]:
                yield f"slices overlap on {track}: {event}"
            ends.append(end)
    if open_names:
        yield f"begins without an end on {track}: {open_names}"


def _of_metadata(events: list[_Event]) -> Iterator[str]:
    """Every process and thread that something happens on has one name."""
    named = Counter(
        (e["name"], e["pid"], e.get("tid") if e["name"] == "thread_name" else None)
        for e in events
        if e["ph"] == "M"
    )
    yield from (f"named more than once: {key}" for key, count in named.items() if count > 1)
    for event in events:
        if event["ph"] == "M":
            continue
        if not named["process_name", event["pid"], None]:
            yield f"a process without a name: {event}"
        if event["ph"] != "C" and not named["thread_name", event["pid"], event["tid"]]:
            yield f"a thread without a name: {event}"


def _nanoseconds(microseconds: float) -> int:
    return round(microseconds * 1000)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_time(value: object) -> bool:
    return _is_number(value) and value >= 0  # type: ignore[operator]

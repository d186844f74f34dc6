"""The shape of every protocol message, and a strict parser for both directions.

``adapters/PROTOCOL.md`` has them in words, ``adapters/vectors`` as examples.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn

from litbench_adapter.histogram import bucket

PROTOCOL = 1
LINE_LIMIT = 1 << 20
U64 = (1 << 64) - 1
UNITS = (
    "ns", "cycles", "instructions", "bytes", "messages", "actors", "count", "ratio", "joules",
    "hertz",
)  # fmt: skip
MEASURES = ("throughput", "latency", "memory")

Check = Callable[[Any, str], None]
Message = dict[str, Any]


class ProtocolError(Exception):
    """A line is no message of the protocol. The text names the field and what is wrong with it."""


def _refuse(where: str, problem: str) -> NoReturn:
    raise ProtocolError(f"{where}: {problem}")


def _integer(least: int = 0, most: int = U64) -> Check:
    def check(value: Any, where: str) -> None:
        if type(value) is not int:
            _refuse(where, "is not an integer")
        if not least <= value <= most:
            _refuse(where, f"is out of range ({least} to {most})")

    return check


def _number(value: Any, where: str) -> None:
    if type(value) not in {int, float}:
        _refuse(where, "is not a number")
    if not math.isfinite(value):
        _refuse(where, "is not finite")


def _positive(value: Any, where: str) -> None:
    _number(value, where)
    if value < 0:
        _refuse(where, "is negative")


def _text(*choices: str) -> Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, str):
            _refuse(where, "is not a string")
        if choices and value not in choices:
            _refuse(where, f"is {value!r}, not one of {', '.join(choices)}")

    return check


def _boolean(value: Any, where: str) -> None:
    if not isinstance(value, bool):
        _refuse(where, "is not true or false")


def _array(item: Check) -> Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, list):
            _refuse(where, "is not an array")
        for index, each in enumerate(value):
            item(each, f"{where}[{index}]")

    return check


def _mapping(item: Check) -> Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            _refuse(where, "is not an object")
        for name, each in value.items():
            item(each, f"{where}.{name}")

    return check


def _object(required: dict[str, Check], optional: dict[str, Check], *, closed: bool) -> Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            _refuse(where, "is not an object")
        for name in required:
            if name not in value:
                _refuse(f"{where}.{name}", "is missing")
        for name, each in value.items():
            rule = required.get(name) or optional.get(name)
            if rule is not None:
                rule(each, f"{where}.{name}")
            elif closed:
                _refuse(f"{where}.{name}", "is not a field of this message")

    return check


def _buckets(value: Any, where: str) -> None:
    _array(_array(_integer()))(value, where)
    last = -1
    for index, pair in enumerate(value):
        if len(pair) != 2:
            _refuse(f"{where}[{index}]", "is not a pair")
        lowest, count = pair
        if bucket(lowest) != lowest:
            _refuse(f"{where}[{index}]", f"{lowest} has more than 11 significant bits")
        if lowest <= last:
            _refuse(f"{where}[{index}]", "is not in ascending order")
        if count == 0:
            _refuse(f"{where}[{index}]", "has a count of zero")
        last = lowest


def _job(required: dict[str, Check]) -> Check:
    return _object({"type": _text(), **required}, {}, closed=False)


def _answer(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    return _object({"type": _text(), **required}, optional or {}, closed=True)


def _closed(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    return _object(required, optional or {}, closed=True)


_VERSION = _integer(PROTOCOL, PROTOCOL)

TO_ADAPTER: dict[str, Check] = {
    "job": _job(
        {
            "protocol": _VERSION,
            "workload": _text(),
            "version": _integer(1),
            "parameters": _mapping(_integer()),
            "measure": _text(*MEASURES),
            "iterations": _integer(1),
            "time_limit_ns": _integer(1),
            "threads": _integer(1),
            "seed": _integer(),
            "count_allocations": _boolean,
        }
    ),
    "go": _job({}),
    "report": _job({}),
}

FROM_ADAPTER: dict[str, Check] = {
    "ready": _answer(
        {
            "protocol": _VERSION,
            "clock": _closed(
                {
                    "name": _text(),
                    "unit": _text("ns", "cycles", "instructions"),
                    "cost": _positive,
                    "resolution": _positive,
                }
            ),
            "specification": _closed(
                {
                    "actors": _integer(),
                    "messages": _integer(),
                    "message_bytes": _integer(),
                    "in_flight": _integer(),
                    "mailbox": _integer(),
                    "threads": _integer(1),
                    "driver": _text("worker", "block_on"),
                    "batch": _integer(1),
                    "policy": _text(),
                }
            ),
        }
    ),
    "iteration": _answer(
        {
            "index": _integer(),
            "start": _integer(),
            "end": _integer(),
            "ledger": _closed(
                dict.fromkeys(("sent", "handled", "dropped", "errored", "pending"), _integer())
            ),
            "checks": _mapping(_integer()),
        }
    ),
    "finish": _answer({"iterations": _integer(1)}),
    "histogram": _answer({"name": _text(), "unit": _text(*UNITS), "counts": _buckets}),
    "metric": _answer({"name": _text(), "unit": _text(*UNITS), "values": _array(_number)}),
    "end": _answer({}),
    "error": _answer({"code": _text(), "message": _text()}),
}

DESCRIPTION = _closed(
    {
        "protocol": _VERSION,
        "target": _text(),
        "version": _text(),
        "language": _text(),
        "runtime": _text(),
        "runtime_version": _text(),
        "threads": _closed({"least": _integer(1), "most": _integer(1)}),
        "workloads": _array(
            _closed(
                {
                    "name": _text(),
                    "version": _integer(1),
                    "measures": _array(_text(*MEASURES)),
                },
                {
                    "limits": _mapping(_integer()),
                    "because": _text(),
                    "differences": _array(_text()),
                },
            )
        ),
    },
    {"missing": _array(_closed({"name": _text(), "because": _text()}))},
)


def parse(line: bytes, messages: dict[str, Check]) -> Message:
    """The message in one line (with or without its line feed).

    ``messages`` is TO_ADAPTER or FROM_ADAPTER. Raises ProtocolError for anything else.
    """
    message = _decode(line)
    name = message.get("type")
    if not isinstance(name, str) or name not in messages:
        raise ProtocolError(f"type: {name!r} is not one of {', '.join(messages)}")
    messages[name](message, name)
    return message


def parse_description(document: bytes) -> Message:
    """The object that ``describe`` prints. Raises ProtocolError when it is not one."""
    message = _decode(document)
    DESCRIPTION(message, "describe")
    return message


def _decode(line: bytes) -> Message:
    if len(line) > LINE_LIMIT:
        raise ProtocolError(f"a line of {len(line)} bytes is over the limit of {LINE_LIMIT}")
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise ProtocolError(f"not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise ProtocolError("nested too deeply") from error
    except ValueError as error:
        raise ProtocolError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ProtocolError("not a JSON object")
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")

"""The vectors: litbench's own protocol and the Python library obey them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from litbench import protocol
from litbench_adapter import Fold, Histogram, schema
from tests.adapters.driver import ROOT

FOLDER = ROOT / "adapters" / "vectors"

Vector = dict[str, Any]

LIBRARY: dict[str, Callable[[bytes], object]] = {
    "to-adapter": lambda line: schema.parse(line, schema.TO_ADAPTER),
    "from-adapter": lambda line: schema.parse(line, schema.FROM_ADAPTER),
    "describe": schema.parse_description,
}
HARNESS: dict[str, Callable[[bytes], object]] = {
    "from-adapter": protocol.decode_line,
    "describe": protocol.decode_description,
}


def vectors(name: str) -> list[Vector]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def named(vector: Vector) -> str:
    return f"{vector['channel']}: {vector['name']}"


def bytes_of(vector: Vector) -> bytes:
    if "hex" in vector:
        return bytes.fromhex(vector["hex"])
    if "parts" in vector:
        return "".join(text * times for text, times in vector["parts"]).encode()
    line: str = vector["line"]
    return line.encode()


VALID = vectors("valid.jsonl")
MALFORMED = vectors("malformed.jsonl")


@pytest.mark.parametrize("vector", VALID, ids=named)
def test_the_library_accepts_every_valid_message(vector: Vector) -> None:
    LIBRARY[vector["channel"]](bytes_of(vector))


@pytest.mark.parametrize("vector", MALFORMED, ids=named)
def test_the_library_refuses_every_malformed_line(vector: Vector) -> None:
    with pytest.raises(schema.ProtocolError):
        LIBRARY[vector["channel"]](bytes_of(vector))


@pytest.mark.parametrize("vector", [v for v in VALID if v["channel"] in HARNESS], ids=named)
def test_litbench_accepts_every_valid_message(vector: Vector) -> None:
    HARNESS[vector["channel"]](bytes_of(vector))


@pytest.mark.parametrize(
    "vector",
    [v for v in MALFORMED if v["channel"] in HARNESS and v["layer"] != "content"],
    ids=named,
)
def test_litbench_refuses_every_malformed_line(vector: Vector) -> None:
    with pytest.raises(protocol.ProtocolError):
        HARNESS[vector["channel"]](bytes_of(vector))


def test_a_refusal_names_the_field() -> None:
    line = b'{"type":"finish","iterations":"20"}'
    with pytest.raises(schema.ProtocolError, match=r"^finish\.iterations: is not an integer$"):
        schema.parse(line, schema.FROM_ADAPTER)


def test_the_vectors_cover_every_message_and_every_field() -> None:
    for messages, channel in (
        (schema.TO_ADAPTER, "to-adapter"),
        (schema.FROM_ADAPTER, "from-adapter"),
    ):
        accepted = {json.loads(bytes_of(v))["type"] for v in VALID if v["channel"] == channel}
        assert accepted == set(messages)
    missing = {v["name"] for v in MALFORMED if " without " in v["name"]}
    for vector in VALID:
        if vector["name"] in schema.FROM_ADAPTER:
            for name in set(json.loads(vector["line"])) - {"type"}:
                assert f"{vector['name']} without {name}" in missing


@pytest.mark.parametrize("vector", vectors("buckets.jsonl"))
def test_histograms(vector: Vector) -> None:
    histogram = Histogram()
    histogram.record_all(vector["values"])
    assert [list(pair) for pair in histogram.pairs()] == vector["counts"]


@pytest.mark.parametrize("vector", vectors("folds.jsonl"))
def test_folds(vector: Vector) -> None:
    fold = Fold()
    for value in vector["values"]:
        fold.add(value)
    assert (fold.order, fold.sum) == (vector["order"], vector["sum"])
    assert fold.count == len(vector["values"])

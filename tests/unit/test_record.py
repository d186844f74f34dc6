from __future__ import annotations

import msgspec
import pytest

from litbench.errors import InputError
from litbench.record import (
    FORMAT,
    Histogram,
    Iteration,
    Kind,
    Ledger,
    Record,
    Status,
    Subject,
    Workload,
    decode,
    encode,
    new_id,
)
from litbench.units import Unit


def a_record(**changes: object) -> Record:
    record = Record(
        id="0",
        session="s",
        kind=Kind.BENCHMARK,
        started="2026-01-01T00:00:00.000+00:00",
        subject=Subject(name="t"),
        workload=Workload(name="w", parameters={"n": 1}),
        status=Status.VALID,
        iterations=(
            Iteration(start=1, end=5, ledger=Ledger(sent=1, handled=1), checks={"a": 2**64 - 1}),
        ),
        histograms=(Histogram(name="h", unit=Unit.NS, counts=((1, 2), (3, 4))),),
    )
    return msgspec.structs.replace(record, **changes)


def test_a_record_survives_the_wire() -> None:
    assert decode(encode(a_record())) == a_record()


def test_a_record_is_immutable() -> None:
    with pytest.raises(AttributeError):
        a_record().id = "1"  # type: ignore[misc]


def test_a_newer_format_says_to_upgrade() -> None:
    data = encode(a_record(format=FORMAT + 1))
    with pytest.raises(InputError, match=r"here: record format .* upgrade litbench"):
        decode(data, source="here")


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"format":1}', b"\xff", b'{"format":1,"x":2}']
)
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        decode(data)


def test_a_ledger_balances_when_every_fate_is_declared() -> None:
    assert Ledger(sent=5, handled=2, dropped=1, errored=1, pending=1).balances
    assert not Ledger(sent=5, handled=4).balances


def test_identifiers_sort_by_time_and_never_repeat() -> None:
    many = [new_id() for _ in range(1000)]
    assert len(set(many)) == 1000
    assert many[0][:12] <= many[-1][:12]

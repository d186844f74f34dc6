"""The messages between litbench and an adapter (``adapters/PROTOCOL.md``), typed and bounded."""

from __future__ import annotations

from typing import Annotated

import msgspec

from litbench.record import Clock, Ledger, Measure, Part, Specification
from litbench.units import Unit

VERSION = 1
Word = Annotated[int, msgspec.Meta(ge=0)]
LINE_LIMIT = 1 << 20
CHANNEL_LIMIT = 16 << 20
OUTPUT_LIMIT = 16 << 20
DESCRIPTOR_VARIABLE = "LITBENCH_FD"


class ProtocolError(Exception):
    """An adapter broke the protocol: ``code`` names how, the text says it for people."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class Job(Part, frozen=True, tag_field="type", tag="job"):
    """What a run is to do."""

    workload: str
    version: int
    parameters: dict[str, int]
    measure: Measure
    iterations: int
    time_limit_ns: int
    threads: int
    seed: int
    protocol: int = VERSION
    count_allocations: bool = False


class Go(Part, frozen=True, tag_field="type", tag="go"):
    """The instruments are on: begin."""


class Report(Part, frozen=True, tag_field="type", tag="report"):
    """The instruments are off: send what was recorded."""


class Ready(Part, frozen=True, tag_field="type", tag="ready"):
    """The adapter is set up, with this clock, and will do this."""

    protocol: int
    clock: Clock
    specification: Specification


class IterationDone(Part, frozen=True, tag_field="type", tag="iteration"):
    """One iteration is over."""

    index: int
    start: int
    end: int
    ledger: Ledger
    checks: dict[str, Word]


class Finish(Part, frozen=True, tag_field="type", tag="finish"):
    """The measured part is over."""

    iterations: int


class HistogramMessage(Part, frozen=True, tag_field="type", tag="histogram"):
    """A histogram over all iterations."""

    name: str
    unit: Unit
    counts: tuple[tuple[int, int], ...]


class MetricMessage(Part, frozen=True, tag_field="type", tag="metric"):
    """Raw samples, in iteration order."""

    name: str
    unit: Unit
    values: tuple[int | float, ...]


class End(Part, frozen=True, tag_field="type", tag="end"):
    """A good run is over."""


class Failure(Part, frozen=True, tag_field="type", tag="error"):
    """A run that the adapter itself gives up."""

    code: str
    message: str


FromAdapter = Ready | IterationDone | Finish | HistogramMessage | MetricMessage | End | Failure
ToAdapter = Job | Go | Report


class Threads(Part, frozen=True):
    """How many worker threads a target can be given."""

    least: int
    most: int


class Ability(Part, frozen=True):
    """A workload that a target has, and how far."""

    name: str
    version: int
    measures: tuple[Measure, ...]
    limits: dict[str, int] = msgspec.field(default_factory=dict)
    because: str = ""
    differences: tuple[str, ...] = ()


class Missing(Part, frozen=True):
    """A workload that a target cannot do, and why."""

    name: str
    because: str


class Description(Part, frozen=True):
    """What ``ADAPTER describe`` prints."""

    protocol: int
    target: str
    version: str
    language: str
    runtime: str
    runtime_version: str
    threads: Threads
    workloads: tuple[Ability, ...]
    missing: tuple[Missing, ...] = ()

    def ability(self, workload: str) -> Ability | None:
        """What the target can do of a workload, or None."""
        return next((a for a in self.workloads if a.name == workload), None)


_from_adapter = msgspec.json.Decoder(FromAdapter)
_description = msgspec.json.Decoder(Description)
_peek = msgspec.json.Decoder(dict[str, object])


def encode_line(message: ToAdapter) -> bytes:
    """One line of the protocol."""
    return msgspec.json.encode(message) + b"\n"


def decode_line(line: bytes) -> FromAdapter:
    """The message in one line of an adapter's.

    Raises ProtocolError: ``protocol-version`` when it speaks another version, else
    ``malformed-line`` with what is wrong and where.
    """
    if len(line) > LINE_LIMIT:
        raise ProtocolError("line-too-long", f"a line of more than {LINE_LIMIT:,} bytes")
    try:
        message: FromAdapter = _from_adapter.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _raise_if_other_version(line)
        shown = line[:80].decode("utf-8", "backslashreplace")
        raise ProtocolError("malformed-line", f"{error}: {shown!r}") from error
    return message


def decode_description(data: bytes) -> Description:
    """What an adapter's ``describe`` printed. Raises ProtocolError."""
    try:
        description = _description.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _raise_if_other_version(data)
        raise ProtocolError("malformed-description", f"describe: {error}") from error
    check_version(description.protocol)
    return description


def check_version(version: int) -> None:
    """Raise ProtocolError ``protocol-version`` unless ``version`` is the one spoken here."""
    if version != VERSION:
        raise ProtocolError(
            "protocol-version",
            f"the adapter speaks protocol {version}, this litbench speaks {VERSION}:"
            f" rebuild the adapter against adapters/PROTOCOL.md version {VERSION}",
        )


def _raise_if_other_version(data: bytes) -> None:
    """A message of another version may have other fields: that is the thing to say about it."""
    try:
        version = _peek.decode(data).get("protocol")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return
    if isinstance(version, int):
        check_version(version)

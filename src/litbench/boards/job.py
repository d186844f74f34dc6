"""The job that the host writes into a firmware's memory before it runs
(``firmware/probe/src/job.rs``).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAGIC = b"LITBJOB1"
VERSION = 1
PARAMETERS = 8


@dataclass(frozen=True)
class Scale:
    """``instructions = count * multiply >> shift`` on an emulator that counts instructions."""

    multiply: int = 0
    shift: int = 0


UNSCALED = Scale()


@dataclass(frozen=True)
class Job:
    """One run: the workload's number, iterations, parameters in the catalogue's order.

    ``stops`` asks the firmware to end the machine, which an emulator turns into the run's end.
    """

    workload: int
    iterations: int
    parameters: tuple[int, ...]
    latency: bool = False
    stops: bool = False
    cycle_scale: Scale = UNSCALED
    counter_scale: Scale = UNSCALED

    def encode(self) -> bytes:
        """The bytes to write at the job's symbol."""
        flags = int(self.latency) | int(self.stops) << 1
        padded = (*self.parameters, *([0] * PARAMETERS))[:PARAMETERS]
        body = MAGIC + struct.pack(
            "<16I",
            VERSION,
            self.workload,
            self.iterations,
            flags,
            self.cycle_scale.multiply,
            self.cycle_scale.shift,
            self.counter_scale.multiply,
            self.counter_scale.shift,
            *padded,
        )
        return body + struct.pack("<I", checksum(body))


def checksum(body: bytes) -> int:
    """Each word, rotated by its distance from the end."""
    total = 0
    for (word,) in struct.iter_unpack("<I", body):
        total = ((total << 1 | total >> 31) & 0xFFFFFFFF) ^ word
    return total

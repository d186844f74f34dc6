"""The answer where there is none: a value with its reason, never a default and never an error."""

from __future__ import annotations

import msgspec


class Undetermined(msgspec.Struct, frozen=True):
    """A statistic that the samples cannot give, and why; in JSON ``{"undetermined": why}``."""

    reason: str = msgspec.field(name="undetermined")

"""Asking an adapter what it is and what it can do."""

from __future__ import annotations

import os
import subprocess

from litbench.errors import MissingToolError
from litbench.protocol import Description, ProtocolError, decode_description
from litbench.targets.build import Adapter

DESCRIBE_TIMEOUT_S = 20
DESCRIPTION_LIMIT = 1 << 20


def describe(adapter: Adapter) -> Description:
    """What ``ADAPTER describe`` prints.

    Raises MissingToolError when the adapter does not run or says something else. An exit with
    litbench's own status for a missing tool says which one that is.
    """
    command = [*adapter.command, "describe"]
    try:
        result = subprocess.run(
            command,
            env={**os.environ, **adapter.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DESCRIBE_TIMEOUT_S,
            check=False,
        )
        last = result.stderr.decode("utf-8", "backslashreplace").strip()[-300:]
        if result.returncode == MissingToolError.exit_code and last:
            raise MissingToolError(f"what {adapter.target.name} runs on", cost=last, cure="")
        if result.returncode != 0:
            raise ProtocolError("describe", f"exit status {result.returncode}: {last}")
        return decode_description(result.stdout[:DESCRIPTION_LIMIT])
    except (OSError, subprocess.TimeoutExpired, ProtocolError) as error:
        raise MissingToolError(
            f"the adapter of {adapter.target.name}",
            cost=f"it does not describe itself: {error}",
            cure=f"Try `{' '.join(command)}`; adapters/PROTOCOL.md says what it must print.",
        ) from error

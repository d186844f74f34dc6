"""Commands that a Python interpreter runs: how a tool that is a Python module gets between."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from litbench.instruments.tools import ToolError, output_of

_WITH_VALUE = {"-W", "-X"}


def interpreter_options(command: Sequence[str]) -> int:
    """How many words of a Python command are the interpreter and its options.

    What follows is a script with its arguments, or ``-m module`` or ``-c code``.
    """
    at = 1
    while at < len(command):
        word = command[at]
        if word in {"-m", "-c", "-"} or not word.startswith("-"):
            break
        at += 2 if word in _WITH_VALUE else 1
    return at


@functools.cache
def module_version(interpreter: str, module: str) -> str:
    """The version of a module in an interpreter; empty when it does not have it."""
    code = f"import importlib.metadata as m; print(m.version({module!r}))"
    try:
        return output_of([interpreter, "-c", code], timeout=30).decode().strip()
    except (ToolError, UnicodeDecodeError):
        return ""

"""Every error that litbench raises on purpose.

    LitbenchError
    ├── UsageError        exit 2   the command line or an option file is wrong
    ├── InputError        exit 3   a file from outside is malformed (names file and offset)
    ├── MissingToolError  exit 4   a program or registry is not here (names the cost and the cure)
    ├── InvalidRunError   exit 5   a run did not pass its checks
    └── LimitError        exit 1   a budget or a comparison failed

An error's text names the cause, the place and the next step. The command line prints it once, on
stderr, and exits with ``exit_code``; a library user catches ``LitbenchError``.
"""

from __future__ import annotations

from pathlib import Path


class LitbenchError(Exception):
    """The root of all errors that litbench raises on purpose."""

    exit_code = 1


class UsageError(LitbenchError):
    """The command line, a parameter or an option file is wrong."""

    exit_code = 2


class InputError(LitbenchError):
    """A file from outside is malformed.

    ``path`` is the file, ``offset`` the byte offset of the first thing that made no sense, where
    there is one.
    """

    exit_code = 3

    def __init__(self, path: Path | str, problem: str, *, offset: int | None = None) -> None:
        self.path = path
        self.offset = offset
        self.problem = problem
        place = f"{path}" if offset is None else f"{path}: offset {offset:#x}"
        super().__init__(f"{place}: {problem}")


class MissingToolError(LitbenchError):
    """A program, library or registry is not on this machine.

    ``tool`` is its name, ``cost`` what cannot be done without it, ``cure`` how to get it.
    """

    exit_code = 4

    def __init__(self, tool: str, *, cost: str, cure: str) -> None:
        self.tool = tool
        self.cost = cost
        self.cure = cure
        super().__init__(f"{tool} is not available: {cost}. {cure}")


class InvalidRunError(LitbenchError):
    """A run did not pass its checks."""

    exit_code = 5


class LimitError(LitbenchError):
    """A budget is broken or a comparison failed."""

    exit_code = 1

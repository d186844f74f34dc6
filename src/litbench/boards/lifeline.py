"""Programs that end when the one that started them does, even when that one is killed.

    python -I -S lifeline.py PARENT PROGRAM ARGUMENT...

becomes the program, having asked the kernel for a SIGKILL at its parent's end (Linux: ``prctl``,
``PR_SET_PDEATHSIG``; elsewhere nothing is asked). Asked in a process of its own: code between
fork and exec is not safe beside threads. The parent is the thread that starts it and waits for it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1


def wrapped(command: list[str]) -> list[str]:
    """The command as one that ends with this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def end_with_parent() -> None:
    """Let the kernel kill this process when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def main(parent: str, command: list[str]) -> None:
    """Become the command, unless the parent has ended already."""
    end_with_parent()
    if os.getppid() == int(parent):
        os.execvp(command[0], command)  # noqa: S606 (a list of words, no shell)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

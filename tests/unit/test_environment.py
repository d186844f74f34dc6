"""Readings of the machine and of processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from litbench.environment import peak_resident


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_peak_of_a_child_is_its_own_and_not_its_parents() -> None:
    ballast = bytearray(300 << 20)
    ballast[::4096] = b"x" * len(ballast[::4096])
    code = "import sys; sys.stdout.write('.'); sys.stdout.flush(); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.read(1)
        peak = peak_resident(child.pid)
    own = peak_resident(os.getpid())
    assert own is not None
    assert own > len(ballast)
    assert peak is not None
    assert 1 << 20 < peak < 100 << 20


def test_a_process_that_is_not_there_has_no_peak() -> None:
    assert peak_resident(2**22 + 1) is None

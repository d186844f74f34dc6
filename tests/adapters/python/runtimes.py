"""The kernel's runtimes, opened for a test in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from litbench_actors.kernel import Runtime
from litbench_actors.on_asyncio import AsyncioRuntime
from litbench_actors.on_threads import ThreadsRuntime

Opened = Callable[[], AbstractContextManager[Runtime]]


@contextlib.contextmanager
def on_asyncio() -> Iterator[AsyncioRuntime]:
    runtime = AsyncioRuntime()
    runtime.open()
    with contextlib.closing(runtime):
        yield runtime


@contextlib.contextmanager
def on_uvloop() -> Iterator[Runtime]:
    uvloop = pytest.importorskip("uvloop")
    runtime = AsyncioRuntime(uvloop.new_event_loop)
    runtime.open()
    with contextlib.closing(runtime):
        yield runtime


@contextlib.contextmanager
def on_trio() -> Iterator[Runtime]:
    pytest.importorskip("trio")
    from litbench_actors.on_trio import TrioRuntime

    runtime = TrioRuntime()
    runtime.open()
    yield runtime


@contextlib.contextmanager
def on_threads() -> Iterator[ThreadsRuntime]:
    runtime = ThreadsRuntime()
    runtime.open()
    yield runtime


EVERY: tuple[Opened, ...] = (on_asyncio, on_uvloop, on_trio, on_threads)
every_runtime = pytest.mark.parametrize("opened", EVERY, ids=lambda opened: opened.__name__)

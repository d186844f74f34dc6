"""Whose time it is: the rules of every runtime on stacks of that runtime, and a user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from litbench.errors import InputError
from litbench.instruments import data_folder
from litbench.instruments.classify import (
    ACTOR,
    UNRESOLVED,
    classes_table,
    load_rules,
    read_rules,
)
from litbench.instruments.frames import Frame, is_plumbing, readable
from litbench.instruments.stacks import Place, Stacks
from litbench.units import Unit


def classed(runtime: str, *names: str | Place) -> str:
    """The class of a stack given from the innermost frame outwards."""
    stack = [(name, "program") if isinstance(name, str) else name for name in names]
    return load_rules(runtime).class_of(stack)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (["handle", "tokio::runtime::task::raw::poll"], ACTOR),
        (["tokio::sync::mpsc::list::Rx<T>::pop", "handle"], "message passing"),
        (["<tokio::sync::mpsc::chan::Rx<T,S> as core::ops::drop::Drop>::drop"], "message passing"),
        (["tokio::runtime::scheduler::multi_thread::worker::Context::run_task"], "scheduling"),
        (["core::ptr::drop_in_place<X>", "tokio::sync::mpsc::Sender<T>::send"], "message passing"),
        (["memcpy", "handle"], ACTOR),
        (["_int_malloc", "malloc", "handle"], "allocator"),
        (["__rust_dealloc", "handle"], "allocator"),
        ([("finish_task_switch", "[kernel.kallsyms]"), "handle"], "kernel"),
        (["std::sys::sync::mutex::futex::Mutex::lock_contended", "handle"], "synchronisation"),
        (["__GI___pthread_mutex_lock", "handle"], "synchronisation"),
        (["tokio::runtime::park::Inner::park", "start"], "idle"),
        (["[unknown]", "[unknown]"], UNRESOLVED),
        (["[unknown]", "handle"], ACTOR),
        ([], UNRESOLVED),
    ],
)
def test_rust(stack: list[str | Place], expected: str) -> None:
    assert classed("tokio", *stack) == expected


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ([("Queue.get", "asyncio/queues.py"), ("_pong", "workloads.py")], "message passing"),
        ([("BaseEventLoop._run_once", "asyncio/base_events.py")], "scheduling"),
        ([("_pong", "workloads.py"), ("Handle._run", "asyncio/events.py")], ACTOR),
        ([("select", "selectors.py"), ("_run_once", "asyncio/base_events.py")], "idle"),
        ([("EpollSelector.register", "selectors.py")], "scheduling"),
        ([("get", "queue.py"), ("run", "threading.py")], "message passing"),
        ([("wait", "threading.py"), ("get", "queue.py")], "synchronisation"),
    ],
)
def test_python(stack: list[Place], expected: str) -> None:
    assert classed("asyncio", *stack) == expected


def test_a_user_decides_first(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[[rules]]\nclass = 'message passing'\nfunctions = ['^my_channel_']\n")
    stack = [("my_channel_push", "program")]
    assert load_rules("tokio").class_of(stack) == ACTOR
    assert load_rules("tokio", [own]).class_of(stack) == "message passing"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[rules]]\nclass = 'coffee'\nfunctions = ['x']", "no class"),
        ("[[rules]]\nclass = 'idle'\nfunctions = ['(']", "regular expression"),
        ("[[rules]]\nclass = 'idle'", "without functions"),
        ("[[rules]]\nfunctions = ['x']", "malformed"),
        ("rules = [", "malformed"),
    ],
)
def test_rules_that_make_no_sense(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=problem):
        load_rules("", [path])


@pytest.mark.parametrize("path", sorted((data_folder() / "classes").glob("*.toml")))
def test_every_file_of_rules_is_well_formed(path: Path) -> None:
    assert read_rules(path).rules


def test_shares_add_up() -> None:
    stacks = Stacks()
    stacks.add("t", 1, [("malloc", "libc.so.6")], 30)
    stacks.add("t", 1, [("handle", "program")], 70)
    table = classes_table(stacks, load_rules("tokio"), Unit.NS)
    shares = {row[0]: row[2] for row in table.rows}
    assert shares == {ACTOR: 0.7, "allocator": 0.3}


@pytest.mark.parametrize(
    ("mangled", "name"),
    [
        ("_ZN4core3mem4swap17h0123456789abcdefE", "core::mem::swap"),
        ("_RNvC3foo3bar", "foo::bar"),
        ("_ZN3foo3barEv", "foo::bar()"),
        ("_Zbad", "_Zbad"),
        ("count.isra.0", "count"),
        ("intel_check_word.constprop.0", "intel_check_word"),
        ("tokio::park::h5313a0e799a9d5ac (.llvm.123)", "tokio::park"),
        ("", "[unknown]"),
    ],
)
def test_readable_names(mangled: str, name: str) -> None:
    assert readable(mangled) == name


def test_plumbing_is_not_a_site() -> None:
    assert is_plumbing(Frame("malloc"))
    assert is_plumbing(Frame("alloc::raw_vec::RawVec<T,A>::grow_one"))
    assert is_plumbing(Frame("to_vec", "/rustc/123/library/alloc/src/slice.rs", 1))
    assert not is_plumbing(Frame("handle", "/src/main.rs", 7))
    assert not is_plumbing(Frame("allocate_session", "/src/main.rs", 7))

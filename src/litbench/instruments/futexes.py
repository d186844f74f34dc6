"""Futexes: what a program's threads wait for in the kernel, whatever language takes their locks.

A wait lasts from the call to its return. What it was for is told by the functions that called, of
the waiter or of the one that woke it, or else by the value waited on: 2 is a taken lock that others
wait for, in glibc, in Rust's standard library and in Go's runtime.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from litbench.instruments.base import Answer
from litbench.instruments.frames import UNKNOWN
from litbench.instruments.stacks import Place
from litbench.record import Table
from litbench.units import Unit

ADDRESSES_LIMIT = 50_000
ROWS = 200
NOT_SLEPT = -11  # EAGAIN: the value had changed before the thread could sleep
TAKEN_WITH_WAITERS = 2
_FLAGS = 0x80 | 0x100  # FUTEX_PRIVATE_FLAG, FUTEX_CLOCK_REALTIME: include/uapi/linux/futex.h
_WAITS = {0, 6, 9, 11, 13}  # WAIT, LOCK_PI, WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2
_LOCKS = {6, 13}
_WAKES = {1, 3, 4, 5, 7, 10, 12}

# A lock's own functions; in the JVM and in Go they call what parks threads, so they come first.
_LOCK = re.compile(
    r"ObjectMonitor::(enter|EnterI)$|ObjectSynchronizer::enter$"
    r"|\bsync\.\(\*(RW)?Mutex\)|runtime\.(lock2|unlock2|semacquire1|semrelease1)$|^sync\.runtime_Sem|ReentrantLock"
    r"|lll_lock|pthread_mutex_|pthread_rwlock_|lock_contended|(Mutex|RwLock)::(lock|unlock|wake)|(un)?lock_slow\b"
)
_PARKING = re.compile(
    r"cond_wait|cond_timedwait|cond_signal|cond_broadcast|[Cc]ondvar|sem_(timed)?wait|sem_post|[Bb]arrier|join"
    r"|[Pp]ark|epoll|runtime\.(stopm|stoplockedm|startlockedm|notesleep|notetsleep|wakep|startm)$"
)
# What stands between a program's own code and the kernel.
_PLUMBING = re.compile(
    r"futex|^_*(GI_)?_*(pthread_|lll_|clone|start_thread|syscall|sem_)|^<?(std|core|parking_lot(_core)?|lock_api|alloc)::"
    r"|^(internal/)?(runtime|sync)(/|\.)|^gogo$|^systemstack|^mcall|^(ObjectMonitor|ObjectSynchronizer|os|Parker|Monitor)::"
)  # fmt: skip


@dataclass
class Address:
    """One futex. ``sites`` are (lock, parking or empty; function; module) with their weight."""

    value_is_lock: int = 0
    waits: int = 0
    wait: int = 0
    longest: int = 0
    timeouts: int = 0
    wakes: int = 0
    threads: set[int] = field(default_factory=set)
    wait_sites: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    wake_sites: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @property
    def kind(self) -> str:
        """``lock``, ``parking``, or ``futex`` where nothing tells."""
        told = [_kinds(self.wait_sites), _kinds(self.wake_sites)]
        # either side is enough: in Go who waits is parked like any idle thread; its waker unlocks
        if any(2 * kinds["lock"] > kinds.total() for kinds in told):
            return "lock"
        if any(kinds["parking"] for kinds in told):
            return "parking"
        return "lock" if 2 * self.value_is_lock > self.waits else "futex"


def _kinds(sites: Counter[tuple[str, str, str]]) -> Counter[str]:
    """How many of the sites that tell say what."""
    kinds: Counter[str] = Counter()
    for (kind, *_), weight in sites.items():
        kinds[kind] += weight if kind else 0
    return kinds


@dataclass
class _Call:
    time: int
    address: int
    value: int
    operation: int
    site: tuple[str, str, str]


@dataclass
class ThreadWaits:
    """What one thread did."""

    name: str
    waits: int = 0
    wait: int = 0
    wakes: int = 0


class Futexes:
    """Adds up calls and returns, in the order of time. Times are in ns."""

    def __init__(self) -> None:
        self.addresses: dict[int, Address] = defaultdict(Address)
        self.threads: dict[int, ThreadWaits] = {}
        self.calls = 0
        self.begin = 0
        self.end = 0
        self.truncated = False
        self._pending: dict[int, _Call] = {}

    @property
    def span(self) -> int:
        """From the first event to the last."""
        return self.end - self.begin

    def call(  # noqa: PLR0917
        self, name: str, tid: int, time: int, address: int, operation: int, value: int,
        stack: Sequence[Place] = (),
    ) -> None:  # fmt: skip
        """A thread enters the system call; ``stack`` is innermost first."""
        self._at(time)
        self.calls += 1
        self.threads.setdefault(tid, ThreadWaits(name)).name = name
        operation &= ~_FLAGS
        self._pending[tid] = _Call(time, address, value, operation, _site(stack))

    def result(self, tid: int, time: int, result: int) -> None:
        """It returns. A return whose call was not seen is before the region: left out."""
        self._at(time)
        call = self._pending.pop(tid, None)
        if call is None:
            return
        if call.operation in _WAKES:
            self._woke(tid, call, max(result, 0))
        elif call.operation in _WAITS and result != NOT_SLEPT:
            self._waited(tid, call, time, timeout=result == -110)

    def finish(self) -> None:
        """Who still waits has waited until the end."""
        for tid, call in self._pending.items():
            if call.operation in _WAITS:
                self._waited(tid, call, self.end)
        self._pending.clear()

    def _at(self, time: int) -> None:
        self.begin = self.begin or time
        self.end = max(self.end, time)

    def _address(self, address: int) -> Address:
        if address not in self.addresses and len(self.addresses) >= ADDRESSES_LIMIT:
            self.truncated = True
            address = 0
        return self.addresses[address]

    def _waited(self, tid: int, call: _Call, time: int, *, timeout: bool = False) -> None:
        futex, spent = self._address(call.address), max(time - call.time, 0)
        futex.waits += 1
        futex.wait += spent
        futex.longest = max(futex.longest, spent)
        futex.timeouts += timeout
        futex.value_is_lock += call.value == TAKEN_WITH_WAITERS or call.operation in _LOCKS
        futex.threads.add(tid)
        futex.wait_sites[call.site] += 1
        self.threads[tid].waits += 1
        self.threads[tid].wait += spent

    def _woke(self, tid: int, call: _Call, woken: int) -> None:
        futex = self._address(call.address)
        futex.wakes += woken
        if woken:
            futex.wake_sites[call.site] += 1
        self.threads[tid].wakes += woken


def _site(stack: Sequence[Place]) -> tuple[str, str, str]:
    """What a stack is for, and the innermost function that is the program's own."""
    names = [name for name, _ in stack]
    kind = ""
    if any(_LOCK.search(name) for name in names):
        innermost = next(n for n in names if _LOCK.search(n) or _PARKING.search(n))
        managed = any(_MANAGED.search(name) for name in names)
        kind = "lock" if managed or _LOCK.search(innermost) else "parking"
    elif any(_PARKING.search(name) for name in names):
        kind = "parking"
    own = ((n, m) for n, m in stack if n != UNKNOWN and not _PLUMBING.search(n))
    function, module = next(own, (UNKNOWN, ""))
    return kind, function, module


_MANAGED = re.compile(r"^ObjectMonitor::(enter|EnterI)$|\bsync\.\(\*(RW)?Mutex\)")


def fill(answer: Answer, futexes: Futexes, names: dict[int, str]) -> None:
    """Totals, one row a futex and one a thread; ``names`` are those of known addresses."""
    found = futexes.addresses
    locks = [a for a in found.values() if a.kind == "lock"]
    answer.totals["futex-calls"] = (Unit.COUNT, futexes.calls)
    answer.totals["futex-waits"] = (Unit.COUNT, sum(a.waits for a in found.values()))
    answer.totals["futex-wakes"] = (Unit.COUNT, sum(a.wakes for a in found.values()))
    answer.totals["futex-wait"] = (Unit.NS, sum(a.wait for a in found.values()))
    answer.totals["lock-waits"] = (Unit.COUNT, sum(a.waits for a in locks))
    answer.totals["lock-wait"] = (Unit.NS, sum(a.wait for a in locks))
    answer.one("span", Unit.NS, futexes.span)
    if futexes.truncated:
        answer.caution("partial", "more futexes than are kept: the last ones are one row")
    answer.tables += [_futexes(found, names), _threads(futexes)]


def _futexes(found: dict[int, Address], names: dict[int, str]) -> Table:
    ordered = sorted(found.items(), key=lambda i: (i[1].kind != "lock", -i[1].wait, i[0]))
    rows = tuple(
        (names.get(address, f"{address:#x}"), a.kind, a.waits, a.wait, a.longest, a.timeouts,
         a.wakes, len(a.threads), *_place(a.wait_sites), *_place(a.wake_sites))
        for address, a in ordered[:ROWS]
    )  # fmt: skip
    return _table(
        "futexes",
        (("futex", None), ("kind", None), ("waits", Unit.COUNT), ("wait", Unit.NS),
         ("longest wait", Unit.NS), ("timeouts", Unit.COUNT), ("wakes", Unit.COUNT),
         ("threads", Unit.COUNT), ("site", None), ("where", None), ("woken by", None),
         ("woken where", None)),
        rows,
    )  # fmt: skip


def _place(sites: Counter[tuple[str, str, str]]) -> tuple[str | None, str | None]:
    """The site with the most weight among those that have a name."""
    named = [(weight, site) for site, weight in sites.items() if site[1] != UNKNOWN]
    if not named:
        return None, None
    _, (_, function, module) = max(named)
    return function, module


def _threads(futexes: Futexes) -> Table:
    ordered = sorted(futexes.threads.items(), key=lambda item: (-item[1].wait, item[0]))
    return _table(
        "futex threads",
        (("thread", None), ("tid", None), ("waits", Unit.COUNT), ("wait", Unit.NS),
         ("wakes", Unit.COUNT)),
        tuple((t.name, tid, t.waits, t.wait, t.wakes) for tid, t in ordered[:ROWS]),
    )  # fmt: skip


def _table(
    name: str,
    columns: Iterable[tuple[str, Unit | None]],
    rows: tuple[tuple[str | int | None, ...], ...],
) -> Table:
    titles, units = zip(*columns, strict=True)
    return Table(name=name, columns=titles, units=units, rows=rows)

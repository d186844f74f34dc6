"""futex traces of perf and strace, and Java's flight recorder: recorded lines, laws, any bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from litbench.instruments.base import Answer
from litbench.instruments.flight_recorder import add_up, read_events
from litbench.instruments.futex_trace import read_strace, read_trace
from litbench.instruments.futexes import NOT_SLEPT, Futexes, fill
from litbench.instruments.perf_script import Counter

# perf 6.1 of tests/data/profile/contended.go, cut: an idle thread that an unlock wakes
GO = b"""\
contended 9/12 13846.000000000: syscalls:sys_enter_futex: uaddr: 0x0055c4d8, op: 0x00000080, val: 0x00000000, utime: 0x00000000, uaddr2: 0x00000000, val3: 0x00000000
\t           7f123 runtime.futex.abi0 (/tmp/contended)
\t           18be7 runtime.notesleep (/tmp/contended)
\t           4c34c runtime.stopm (/tmp/contended)
\t           7bb15 runtime.mcall (/tmp/contended)

contended 9/11 13846.002000000: syscalls:sys_enter_futex: uaddr: 0x0055c4d8, op: 0x00000081, val: 0x00000001, utime: 0x00000000, uaddr2: 0x00000000, val3: 0x00000000
\t           7f123 runtime.futex.abi0 (/tmp/contended)
\t           77c0c runtime.wakep (/tmp/contended)
\t           5143f runtime.semrelease1 (/tmp/contended)
\t           5143f internal/sync.runtime_Semrelease (/tmp/contended)
\t           23f46 internal/sync.(*Mutex).unlockSlow (/tmp/contended)
\t           4746e main.take (/tmp/contended)
\t           7d5e1 runtime.goexit.abi0 (/tmp/contended)

       contended 9/11 13846.002001000:  syscalls:sys_exit_futex: 0x1           47f123 runtime.futex.abi0 (/tmp/contended)
       contended 9/12 13846.002003000:  syscalls:sys_exit_futex: 0x0           47f123 runtime.futex.abi0 (/tmp/contended)
"""  # noqa: E501

# perf 6.1 of tests/data/profile/lock.c, linked statically: the value 2 tells, and so does the name
STATIC = b"""\
lock-static 7/75 12590.000000000: syscalls:sys_enter_futex: uaddr: 0x004bb3e0, op: 0x00000080, val: 0x00000002, utime: 0x00000000, uaddr2: 0x00000000, val3: 0x00000000
\t           1225b __lll_lock_wait (/tmp/lock-static)

lock-static 7/77 12590.000500000: syscalls:sys_enter_futex: uaddr: 0x004bb3e0, op: 0x00000080, val: 0x00000002, utime: 0x00000000, uaddr2: 0x00000000, val3: 0x00000000
     lock-static 7/77 12590.000500100:  syscalls:sys_exit_futex: 0xfffffffffffffff5           41225b __lll_lock_wait (/tmp/lock-static)
lock-static 7/74 12590.007000000: syscalls:sys_enter_futex: uaddr: 0x004bb3e0, op: 0x00000081, val: 0x00000001, utime: 0x00000000, uaddr2: 0x00000000, val3: 0x00000000
\t           122c3 __lll_lock_wake (/tmp/lock-static)

     lock-static 7/74 12590.007001000:  syscalls:sys_exit_futex: 0x1           4122c3 __lll_lock_wake (/tmp/lock-static)
     lock-static 7/75 12590.007002000:  syscalls:sys_exit_futex: 0x0           41225b __lll_lock_wait (/tmp/lock-static)
"""  # noqa: E501

# perf 6.1 of tests/data/profile/Contended.java
JAVA = b"""\
taker-1 5/6 1.000000000: syscalls:sys_enter_futex: uaddr: 0x7fe68411ee7c, op: 0x00000189, val: 0x00000000, utime: 0x00000000, uaddr2: 0x00000000, val3: 0xffffffff
\t           1225b __futex_abstimed_wait_common (/usr/lib/x86_64-linux-gnu/libc.so.6)
\t           1225b pthread_cond_wait@@GLIBC_2.3.2 (/usr/lib/x86_64-linux-gnu/libc.so.6)
\t           1225b os::PlatformEvent::park (/usr/lib/jvm/libjvm.so)
\t           1225b ObjectMonitor::EnterI (/usr/lib/jvm/libjvm.so)
\t           1225b InterpreterRuntime::monitorenter (/usr/lib/jvm/libjvm.so)

taker-1 5/6 1.004000000:  syscalls:sys_exit_futex: 0x0 41225b x (y)
GC Thread#0 5/7 1.005000000: syscalls:sys_enter_futex: uaddr: 0x7fe68411ffff, op: 0x00000189, val: 0x00000000, utime: 0x00000000, uaddr2: 0x00000000, val3: 0xffffffff
\t           1225b pthread_cond_wait@@GLIBC_2.3.2 (/usr/lib/x86_64-linux-gnu/libc.so.6)
\t           1225b os::PlatformEvent::park (/usr/lib/jvm/libjvm.so)
\t           1225b ObjectMonitor::wait (/usr/lib/jvm/libjvm.so)
\t           1225b JVM_MonitorWait (/usr/lib/jvm/libjvm.so)

"""  # noqa: E501

# strace 6.1 -f -Y -T --raw=futex
STRACE = b"""\
13731<contended> 100.000000000 futex(0x55c4d8, 0x80, 0x2, 0, 0, 0 <unfinished ...>
13733<two words> 100.001000000 futex(0x55c4d8, 0x81, 0x1, 0, 0, 0) = 0x1 <0.000012>
13731<contended> 100.001500000 <... futex resumed>) = 0 <0.001500>
13731<contended> 100.002000000 --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL, si_pid=1<x>, si_uid=0} ---
13731<contended> 100.003000000 futex(0x77, 0x189, 0, 0x7fd91c9a66c0, 0, 0xffffffff) = -1 ETIMEDOUT (Connection timed out) <0.005000>
13733<two words> 100.009000000 futex(0x77, 0x80, 0x2, 0, 0, 0) = -1 EAGAIN (Resource temporarily unavailable) <0.000009>
13733<two words> 100.010000000 futex(0x88, 0x80, 0, 0, 0, 0 <unfinished ...>
13733<two words> 100.012000000 <... futex resumed>) = ?
13731<contended> 100.013000000 +++ exited with 0 +++
"""  # noqa: E501


def traced(data: bytes) -> tuple[Futexes, Counter]:
    counter = Counter()
    return read_trace(data.splitlines(), counter), counter


def row_of(futexes: Futexes) -> dict[str, object]:
    """The first row of the table, the locks before the rest."""
    answer = Answer()
    fill(answer, futexes, {})
    table = answer.tables[0]
    return dict(zip(table.columns, table.rows[0], strict=True))


def test_an_unlock_in_go_is_named() -> None:
    futexes, counter = traced(GO)
    row = row_of(futexes)
    assert counter.malformed == 0
    assert (row["kind"], row["waits"], row["wait"], row["wakes"]) == ("lock", 1, 2_003_000, 1)
    assert (row["site"], row["woken by"], row["woken where"]) == (None, "main.take", "contended")


def test_a_static_program() -> None:
    futexes, counter = traced(STATIC)
    row = row_of(futexes)
    assert counter.malformed == 0
    # the one that found the lock free again (EAGAIN) has not waited
    assert (row["kind"], row["waits"], row["wait"], row["threads"]) == ("lock", 1, 7_002_000, 1)
    assert futexes.calls == 3


def test_a_monitor_is_a_lock_and_waiting_for_work_is_not() -> None:
    futexes, _ = traced(JAVA)
    kinds = {address: found.kind for address, found in futexes.addresses.items()}
    assert kinds == {0x7FE68411EE7C: "lock", 0x7FE68411FFFF: "parking"}
    assert row_of(futexes)["site"] == "InterpreterRuntime::monitorenter"


def test_strace() -> None:
    counter = Counter()
    futexes = read_strace(STRACE.splitlines(), counter, 0, 1 << 63)
    first, second = futexes.addresses[0x55C4D8], futexes.addresses[0x77]
    assert (first.kind, first.waits, first.wait, first.wakes) == ("lock", 1, 1_500_000, 1)
    assert (second.kind, second.waits, second.wait, second.timeouts) == ("futex", 1, 5_000_000, 1)
    assert {t.name for t in futexes.threads.values()} == {"contended", "two words"}
    assert futexes.addresses[0x88].waits == 1  # it never came back: it waited until the end
    assert counter.malformed == 0


def test_strace_is_cut_to_the_region() -> None:
    futexes = read_strace(STRACE.splitlines(), Counter(), 100_000_500_000, 100_008_000_000)
    # the wait that began before it is left out, as its beginning is not known
    assert 0x55C4D8 in futexes.addresses
    assert futexes.addresses[0x55C4D8].waits == 0
    assert futexes.addresses[0x77].waits == 1


RECORDING = b"""\
jdk.JavaMonitorEnter {
  startTime = 11:58:01.425
  duration = 35.8 ms
  monitorClass = java.lang.Object (classLoader = bootstrap)
  previousOwner = "taker-2" (javaThreadId = 17)
  address = 0x7F89A00025A0
  eventThread = "taker-1" (javaThreadId = 16)
  stackTrace = [
    Contended.take(Object, long) line: 5
    Contended.lambda$main$0(Object, long) line: 16
    ...
  ]
}

jdk.ThreadPark {
  startTime = 11:58:01.425
  duration = 4.20 us
  parkedClass = java.util.concurrent.locks.ReentrantLock$NonfairSync (classLoader = bootstrap)
  eventThread = "a" (javaThreadId = 15)
  stackTrace = [
    jdk.internal.misc.Unsafe.park(boolean, long)
    java.util.concurrent.locks.LockSupport.park(Object) line: 211
    Queue.put(Object) line: 40
  ]
}

jdk.ThreadPark {
  startTime = 11:58:01.425
  duration = 1.00 s
  parkedClass = java.util.concurrent.SynchronousQueue$TransferStack (classLoader = bootstrap)
  eventThread = "idle" (javaThreadId = 12)
}
"""


def test_a_flight_recording() -> None:
    found = add_up(read_events(RECORDING.splitlines()))
    monitor = found["java.lang.Object", "Contended.take", "line 5"]
    assert (monitor.count, monitor.total, dict(monitor.owners)) == (
        1, 35_800_000, {"taker-2": 35_800_000},
    )  # fmt: skip
    lock = found["java.util.concurrent.locks.ReentrantLock$NonfairSync", "Queue.put", "line 40"]
    assert lock.total == 4_200
    assert len(found) == 2  # the idle thread waits for work


@given(st.binary(max_size=300), st.integers(0, len(GO + STATIC)))
def test_any_damage_to_a_trace(data: bytes, at: int) -> None:
    whole = GO + STATIC
    futexes, counter = traced(whole[:at] + data + whole[at:])
    assert counter.malformed >= 0
    assert all(a.wait >= a.longest >= 0 for a in futexes.addresses.values())


@given(st.binary(max_size=300), st.integers(0, len(STRACE)))
def test_any_damage_to_strace(data: bytes, at: int) -> None:
    futexes = read_strace((STRACE[:at] + data + STRACE[at:]).splitlines(), Counter(), 0, 1 << 63)
    assert all(a.wait >= 0 for a in futexes.addresses.values())


@given(st.binary(max_size=300), st.integers(0, len(RECORDING)))
def test_any_damage_to_a_recording(data: bytes, at: int) -> None:
    found = add_up(read_events((RECORDING[:at] + data + RECORDING[at:]).splitlines()))
    assert all(w.count >= 1 for w in found.values())


moves = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.sampled_from([0, 1, 9]),
              st.integers(0, 50), st.sampled_from([0, 1, NOT_SLEPT])),
    max_size=40,
)  # fmt: skip


@given(moves)
def test_waits_are_the_same_by_futex_and_by_thread(
    given_moves: list[tuple[int, int, int, int, int]],
) -> None:
    futexes, now = Futexes(), 1
    for tid, address, operation, pause, result in given_moves:
        now += pause
        futexes.call(f"t{tid}", tid, now, address, operation, 0)
        if result:
            futexes.result(tid, now + pause, result)
            now += pause
    futexes.finish()
    by_futex, by_thread = futexes.addresses.values(), futexes.threads.values()
    assert sum(a.waits for a in by_futex) == sum(t.waits for t in by_thread)
    assert sum(a.wait for a in by_futex) == sum(t.wait for t in by_thread)
    assert sum(a.wakes for a in by_futex) == sum(t.wakes for t in by_thread)
    assert all(t.wait <= futexes.span for t in by_thread)

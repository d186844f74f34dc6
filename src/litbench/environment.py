"""The machine: what it is, and how it was doing during a run.

Facts that cannot be known are left out, never guessed. Everything is read from ``/proc`` and
``/sys`` where they exist, at a cost well below a millisecond a run.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from litbench.record import Scalar

_CPU_TICKS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def machine_facts() -> dict[str, Scalar]:
    """What does not change during a session: processor, memory, kernel, interpreter."""
    facts: dict[str, Scalar | None] = {
        "hostname": platform.node(),
        "system": platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "cpus_usable": usable_cpu_count(),
        "memory_bytes": _meminfo("MemTotal"),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "boost": _read("/sys/devices/system/cpu/cpufreq/boost"),
        "smt": _read("/sys/devices/system/cpu/smt/active"),
        "hypervisor": _hypervisor(),
        "distribution": _distribution(),
        "python": platform.python_version(),
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}


def usable_cpus() -> tuple[int, ...]:
    """The processors that this process may use, in order; empty where they cannot be told."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    return tuple(sorted(os.sched_getaffinity(0)))


def usable_cpu_count() -> int:
    """How many processors this process may use, at least 1."""
    return len(usable_cpus()) or os.cpu_count() or 1


def available_memory() -> int | None:
    """Bytes that can be had without swapping, or None where that cannot be told."""
    return _meminfo("MemAvailable")


def peak_resident(pid: int) -> int | None:
    """The most bytes that a process was resident with, or None where that cannot be told.

    Not ``ru_maxrss``: on Linux that begins with what the parent had when it forked.
    """
    return _kilobytes(f"/proc/{pid}/status", "VmHWM")


@dataclass(frozen=True)
class Reading:
    """Counters of the whole machine at one moment."""

    monotonic_ns: int
    ticks: dict[str, int]
    pressure_us: int | None

    @staticmethod
    def take() -> Reading:
        """Read the counters now."""
        return Reading(time.monotonic_ns(), _cpu_ticks(), _cpu_pressure())


def readings_between(before: Reading, after: Reading) -> dict[str, Scalar]:
    """How the machine was doing between two moments.

    ``steal_ratio`` and ``busy_ratio`` are shares of all processors' time, ``pressure_ratio`` the
    share of the time in which some task waited for a processor.
    """
    readings: dict[str, Scalar] = {}
    total = sum(after.ticks.values()) - sum(before.ticks.values())
    if total > 0:
        change = {name: after.ticks[name] - before.ticks.get(name, 0) for name in after.ticks}
        readings["steal_ratio"] = round(change.get("steal", 0) / total, 6)
        idle = change.get("idle", 0) + change.get("iowait", 0)
        readings["busy_ratio"] = round(1 - idle / total, 6)
    elapsed_us = (after.monotonic_ns - before.monotonic_ns) / 1000
    if after.pressure_us is not None and before.pressure_us is not None and elapsed_us > 0:
        waited = after.pressure_us - before.pressure_us
        readings["pressure_ratio"] = round(min(waited / elapsed_us, 1.0), 6)
    if hasattr(os, "getloadavg"):
        readings["load_1min"] = round(os.getloadavg()[0], 2)
    return readings


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _meminfo(name: str) -> int | None:
    return _kilobytes("/proc/meminfo", name)


def _kilobytes(path: str, name: str) -> int | None:
    """The value of one ``name:  123 kB`` line, in bytes."""
    for line in (_read(path) or "").splitlines():
        key, _, rest = line.partition(":")
        if key == name:
            return int(rest.split()[0]) * 1024
    return None


def _cpu_model() -> str | None:
    for line in (_read("/proc/cpuinfo") or "").splitlines():
        key, _, value = line.partition(":")
        if key.strip() in {"model name", "Model", "cpu model"}:
            return value.strip()
    return platform.processor() or None


def _hypervisor() -> str | None:
    flags = _read("/proc/cpuinfo") or ""
    if " hypervisor" not in flags:
        return None
    return _read("/sys/hypervisor/type") or _read("/sys/class/dmi/id/sys_vendor") or "yes"


def _distribution() -> str | None:
    if sys.platform != "linux":
        return platform.platform(terse=True)
    for line in (_read("/etc/os-release") or "").splitlines():
        key, _, value = line.partition("=")
        if key == "PRETTY_NAME":
            return value.strip('"')
    return None


def _cpu_ticks() -> dict[str, int]:
    first = (_read("/proc/stat") or "").partition("\n")[0].split()
    if not first or first[0] != "cpu":
        return {}
    return dict(zip(_CPU_TICKS, map(int, first[1:9]), strict=False))


def _cpu_pressure() -> int | None:
    for line in (_read("/proc/pressure/cpu") or "").splitlines():
        if line.startswith("some "):
            return int(line.rpartition("total=")[2])
    return None

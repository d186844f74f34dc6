"""Runs a firmware in QEMU, in bounded time and memory, and reads what it left.

The guest starts when the control connection stands. A reset or power-off by the guest pauses the
machine, so that its memory can still be read. Semihosting is off unless asked for: it would give
the firmware the host's files.
"""

from __future__ import annotations

import contextlib
import functools
import re
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from litbench.boards.image import JOB_SYMBOL, PROBE_SYMBOL, Image
from litbench.boards.job import Job
from litbench.boards.lifeline import wrapped
from litbench.boards.logs import InterruptLog, StackLog
from litbench.boards.machines import Machine
from litbench.boards.outcome import DEFAULT_LIMITS, End, Limits, Outcome
from litbench.boards.plugin import Profile, Watch, read
from litbench.boards.qmp import Qmp, QmpClosedError
from litbench.errors import MissingToolError

STATE_OFFSET = 16
START_SECONDS = 20.0
POLL_SECONDS = 0.05
FILE_LIMIT = 256 << 20
# What QEMU says on its standard error in a run where nothing is wrong.
_CHATTER = re.compile(": warning: |: terminating on signal")


@dataclass(frozen=True)
class Request:
    """One run to make."""

    image: Image
    machine: Machine
    job: Job | None = None
    limits: Limits = DEFAULT_LIMITS
    semihosting: bool = False
    watch: Watch | None = None
    stack: bool = False


def version(machine: Machine) -> str:
    """QEMU's version. Raises MissingToolError when it is not installed."""
    output = _version_output(_program(machine))
    words = output.split()
    return words[3] if len(words) > 3 and words[2] == "version" else "unknown"


@functools.cache
def _version_output(program: str) -> str:
    return subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=30, check=False
    ).stdout


def is_here(machine: Machine) -> bool:
    """Whether the emulator for a machine is installed."""
    return shutil.which(machine.program) is not None


def _program(machine: Machine) -> str:
    found = shutil.which(machine.program)
    if found is None:
        raise MissingToolError(
            machine.program,
            cost=f"firmware cannot run on {machine.name}; the static analysis still works",
            cure=f"apt install {machine.package}",
        )
    return found


def run(request: Request) -> Outcome:
    """Run the firmware until it ends or a limit is reached."""
    with tempfile.TemporaryDirectory(prefix="litbench-") as name:
        return _Run(request, Path(name)).outcome()


class _Output:
    """What the guest's serial line says, read as it comes and cut at a limit."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self.data = bytearray()
        self.flooded = False
        self._stream, self._limit = stream, limit
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := self._stream.read1(1 << 14):  # type: ignore[attr-defined]
            room = self._limit - len(self.data)
            self.data += chunk[:room]
            self.flooded = self.flooded or len(chunk) > room

    def finish(self) -> None:
        """Wait for the last words of a process that has ended."""
        self._thread.join(timeout=5)
        self._stream.close()


class _Run:
    """One QEMU process from start to end."""

    def __init__(self, request: Request, folder: Path) -> None:
        self.request, self.folder = request, folder
        self.probe = request.image.symbol(PROBE_SYMBOL)
        core = request.machine.core
        self.log: StackLog | InterruptLog = (StackLog if request.stack else InterruptLog)(
            folder, core
        )
        self.stuck_at: int | None = None

    def outcome(self) -> Outcome:
        began = time.monotonic()
        with self._process() as process:
            assert process.stdout is not None
            output = _Output(process.stdout, self.request.limits.output)
            try:
                end, memory = self._drive(process, output)
            finally:
                self._end(process)
                output.finish()
        end = self._corrected(end, process.returncode)
        found = self.log.finish()
        return Outcome(
            end=end,
            status=process.returncode if end is End.EXITED else None,
            output=bytes(output.data) + self._semihosting_output(),
            messages=self._messages(),
            memory=memory,
            profile=self._profile(),
            interrupts=found if isinstance(found, dict) else {},
            stack_pointers=found if isinstance(found, tuple) else (),
            stuck_at=self.stuck_at,
            duration_ns=round((time.monotonic() - began) * 1e9),
        )

    def command(self) -> list[str]:
        """QEMU's command line."""
        request = self.request
        words = [_program(request.machine), *request.machine.options]
        words += ["-display", "none", "-monitor", "none", "-nic", "none", "-S"]
        words += ["-chardev", "stdio,id=uart,signal=off", "-serial", "chardev:uart"]
        words += ["-action", "reboot=shutdown,shutdown=pause"]
        words += ["-qmp", f"unix:{self.folder / 'qmp'},server=on,wait=off"]
        words += ["-kernel", str(request.image.path.resolve())]
        if request.semihosting:
            words += ["-chardev", f"file,id=sh,path={self.folder / 'semihosting'}"]
            words += ["-semihosting-config", "enable=on,target=native,chardev=sh"]
        if request.watch:
            words += ["-plugin", self._watch_argument()]
        words += self.log.words
        return [*words, *self._job_words()]

    def _watch_argument(self) -> str:
        assert self.request.watch is not None
        limit = self.request.limits.instructions
        return self.request.watch.argument(self.folder / "profile", limit)

    def _job_words(self) -> list[str]:
        place = self.request.image.symbol(JOB_SYMBOL)
        if self.request.job is None or place is None:
            return []
        path = self.folder / "job"
        path.write_bytes(self.request.job.encode())
        return ["-device", f"loader,file={path},addr={place.address:#x},force-raw=on"]

    @contextlib.contextmanager
    def _process(self) -> Iterator[subprocess.Popen[bytes]]:
        with (self.folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                wrapped(self.command()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self.folder,
            )
        try:
            if hasattr(resource, "prlimit"):
                with contextlib.suppress(ProcessLookupError):
                    resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _drive(self, process: subprocess.Popen[bytes], output: _Output) -> tuple[End, bytes | None]:
        """Start the guest, wait for its end, read the probe's block."""
        deadline = time.monotonic() + self.request.limits.seconds
        qmp = None
        try:
            qmp = self._connect(process)
            qmp.command("cont", deadline)
            end = self._wait(qmp, output, deadline)
            if end is End.TIMED_OUT:
                self.stuck_at = self._program_counter(qmp)
            return end, self._read_probe(qmp)
        except QmpClosedError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
            return End.EXITED, None
        except TimeoutError:
            return End.TIMED_OUT, None
        finally:
            if qmp:
                qmp.close()

    def _connect(self, process: subprocess.Popen[bytes]) -> Qmp:
        deadline = time.monotonic() + START_SECONDS
        place = self.folder / "qmp"
        while not place.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise QmpClosedError("QEMU did not start")
            time.sleep(0.002)
        qmp = Qmp(place, deadline)
        qmp.greet(deadline)
        return qmp

    def _wait(self, qmp: Qmp, output: _Output, deadline: float) -> End:
        while time.monotonic() < deadline:
            event = qmp.event(min(deadline, time.monotonic() + POLL_SECONDS))
            if event and event["event"] == "SHUTDOWN":
                signal = event.get("data", {}).get("reason") == "host-signal"
                return End.LIMIT if signal else End.STOPPED
            if event and event["event"] == "GUEST_PANICKED":
                return End.CRASHED
            if output.flooded:
                return End.FLOODED
            if event is None and self._probe_is_done(qmp, deadline):
                return End.FINISHED
        return End.TIMED_OUT

    def _probe_is_done(self, qmp: Qmp, deadline: float) -> bool:
        """Looks at the state word of a firmware that takes no jobs, and so does not stop by
        itself.
        """
        if self.probe is None or self.request.job is not None:
            return False
        place = self.probe.address + STATE_OFFSET
        line = f"xp /1wx {place:#x}"
        text = qmp.command("human-monitor-command", deadline, **{"command-line": line})
        word = str(text).strip().rpartition(" ")[2]
        return word in {"0x00000002", "0x00000003"}

    def _program_counter(self, qmp: Qmp) -> int | None:
        deadline = time.monotonic() + START_SECONDS
        qmp.command("stop", deadline)
        line = {"command-line": "info registers"}
        text = str(qmp.command("human-monitor-command", deadline, **line))
        match = re.search(r"(?:R15=|^ *pc +)([0-9a-f]{8})", text, re.MULTILINE)
        return int(match[1], 16) if match else None

    def _read_probe(self, qmp: Qmp) -> bytes | None:
        if self.probe is None or not self.probe.size:
            return None
        path = self.folder / "memory"
        deadline = time.monotonic() + START_SECONDS
        qmp.command("stop", deadline)
        size = min(self.probe.size, FILE_LIMIT)
        place = {"val": self.probe.address, "size": size, "filename": str(path)}
        qmp.command("pmemsave", deadline, **place)
        return path.read_bytes()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Ask QEMU to end, so that the plugin writes its answer."""
        if process.poll() is None and self.request.watch:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
        if process.poll() is None:
            process.kill()
        process.wait()

    def _corrected(self, end: End, status: int) -> End:
        """QEMU that is gone by a signal or with a complaint did not run the firmware to its end."""
        if end is not End.EXITED:
            return end
        complained = status == 1 and f"{self.request.machine.program}: " in self._errors()
        return End.CRASHED if status < 0 or complained else end

    def _errors(self) -> str:
        lines = (self.folder / "stderr").read_text(errors="replace")[-20_000:].splitlines()
        return "\n".join(line for line in lines if not _CHATTER.search(line))

    def _messages(self) -> str:
        lines = [line.strip() for line in self._errors().splitlines() if line.strip()]
        return lines[0][:300] if lines else ""

    def _semihosting_output(self) -> bytes:
        path = self.folder / "semihosting"
        if not path.exists():
            return b""
        with path.open("rb") as stream:
            return stream.read(self.request.limits.output)

    def _profile(self) -> Profile | None:
        return read(self.folder / "profile") if self.request.watch else None

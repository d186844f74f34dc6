"""Making a target runnable: adapters are built into a cache that is keyed by their sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from litbench.errors import MissingToolError, UsageError
from litbench.record import Scalar
from litbench.targets import firmware, sources
from litbench.targets.cache import SKIPPED, cache_folder, digest_of, locked
from litbench.targets.manifest import Target, adapters_folder

BUILD_TIMEOUT_S = 1800


@dataclass(frozen=True)
class Adapter:
    """A target that can be run: its command, its environment, and what it was built from.

    ``readings`` is what each of its records says of the build, ``warning`` what the user is told.
    """

    target: Target
    command: tuple[str, ...]
    digest: str
    environment: dict[str, str] = field(default_factory=dict)
    readings: dict[str, Scalar] = field(default_factory=dict)
    warning: str = ""


def build(target: Target) -> Adapter:
    """The target, built if its sources are not in the cache yet.

    Raises MissingToolError when the machine cannot build it.
    """
    match target.tool:
        case "cargo":
            return _build_cargo(target)
        case "pip":
            return _build_pip(target)
        case "firmware":
            return _build_firmware(target)
        case "none":
            return _ready(target)
        case other:
            raise UsageError(f"{target.folder / 'targets.toml'}: no build tool {other!r}")


def is_built(target: Target) -> bool:
    """Whether ``build`` would find the target in the cache."""
    match target.tool:
        case "cargo":
            return (_cargo_folder(target) / f"{target.entry.package}.built").exists()
        case "pip":
            requirements = target.entry.requirements
            return not requirements or (_pip_folder(target) / "built").exists()
        case "firmware":
            return firmware.is_settled(_firmware_name(target))
        case _:
            return True


def _ready(target: Target) -> Adapter:
    command = tuple(sys.executable if w == "python" else w for w in target.entry.command)
    program = shutil.which(command[0], path=f"{target.folder}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        raise MissingToolError(
            command[0],
            cost=f"{target.name} cannot be measured",
            cure="Check `command` of the target, or build the program first.",
        )
    found = Path(program)
    words = (str(found), *(_absolute(target.folder, word) for word in command[1:]))
    return Adapter(target, words, _digest_of_program(words), environment=_library())


def _build_firmware(target: Target) -> Adapter:
    """The command with the firmware that was built here, else the one that comes with litbench."""
    made = firmware.prepare(_firmware_name(target))
    ready = _ready(target)
    command = (*ready.command[:-1], str(made.path))
    return replace(
        ready,
        command=command,
        digest=_digest_of_program(command),
        readings={"firmware": made.origin},
        warning=made.warning,
    )


def _firmware_name(target: Target) -> str:
    return Path(target.entry.command[-1]).stem


def _library() -> dict[str, str]:
    """An adapter in Python finds ``litbench_adapter`` with whatever interpreter it is run."""
    paths = (str(adapters_folder() / "python"), os.environ.get("PYTHONPATH", ""))
    return {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _absolute(folder: Path, word: str) -> str:
    """A word of a command that names a file of the adapter, as an absolute path."""
    return str(folder / word) if "." in word and (folder / word).is_file() else word


def _digest_of_program(words: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for word in words:
        path = Path(word)
        digest.update(path.read_bytes() if path.is_file() else word.encode())
    return digest.hexdigest()


def _cargo_folder(target: Target) -> Path:
    key = digest_of(target.folder)
    if target.source is not None:
        parts = [key, *(digest_of(target.folder / name) for name in target.beside)]
        parts.append(sources.revision(target))
        if target.checkout is not None:
            parts += [str(target.checkout), sources.digest(target.checkout)]
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return cache_folder() / "cargo" / key[:16]


def _cargo_target() -> Path:
    """Where cargo keeps its objects: one folder for all versions, so dependencies build once."""
    return cache_folder() / "cargo" / "target"


def _build_cargo(target: Target) -> Adapter:
    folder = _cargo_folder(target)
    package = target.entry.package
    program = folder / "bin" / target.entry.command[0]
    with locked(folder):
        if not is_built(target):
            _run_cargo(target, folder)
            (folder / "bin").mkdir(exist_ok=True)
            for path in (_cargo_target() / "release").glob("litbench-*"):
                if path.suffix == "" and path.is_file():
                    shutil.copy2(path, folder / "bin" / path.name)
            (folder / f"{package}.built").touch()
    command = (str(program), *target.entry.command[1:])
    return Adapter(target, command, digest=folder.name)


def _run_cargo(target: Target, folder: Path) -> None:
    cargo = shutil.which("cargo")
    if cargo is None:
        raise MissingToolError(
            "cargo",
            cost=f"{target.name} cannot be built",
            cure="Install Rust with rustup (see rust-lang.org), or `apt install cargo`.",
        )
    command = [cargo, "build", "--release", "-p", target.entry.package]
    command += ["--target-dir", str(_cargo_target())]
    environment = {**os.environ, "CARGO_TERM_COLOR": "never"}
    where = target.folder
    if target.source is not None:
        environment["LITBENCH_SOURCE_REVISION"] = sources.revision(target)
        environment.setdefault("CARGO_NET_RETRY", "1")
    if target.checkout is not None:  # whose own dependencies the lock file may not have
        where = sources.stage(target, folder / "sources", SKIPPED)
    else:
        command.append("--locked")
    log = folder / f"{target.entry.package}.log"
    _run_build(command, target, environment, log, where)


def _pip_folder(target: Target) -> Path:
    key = hashlib.sha256()
    for word in (sys.version, sys.executable, *target.entry.requirements):
        key.update(word.encode() + b"\0")
    return cache_folder() / "python" / key.hexdigest()[:16]


def _build_pip(target: Target) -> Adapter:
    interpreter = Path(sys.executable)
    digest = digest_of(target.folder)
    if target.entry.requirements:
        folder = _pip_folder(target)
        interpreter = folder / "venv" / "bin" / "python"
        with locked(folder):
            if not is_built(target):
                _run_pip(target, folder, interpreter)
                (folder / "built").touch()
    words = tuple(str(interpreter) if w == "python" else w for w in target.entry.command)
    environment = {"PYTHONPATH": str(target.folder)}
    return Adapter(target, words, digest=digest[:16], environment=environment)


def _run_pip(target: Target, folder: Path, interpreter: Path) -> None:
    venv = [sys.executable, "-m", "venv", "--clear", str(folder / "venv")]
    _run_build(venv, target, dict(os.environ), log=folder / "venv.log")
    pip = [str(interpreter), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    pip += list(target.entry.requirements)
    _run_build(pip, target, dict(os.environ), log=folder / "pip.log")


def _run_build(
    command: list[str],
    target: Target,
    environment: dict[str, str],
    log: Path,
    where: Path | None = None,
) -> None:
    """Run a build with its output in ``log``; its last lines are the cause when it fails."""
    with log.open("wb") as output:
        try:
            result = subprocess.run(
                command,
                cwd=where or target.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=BUILD_TIMEOUT_S,
                check=False,
            )
            status = f"status {result.returncode}"
        except subprocess.TimeoutExpired:
            status = f"no end after {BUILD_TIMEOUT_S} s"
        else:
            if result.returncode == 0:
                return
    if _cannot_fetch(target, log):
        assert target.source is not None
        raise MissingToolError(
            f"the source of {target.name}",
            cost=f"{target.source.repository} cannot be fetched from here ({status}; log: {log})",
            cure=f"Give a checkout of it: {target.cure}",
        )
    raise MissingToolError(
        f"a build of {target.name}",
        cost=f"`{Path(command[0]).name} {command[1]}` failed ({status}): {_last_error(log)}",
        cure=_cure(log),
    )


def _cannot_fetch(target: Target, log: Path) -> bool:
    """Whether a build failed because the target's source could not be had."""
    if target.source is None or target.checkout is not None:
        return False
    text = log.read_text(encoding="utf-8", errors="replace")
    return f"unable to update {target.source.repository}" in text


def _last_error(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    telling = [line.strip() for line in lines if line.strip().lower().startswith("error")]
    return (telling or [line.strip() for line in lines if line.strip()] or ["no output"])[0]


def _cure(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").lower()
    offline = ("network", "resolve host", "connection", "offline", "download", "registry", "index")
    if any(word in text for word in offline):
        return f"It needs a package registry: check the network or the proxy; log: {log}"
    return f"The whole output is in {log}"

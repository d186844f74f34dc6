"""Finding and running the tools: bounded output, typed errors, no shell."""

from __future__ import annotations

import contextlib
import functools
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from litbench.errors import LitbenchError
from litbench.instruments.base import Obstacle

OUTPUT_LIMIT = 64 << 20
LINE_LIMIT = 1 << 20
TIMEOUT_S = 300.0


class ToolError(LitbenchError):
    """A tool ran and failed, or what it printed makes no sense."""

    exit_code = 4


def installed(tool: str, package: str, cost: str) -> Obstacle | None:
    """An obstacle when ``tool`` is not on the path; ``package`` is where Debian has it."""
    if shutil.which(tool):
        return None
    return Obstacle(f"{tool} is not installed", cost, f"Try `apt install {package}`.")


@functools.cache
def version_of(tool: str, *arguments: str) -> str:
    """The last word of what ``TOOL --version`` prints first; empty when it does not run."""
    try:
        text = output_of([tool, *(arguments or ("--version",))], timeout=10)
    except ToolError:
        return ""
    words = text.decode("utf-8", "replace").strip().splitlines()[:1]
    return words[0].split()[-1].removeprefix("valgrind-") if words and words[0].split() else ""


def output_of(
    command: Sequence[str],
    *,
    timeout: float = TIMEOUT_S,
    environment: Mapping[str, str] | None = None,
    accept: Sequence[int] = (0,),
) -> bytes:
    """What a tool prints on stdout. Raises ToolError when it fails, hangs or floods."""
    try:
        result = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            env=dict(environment) if environment is not None else None,
            check=False,
        )
    except OSError as error:
        raise ToolError(f"{command[0]} does not run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{command[0]} did not finish within {timeout:g} s") from error
    if result.returncode not in accept:
        said = result.stderr.decode("utf-8", "backslashreplace").strip()[-300:]
        raise ToolError(f"{Path(command[0]).name} failed with {result.returncode}: {said}")
    if len(result.stdout) > OUTPUT_LIMIT:
        raise ToolError(f"{command[0]} printed more than {OUTPUT_LIMIT >> 20} MiB")
    return result.stdout


@contextlib.contextmanager
def lines_of(
    command: Sequence[str], errors: Path, source: Path | None = None
) -> Iterator[Iterator[bytes]]:
    """A tool's stdout, line by line, in bounded memory; its stderr goes to the file ``errors``.

    ``source`` is its standard input. The tool is killed when the reader has had enough.
    """
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(errors.open("wb"))
        given = stack.enter_context(source.open("rb")) if source else subprocess.DEVNULL
        try:
            process = subprocess.Popen(
                list(command), stdin=given, stdout=subprocess.PIPE, stderr=log
            )
        except OSError as error:
            raise ToolError(f"{command[0]} does not run: {error.strerror}") from error
        try:
            assert process.stdout is not None
            yield bounded_lines(process.stdout)
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def bounded_lines(file: object) -> Iterator[bytes]:
    """The lines of a binary file, without their ends; what exceeds ``LINE_LIMIT`` is cut off."""
    readline = file.readline  # type: ignore[attr-defined]
    while line := readline(LINE_LIMIT):
        if line.endswith(b"\n"):
            yield line[:-1]
            continue
        yield line
        while (rest := readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
            pass


def is_elf(path: Path) -> bool:
    """Whether a file is an ELF."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


@functools.cache
def symbols_of(path: str) -> frozenset[str]:
    """Names of the dynamic symbols of an ELF; empty when it has none."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    names: set[str] = set()
    try:
        with Path(path).open("rb") as file:
            section = ELFFile(file).get_section_by_name(".dynsym")
            if isinstance(section, SymbolTableSection):
                names.update(symbol.name for symbol in section.iter_symbols())
    except (OSError, ELFError, ValueError, KeyError, AssertionError):
        return frozenset(names)
    return frozenset(names)


def program_path(command: Sequence[str]) -> Path:
    """The file that a command runs."""
    return Path(shutil.which(command[0]) or command[0]).resolve()

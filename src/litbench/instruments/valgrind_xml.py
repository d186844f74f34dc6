"""The XML of valgrind's error tools (protocol version 4), read as it streams, without entities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from litbench.errors import InputError
from litbench.instruments.frames import UNKNOWN, Frame, readable

CHUNK = 1 << 16
ERRORS_LIMIT = 20_000
TEXT_LIMIT = 10_000
FRAMES_LIMIT = 500


@dataclass
class Found:
    """One error: its kind, what valgrind says of it, and its stacks (innermost frame first)."""

    kind: str = ""
    texts: list[str] = field(default_factory=list)
    stacks: list[list[Frame]] = field(default_factory=list)
    leaked_bytes: int = 0
    leaked_blocks: int = 0
    unique: str = ""


@dataclass
class Errors:
    """All errors of a file; ``counts`` has how often each happened, ``whole`` that it was ended."""

    found: list[Found] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    whole: bool = False


def read_errors(path: Path) -> Errors:
    """The errors in a file; one that is cut off gives those before the cut.

    Raises InputError when it is not XML at all, declares a document type, or is beyond limits.
    """
    reader = _Reader(path)
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                reader.parser.Parse(chunk, False)
        reader.parser.Parse(b"", True)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except expat.ExpatError as error:
        if not reader.root:
            offset = reader.parser.ErrorByteIndex
            raise InputError(path, f"not valgrind XML: {error}", offset=offset) from error
    except ValueError as error:
        offset = reader.parser.CurrentByteIndex
        raise InputError(path, f"malformed valgrind XML: {error}", offset=offset) from error
    return reader.errors


class _Reader:
    """Handlers of an expat parser that collect errors."""

    def __init__(self, path: Path) -> None:
        self.errors = Errors()
        self.root = ""
        self._path = path
        self._text: list[str] = []
        self._size = 0
        self._stack_of_tags: list[str] = []
        self._now: Found | None = None
        self._frame: dict[str, str] = {}
        self._pair: dict[str, str] = {}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _refuse(self, *_: object) -> None:
        raise InputError(self._path, "a document type declaration, which valgrind never writes")

    def _start(self, tag: str, _: dict[str, str]) -> None:
        if not self._stack_of_tags:
            self.root = tag
            if tag != "valgrindoutput":
                raise InputError(self._path, f"the root is {tag!r}, not valgrindoutput")
        if len(self._stack_of_tags) > 32:
            raise InputError(self._path, "elements nested deeper than valgrind does")
        self._stack_of_tags.append(tag)
        self._text, self._size = [], 0
        if tag == "error":
            self._now = Found()
        elif tag == "stack" and self._now is not None:
            self._now.stacks.append([])
        elif tag == "frame":
            self._frame = {}
        elif tag == "pair":
            self._pair = {}

    def _data(self, text: str) -> None:
        if self._size < TEXT_LIMIT:
            self._text.append(text[: TEXT_LIMIT - self._size])
            self._size += len(text)

    def _end(self, tag: str) -> None:
        self._stack_of_tags.pop()
        text = "".join(self._text).strip()
        parent = self._stack_of_tags[-1] if self._stack_of_tags else ""
        self._text = []
        if parent == "frame":
            self._frame[tag] = text
        elif parent == "pair":
            self._pair[tag] = text
        elif tag == "pair" and parent == "errorcounts":
            unique, count = self._pair.get("unique", ""), self._pair.get("count", "0")
            self.errors.counts[unique] = int(count)
        elif tag == "valgrindoutput":
            self.errors.whole = True
        elif self._now is not None:
            self._end_in_error(self._now, tag, text)

    def _end_in_error(self, now: Found, tag: str, text: str) -> None:
        match tag:
            case "kind":
                now.kind = text
            case "unique":
                now.unique = text
            case "what" | "text" | "auxwhat":
                now.texts.append(text)
            case "leakedbytes":
                now.leaked_bytes = int(text)
            case "leakedblocks":
                now.leaked_blocks = int(text)
            case "frame":
                if now.stacks and len(now.stacks[-1]) < FRAMES_LIMIT:
                    now.stacks[-1].append(_frame(self._frame))
            case "error":
                if len(self.errors.found) < ERRORS_LIMIT:
                    self.errors.found.append(now)
                self._now = None


def _frame(parts: dict[str, str]) -> Frame:
    folder, file = parts.get("dir", ""), parts.get("file", "")
    name = readable(parts["fn"]) if parts.get("fn") else UNKNOWN
    line = int(parts.get("line", "0") or 0)
    return Frame(name, f"{folder}/{file}" if folder and file else file, line, parts.get("obj", ""))


def stacks_of(errors: Errors) -> Iterator[list[Frame]]:
    """Every stack of every error."""
    for found in errors.found:
        yield from found.stacks

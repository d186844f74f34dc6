"""The store: SQLite in WAL mode, one row a run, committed when the run ends.

A ``kill -9`` at any moment loses at most the run in progress, and several processes may use one
store at a time. Records are immutable: there is no update.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import msgspec

from litbench.errors import InputError, UsageError
from litbench.record import Record, Scalar, decode, encode

SCHEMA = 1
BUSY_MS = 30_000

_TABLES = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, started TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    id TEXT PRIMARY KEY, session TEXT NOT NULL, started TEXT NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, workload TEXT NOT NULL, status TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_by_session ON records (session);
"""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One invocation that made records: its command line and the plan's settings."""

    id: str
    started: str
    command: tuple[str, ...]
    version: str
    settings: dict[str, Scalar] = msgspec.field(default_factory=dict)


def default_path() -> Path:
    """Where runs are kept: ``$LITBENCH_STORE``, else ``.litbench/store.sqlite`` here."""
    return Path(os.environ.get("LITBENCH_STORE") or ".litbench/store.sqlite")


class Store:
    """An open store. Use it as a context manager, in the thread that opened it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path | None = None, *, create: bool = True) -> Store:
        """The store at ``path`` (see ``default_path``).

        Raises UsageError when there is none and it is not to be created, InputError when the file
        is not a litbench store or is from a newer litbench.
        """
        path = path or default_path()
        if not create and not path.exists():
            raise UsageError(f"no runs are kept at {path}: make some with `litbench run`")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise InputError(path, f"cannot open the store: {error}") from error
        try:
            _prepare(connection, path)
        except sqlite3.Error as error:
            connection.close()
            raise InputError(path, f"not a litbench store: {error}") from error
        except InputError:
            connection.close()
            raise
        return cls(path, connection)

    @property
    def artifacts(self) -> Path:
        """The folder of the files that runs left; an artifact's path is relative to it."""
        return self.path.parent / "artifacts"

    def add_session(self, session: Session) -> None:
        """Keep what an invocation was asked to do."""
        row = (session.id, session.started, msgspec.json.encode(session))
        self._connection.execute("INSERT INTO sessions VALUES (?, ?, ?)", row)

    def add(self, record: Record) -> None:
        """Keep a run; it is durable against a kill of this process when this returns."""
        row = (
            record.id,
            record.session,
            record.started,
            record.kind,
            record.subject.name,
            record.workload.name,
            record.status,
            encode(record),
        )
        self._connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def sessions(self) -> list[Session]:
        """All sessions, oldest first."""
        rows = self._connection.execute("SELECT body FROM sessions ORDER BY started, id")
        return [msgspec.json.decode(body, type=Session) for (body,) in rows]

    def records(self, session: str | None = None) -> Iterator[Record]:
        """All records, or those of one session, in the order in which they began."""
        query = "SELECT id, body FROM records"
        if session is None:
            rows = self._connection.execute(f"{query} ORDER BY started, id")
        else:
            rows = self._connection.execute(
                f"{query} WHERE session = ? ORDER BY started, id", (session,)
            )
        for identifier, body in rows:
            yield decode(body, source=f"{self.path}: record {identifier}")

    def count(self, session: str) -> int:
        """How many records a session has."""
        row = self._connection.execute(
            "SELECT count(*) FROM records WHERE session = ?", (session,)
        ).fetchone()
        return int(row[0])

    def find(self, what: str) -> list[Record]:
        """The records that ``what`` names.

        ``last`` is the newest session that has records, ``all`` everything; otherwise a session
        or a record by its identifier or the beginning of one. Raises UsageError when nothing or
        more than one thing fits.
        """
        if what == "all":
            return list(self.records())
        if what == "last":
            newest = self._connection.execute(
                "SELECT session FROM records ORDER BY started DESC, id DESC LIMIT 1"
            ).fetchone()
            if newest is None:
                raise UsageError(f"no runs are kept at {self.path}: make some with `litbench run`")
            return list(self.records(newest[0]))
        return self._find_by_prefix(what)

    def _find_by_prefix(self, what: str) -> list[Record]:
        pattern = _glob_prefix(what)
        sessions = self._connection.execute(
            "SELECT DISTINCT session FROM records WHERE session GLOB ?", (pattern,)
        ).fetchall()
        if len(sessions) == 1:
            return list(self.records(sessions[0][0]))
        bodies = self._connection.execute(
            "SELECT body FROM records WHERE id GLOB ? LIMIT 2", (pattern,)
        ).fetchall()
        if not sessions and len(bodies) == 1:
            return [decode(bodies[0][0], source=f"{self.path}: record {what}")]
        problem = "names more than one run" if sessions or bodies else "names no run"
        raise UsageError(f"{what!r} {problem} in {self.path}: see `litbench list runs`")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA:
        problem = f"made by a newer litbench (schema {version}): upgrade litbench to read it"
        raise InputError(path, problem)
    if version == SCHEMA:
        return
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] and version == 0:
        known = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if not known & {"records", "sessions"}:
            raise InputError(path, "a SQLite file, but not a litbench store")
    connection.execute("PRAGMA journal_mode = WAL")
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")


def _glob_prefix(text: str) -> str:
    """A GLOB pattern for what begins with ``text``, whose own wildcards are taken literally."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in text) + "*"

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import msgspec
import pytest

from litbench.errors import InputError, UsageError
from litbench.record import new_id
from litbench.records_file import read_records, write_records
from litbench.store import SCHEMA, Session, Store
from tests.unit.test_record import a_record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "store.sqlite"


def test_what_is_added_is_found_again(path: Path) -> None:
    with Store.open(path) as store:
        store.add(a_record(id="a1", session="s1"))
        store.add(a_record(id="b2", session="s2", started="2027"))
    with Store.open(path, create=False) as store:
        assert [r.id for r in store.records()] == ["a1", "b2"]
        assert [r.id for r in store.find("last")] == ["b2"]
        assert [r.id for r in store.find("all")] == ["a1", "b2"]
        assert [r.id for r in store.find("s1")] == ["a1"]
        assert [r.id for r in store.find("b")] == ["b2"]
        assert store.count("s1") == 1


@pytest.mark.parametrize("what", ["zzz", "s", "*", "[a-z]1"])
def test_a_name_that_fits_nothing_or_too_much_is_refused(path: Path, what: str) -> None:
    with Store.open(path) as store:
        store.add(a_record(id="a1", session="s1"))
        store.add(a_record(id="a2", session="s2"))
        with pytest.raises(UsageError, match="list runs"):
            store.find(what)


def test_a_record_is_added_once(path: Path) -> None:
    with Store.open(path) as store:
        store.add(a_record())
        with pytest.raises(sqlite3.IntegrityError):
            store.add(a_record())


def test_no_store_says_how_to_make_one(path: Path) -> None:
    with pytest.raises(UsageError, match="litbench run"):
        Store.open(path, create=False)
    assert not path.parent.exists()


def test_an_empty_store_has_no_last(path: Path) -> None:
    with Store.open(path) as store, pytest.raises(UsageError, match="no runs are kept"):
        store.find("last")


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 99]
)
def test_what_is_no_store_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a litbench store"):
        Store.open(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(InputError, match="not a litbench store"):
        Store.open(path)


def test_a_newer_store_says_to_upgrade(path: Path) -> None:
    Store.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    connection.close()
    with pytest.raises(InputError, match="upgrade litbench"):
        Store.open(path)


def test_a_spoilt_record_names_itself(path: Path) -> None:
    with Store.open(path) as store:
        store.add(a_record(id="a1"))
    connection = sqlite3.connect(path)
    connection.execute("UPDATE records SET body = '{}'")
    connection.commit()
    connection.close()
    with Store.open(path) as store, pytest.raises(InputError, match="record a1"):
        list(store.records())


def test_many_writers_lose_nothing(path: Path) -> None:
    def write(session: str) -> None:
        with Store.open(path) as store:
            for _ in range(50):
                store.add(a_record(id=new_id(), session=session))

    writers = [threading.Thread(target=write, args=(f"s{i}",)) for i in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with Store.open(path) as store:
        assert sum(1 for _ in store.records()) == 200


def test_sessions_are_kept(path: Path) -> None:
    session = Session(id="s", started="2026", command=("litbench", "run"), version="0")
    with Store.open(path) as store:
        store.add_session(session)
        assert store.sessions() == [session]


def test_records_travel_through_files(tmp_path: Path) -> None:
    records = [a_record(id=str(i)) for i in range(3)]
    write_records(tmp_path / "runs.jsonl", records)
    assert read_records(tmp_path / "runs.jsonl") == records


def test_a_bad_line_in_a_file_is_named_by_its_offset(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    write_records(path, [a_record()])
    length = path.stat().st_size
    with path.open("ab") as file:
        file.write(b'{"id": 3}\n')
    with pytest.raises(InputError, match=f"offset {length:#x}"):
        read_records(path)


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_records(tmp_path / "none")


def test_the_sessions_settings_are_plain(path: Path) -> None:
    assert msgspec.json.decode(
        msgspec.json.encode(Session(id="s", started="", command=(), version=""))
    )

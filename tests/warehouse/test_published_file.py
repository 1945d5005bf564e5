"""What stands beside the published file, who holds it, and what cannot be replaced: the night publishes, and readers hear why not."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import durable
from pipelines.settings import place
from pipelines.upkeep import doctor
from pipelines.warehouse import database, query
from tests.making import City, Done, monthly
from tests.upkeep.test_operation import night

WRITER = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("SET wal_autocheckpoint = '1TB'")
connection.execute("UPDATE flags SET state = 'accepted'")
connection.execute("CREATE TABLE strangers AS SELECT 1")
print("there", flush=True)
sys.stdin.read()
os._exit(0)
"""


@pytest.fixture
def published(city: City) -> City:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    city.publish()
    return city


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Somebody has the file open for writing, and dies at the end without finishing."""
    path.chmod(0o644)
    arguments = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "there\n"
        yield
        process.stdin.close()  # type: ignore[union-attr] # a pipe


def rules(run: Done) -> set[str]:
    return {str(notice["rule_id"]) for notice in run.outcome.notices}


def has_strangers(path: Path) -> bool:
    with database.connect_published(path) as connection:
        return database.exists(connection, "strangers")


def test_the_published_file_carries_no_write_bit_and_is_replaced_all_the_same(published: City) -> None:
    for more in (None, "fuel/b.csv"):
        if more:
            published.bills(more, [("M1", "2021-03-01", "2021-04-01", 1, "L")])
            assert night(published).outcome.published
        assert not published.paths.published.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


def test_changes_that_a_writer_left_are_told_never_shown_and_set_aside(published: City) -> None:
    path = published.paths.published
    with held(path):
        pass
    assert database.wal_of(path).exists()
    with pytest.raises(query.QueryError, match="nightly"), query.opened(path):
        pass
    run = night(published)
    assert rules(run) == {"published_touched"} and not run.outcome.published
    assert not database.wal_of(path).exists() and not has_strangers(path)
    aside = next(published.paths.data.glob("touched-*.duckdb"))
    with duckdb.connect(str(aside), read_only=True) as connection:
        assert connection.execute("FROM strangers").fetchall() == [(1,)], "the evidence can still be opened"


@pytest.mark.parametrize("content", [b"", b"no log"])
def test_a_broken_log_beside_the_file_is_set_aside_too(published: City, content: bytes) -> None:
    database.wal_of(published.paths.published).write_bytes(content)
    published.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    run = night(published)
    assert run.outcome.published and "published_touched" in rules(run)
    database.connect_published(published.paths.published).close()


def test_a_file_that_somebody_holds_is_not_damaged_and_the_night_publishes(published: City) -> None:
    path = published.paths.published
    published.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    with held(path):
        database.wal_of(path).unlink(missing_ok=True)
        with pytest.raises(query.QueryError, match=r"PID \d+"), query.opened(path):
            pass
        told = next(c for c in doctor.examine(published.folder, None) if c.what_en == "published file")
        assert told.state == "bad" and "PID" in told.detail and "壊れていません" in told.detail
        run = night(published)
        assert run.outcome.published and rules(run) == {"published_in_use"}
    assert not list(published.paths.data.glob("unreadable-*")) and not has_strangers(path)
    assert rules(night(published)) == set()


def test_without_rights_to_read_it_the_night_says_so_and_sets_nothing_aside(
    published: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As DuckDB and the system say it; a test that runs as root reads everything."""
    path, connect = published.paths.published, database.connect

    def refused(*_: object) -> duckdb.DuckDBPyConnection:
        connection = connect()

        class Refusing:
            close = staticmethod(connection.close)

            @staticmethod
            def execute(statement: str) -> None:
                if statement.startswith("SET"):
                    return
                raise duckdb.IOException(f'IO Error: Cannot open file "{path}": Permission denied ({statement[:6]})')

        return Refusing()  # type: ignore[return-value] # what is asked of it here

    published.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    with monkeypatch.context() as patched:
        patched.setattr(database, "connect", refused)
        with pytest.raises(database.PublishedFileError, match="権限"):
            database.connect_published(path)
    real = database.connect_published
    refuse = [True]

    def first_refused(at: Path, *more: Any) -> duckdb.DuckDBPyConnection:
        if refuse and refuse.pop():
            raise database.PublishedFileError(at, "no_rights", "Permission denied")
        return real(at, *more)

    monkeypatch.setattr(database, "connect_published", first_refused)
    run = night(published)
    assert run.outcome.published and rules(run) == {"published_in_use"}
    assert not list(published.paths.data.glob("unreadable-*"))


def test_where_the_name_cannot_be_replaced_the_night_publishes_beside_and_the_next_run_tidies(
    published: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows does while somebody reads the file; tried here by a rename that raises what it raises there."""
    data, put = published.paths.data, durable.put
    held_name = data / place.NAME
    before = held_name.read_bytes()

    def refusing(part: Path, path: Path) -> None:
        if path == held_name:
            raise PermissionError(13, "The process cannot access the file", str(path))
        put(part, path)

    published.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    with monkeypatch.context() as patched:
        patched.setattr(durable, "put", refusing)
        first = night(published)
        assert first.outcome.published and rules(first) == {"published_beside"}
        assert held_name.read_bytes() == before, "whoever reads it goes on reading it"
        stands = published.paths.published
        assert (data / place.POINTER).read_text(encoding="ascii").strip() == stands.name != place.NAME
        with query.opened(stands) as connection:
            assert query.select(connection, "SELECT count(*) FROM current_readings")[1] == [(49,)]
        again = night(published)
        assert not again.outcome.published, "still held: what stands beside is the published file"
        published.bills("fuel/c.csv", [("M1", "2021-02-01", "2021-03-01", 1, "L")])
        second = night(published)
        assert second.outcome.published and published.paths.published != stands
        assert place.all_beside(data) == [published.paths.published], "no older one is left"
    assert not night(published).outcome.published
    assert published.paths.published == held_name and not (data / place.POINTER).exists()
    assert place.all_beside(data) == []
    with query.opened(held_name) as connection:
        assert query.select(connection, "SELECT count(*) FROM current_readings")[1] == [(50,)]


def test_a_pointer_left_by_a_run_that_died_hides_nothing_newer(published: City) -> None:
    data = published.paths.data
    older = data / place.name_beside("older")
    older.write_bytes((data / place.NAME).read_bytes())
    published.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    night(published)
    older.write_bytes(older.read_bytes() if older.exists() else b"older")
    (data / place.POINTER).write_text(older.name, encoding="ascii")
    assert not night(published).outcome.published
    assert published.paths.published == data / place.NAME and not older.exists()


@pytest.mark.parametrize("named", ["", "../x.duckdb", "emissions-gone.duckdb", "\udcff"])
def test_a_pointer_that_names_nothing_of_ours_is_passed_over(published: City, named: str) -> None:
    data = published.paths.data
    (data / place.POINTER).write_bytes(os.fsencode(named))
    assert published.paths.published == data / place.NAME
    assert not night(published).outcome.published
    assert not (data / place.POINTER).exists()


def test_a_check_of_doctor_that_ends_in_an_error_keeps_no_other_from_being_made(
    published: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("whatever")

    usual = [c.what_en for c in doctor.examine(published.folder, None)]
    monkeypatch.setattr("pipelines.upkeep.doctor._registers", broken)
    found = {c.what_en: c for c in doctor.examine(published.folder, None)}
    assert list(found) == usual and found["registers"].state == "bad" and "whatever" in found["registers"].detail

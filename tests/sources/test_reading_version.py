"""A changed reader: what could not be read is tried again, what was read stays, and no night stops for an archived original."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.sources import merging, parse, reading_version
from pipelines.sources.layouts import register
from pipelines.sources.open.open_file import Inbound
from pipelines.warehouse import database
from tests.making import City, monthly, nightly, rebuilt, rows_of

ALL = register.known


def states(city: City) -> dict[str, tuple[str, int]]:
    with database.connect_published(city.paths.published) as connection:
        return {row[0]: row[1:] for row in rows_of(connection, "SELECT path, status, rows_loaded FROM source_files")}


def without(name: str, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """A program that does not know a layout; its number of reading is another one."""
    monkeypatch.setattr(register, "known", lambda: tuple(layout for layout in ALL() if layout.name != name))
    monkeypatch.setattr(reading_version, "number", lambda: number)


@pytest.fixture
def waiting(city: City, monkeypatch: pytest.MonkeyPatch) -> City:
    """A city that has published, with a file that no layout fitted."""
    without("canonical_activity", monkeypatch, 1)
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    rows = "activity_source_id,started_on,ended_on,quantity,unit\nA1,2025-04-01,2025-05-01,3,t\n"
    city.file("works/b.csv", rows)
    nightly(city.paths)
    assert states(city)["b.csv"] == ("unreadable", 0)
    return city


def test_a_new_layout_finds_the_file_that_waited_for_it(waiting: City, monkeypatch: pytest.MonkeyPatch) -> None:
    read_before = {path: path.stat().st_mtime_ns for path in waiting.paths.parsed.glob("values-*")}
    monkeypatch.setattr(register, "known", ALL)
    monkeypatch.setattr(reading_version, "number", lambda: 2)
    night = nightly(waiting.paths)
    assert night.outcome.published and states(waiting)["b.csv"][0] == "read"
    assert [file.path for file in night.arrived.to_parse] == ["b.csv"], "what was read stays"
    assert read_before.items() <= {p: p.stat().st_mtime_ns for p in waiting.paths.parsed.glob("values-*")}.items()
    assert not nightly(waiting.paths).outcome.published, "nothing is new then"


def test_a_changed_reader_stops_no_night_where_originals_are_gone(
    waiting: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = states(waiting)
    for path in ("fuel/a.csv", "works/b.csv"):
        (waiting.folder / "inbox" / path).unlink()
    monkeypatch.setattr(register, "known", ALL)
    monkeypatch.setattr(reading_version, "number", lambda: 2)
    assert nightly(waiting.paths).outcome.published
    assert states(waiting) == before


def test_a_raised_version_reads_everything_again(waiting: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_version, "PARSER_VERSION", reading_version.PARSER_VERSION + 1)
    monkeypatch.setattr(reading_version, "number", lambda: 2)
    night = nightly(waiting.paths)
    assert {file.path for file in night.arrived.to_parse} == {"a.csv", "b.csv"}
    assert told(waiting) == []


def told(city: City) -> list[str]:
    """What a person is told of files that an older program read."""
    with database.connect_published(city.paths.published) as connection:
        return [
            row[0]
            for row in rows_of(connection, "SELECT message_en FROM findings WHERE rule_id = 'read_by_older_program'")
        ]


def raise_layout(monkeypatch: pytest.MonkeyPatch, layout: str = "canonical_readings") -> None:
    """A layout was changed, so that what was read by it would be read otherwise: here, ten times as much."""
    monkeypatch.setattr(reading_version, "RAISED", {layout: 1})
    monkeypatch.setattr(reading_version, "number", lambda: 3)
    real = parse.parse

    def tenfold(inbound: list[Inbound], connection: duckdb.DuckDBPyConnection, *more: object) -> object:
        made = real(inbound, connection, *more)  # type: ignore[arg-type]
        for table in ("read_cells", "plain_cells"):
            connection.execute(f"UPDATE {table} SET quantity = quantity * 10")
        return made

    monkeypatch.setattr(parse, "parse", tenfold)


def quantity(city: City) -> tuple[int, str]:
    """How many values count, and their sum."""
    with database.connect_published(city.paths.published) as connection:
        (row,) = rows_of(connection, "SELECT count(*), CAST(sum(quantity) AS VARCHAR) FROM current_readings")
        return row


def test_a_raised_layout_reads_its_own_files_again_and_no_others(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others of its batch stay as they were read; nothing counts twice, also once the batches are merged."""
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    rows = "activity_source_id,started_on,ended_on,quantity,unit\nA1,2025-04-01,2025-05-01,3,t\n"
    city.file("works/b.csv", rows)
    nightly(city.paths)
    assert quantity(city) == (48, "4800.000000")
    raise_layout(monkeypatch)
    night = nightly(city.paths)
    assert [file.path for file in night.arrived.to_parse] == ["a.csv"]
    assert quantity(city) == (48, "48000.000000") and told(city) == []
    monkeypatch.setattr(merging, "FAN_IN", 2)
    night.night.merge_parsed()
    rebuilt(city.paths)
    assert quantity(city) == (48, "48000.000000")
    merging.clear(city.paths.parsed, city.paths.history)
    rebuilt(city.paths)
    assert quantity(city) == (48, "48000.000000")
    assert not nightly(city.paths).outcome.published, "nothing is new"


def test_where_an_original_is_archived_its_values_stay_and_say_so(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """No night stops for a raised version, and the original is read once it is back."""
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    nightly(city.paths)
    original = city.folder / "inbox" / "fuel" / "a.csv"
    content = original.read_bytes()
    original.unlink()
    raise_layout(monkeypatch)
    assert nightly(city.paths).outcome.published
    assert quantity(city) == (48, "4800.000000")
    (sentence,) = told(city)
    assert "fuel/a.csv" in sentence and "1 file(s)" in sentence
    rebuilt(city.paths)
    assert quantity(city) == (48, "4800.000000") and told(city) == [sentence]
    original.write_bytes(content)
    assert nightly(city.paths).outcome.published
    assert quantity(city) == (48, "48000.000000") and told(city) == []

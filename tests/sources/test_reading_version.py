"""A changed reader: what could not be read is tried again, what was read stays, and no night stops for an archived original."""

from __future__ import annotations

import pytest

from pipelines.sources import reading_version
from pipelines.sources.layouts import register
from pipelines.warehouse import database
from tests.making import City, monthly, nightly, rows_of

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
    assert [file.path for file in night.scan.to_parse] == ["b.csv"] if night.scan else False, "what was read stays"
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
    assert night.scan and {file.path for file in night.scan.to_parse} == {"a.csv", "b.csv"}

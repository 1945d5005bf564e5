"""What a power cut may leave of each kind of kept file: nothing of it, half of it, no file. Mended by itself, or told; never for ever."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import durable
from pipelines.history import kept
from pipelines.history.journal import HistoryLostError
from pipelines.history.records import History
from tests.making import City, first_of, monthly, one
from tests.upkeep.test_operation import night

LEFT: dict[str, Callable[[bytes], bytes | None]] = {
    "empty": lambda _: b"",
    "torn": lambda content: content[: len(content) // 2],
    "absent": lambda _: None,
}
# what of a path: the night mends it by itself and says by which rule, if any
MENDED = {
    "emissions.duckdb": "published_unreadable",
    "history/published_facility_years/*.parquet": "kept_file_rewritten",
    "history/published_verdicts/*.parquet": "kept_file_rewritten",
    "history/kept/registers/meters/*.csv": None,
    "parsed/checked.json": None,
    "parsed/seen.json": None,
    "parsed/files-*.parquet": "parsed_damaged",
    "parsed/values-*.parquet": "parsed_damaged",
    "parsed/rejects-*.parquet": "parsed_damaged",
    "parsed/hashes-*.json": None,
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city with two publications."""
    city = City(tmp_path_factory.mktemp("sound") / "city")
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    night(city)
    city.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    night(city)
    return city


def leave(path: Path, how: str) -> None:
    content = LEFT[how](path.read_bytes())
    path.chmod(0o644)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


@pytest.mark.parametrize("pattern", MENDED)
@pytest.mark.parametrize("how", first_of(["torn", "empty"]))
def test_what_can_be_made_anew_is_made_anew_and_told(sound: City, tmp_path: Path, pattern: str, how: str) -> None:
    city = sound.copied(tmp_path / "city")
    path = sorted(city.paths.data.glob(pattern))[0]
    before = path.read_bytes()
    leave(path, how)
    city.bills("fuel/c.csv", [("M1", "2021-02-01", "2021-03-01", 1, "L")])
    run = night(city)
    told = {str(notice["rule_id"]) for notice in run.outcome.notices}
    assert run.outcome.published and told == ({MENDED[pattern]} if MENDED[pattern] else set())
    with city.built("readings") as made:
        assert one(made, "SELECT count(*) FROM current_readings") == 50
    assert kept.wrong(city.paths.history) == []
    if pattern.startswith("history/kept"):
        assert path.read_bytes() == before


@pytest.mark.parametrize("how", first_of(LEFT))
def test_a_lost_list_of_hashes_is_not_taken_for_whatever_stands_there(sound: City, tmp_path: Path, how: str) -> None:
    """The history has the hashes; a batch whose values changed under a lost list is damaged."""
    city = sound.copied(tmp_path / "city")
    hashes = sorted(city.paths.parsed.glob("hashes-*.json"))[0]
    leave(hashes, how)
    values = hashes.with_name(re.sub(r"hashes-(.*)\.json", r"values-\1.parquet", hashes.name))
    values.write_bytes(values.read_bytes() + b"\0")
    city.bills("fuel/c.csv", [("M1", "2021-02-01", "2021-03-01", 1, "L")])
    run = night(city)
    assert {str(notice["rule_id"]) for notice in run.outcome.notices} == {"parsed_damaged"}


def test_totals_that_nothing_can_make_anew_stop_the_night_by_name_and_a_new_history_goes_on(
    sound: City, tmp_path: Path
) -> None:
    city = sound.copied(tmp_path / "city")
    totals = sorted((city.paths.history / "published_facility_years").glob("*.parquet"))[0]
    leave(totals, "torn")
    leave(city.paths.published, "torn")
    city.bills("fuel/c.csv", [("M1", "2021-02-01", "2021-03-01", 1, "L")])
    with pytest.raises(HistoryLostError, match=totals.name):
        night(city)
    History(city.paths.history).begin_anew(city.paths.published, "電源断", "test", city.paths.now())
    assert night(city).outcome.published


def test_only_one_place_writes_and_renames() -> None:
    """Whatever is kept goes through durable: a new place that renames or writes by itself is seen here."""
    root = Path(durable.__file__).parent
    own = re.compile(r"\bos\.(replace|rename)\(|\.(rename|replace)\((?!\")[a-z_.]+\)|\.write_(text|bytes)\(")
    allowed = {
        "durable.py",
        "upkeep/doctor.py",
        "sources/open/lines.py",
        "process/child.py",
    }  # a probe, copies in tmp/, a knob of the system
    found = {
        f"{path.relative_to(root)}:{number}"
        for path in root.rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if own.search(line) and path.relative_to(root).as_posix() not in allowed
    }
    assert found == set()

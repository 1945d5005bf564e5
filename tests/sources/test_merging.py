"""``parsed/`` stays small in number: many small batches become one, nothing of them is lost or counted twice."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.history import kept
from pipelines.sources import merging, parsed_store
from pipelines.upkeep import tidy
from pipelines.warehouse import database
from tests.making import City, one, rows_of
from tests.upkeep.test_operation import night

STATE = "SELECT meter_id, started_at, quantity, source_line FROM readings ORDER BY ALL"
FILES = "SELECT path, status, rows_received, rows_loaded, rows_quarantined FROM source_files ORDER BY ALL"
# merges and dies at the given write or rename
KILLED = """
import os, sys
from pathlib import Path
from pipelines import durable
from pipelines.sources import merging
from pipelines.warehouse import database

move, count, at = durable.move, 0, int(sys.argv[2])

def dying(path, target):
    global count
    count += 1
    if count == at:
        os._exit(9)
    move(path, target)

durable.move = dying
merging.merge(database.connect(), Path(sys.argv[1]))
"""


def rows(number: int) -> list[tuple[object, ...]]:
    day = date(2026, 4, 1) + timedelta(days=number)
    return [("M1", day, day + timedelta(days=1), number + 1, "L"), ("M1", day, "someday", "x", "L")]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> City:
    """Eight nights with a file each."""
    city = City(tmp_path_factory.mktemp("many") / "city")
    for number in range(merging.FAN_IN):
        city.bills(f"fuel/{number}.csv", rows(number))
        night(city)
    return city


def tables(city: City) -> tuple[list[Any], list[Any]]:
    with database.connect_published(city.paths.published) as made:
        return rows_of(made, STATE), rows_of(made, FILES)


def merged(city: City) -> list[str]:
    with database.connect() as connection:
        return merging.merge(connection, city.paths.parsed)


def test_eight_batches_become_one_and_every_table_stays_equal(many: City, tmp_path: Path) -> None:
    city = many.copied(tmp_path / "city")
    before, parsed = tables(city), city.paths.parsed
    assert len(parsed_store.batches_in_use(parsed)) == merging.FAN_IN
    made = merged(city)
    assert parsed_store.batches_in_use(parsed) == made and len(made) == 1
    assert merged(city) == [], "the old ones go first"
    city.bills("fuel/more.csv", rows(20))
    run = night(city)
    assert run.outcome.published and run.outcome.notices == []
    assert sorted(path.name for path in parsed.glob("files-*")) == sorted(
        f"files-{batch}.parquet" for batch in parsed_store.batches_in_use(parsed)
    )
    assert len(parsed_store.batches_in_use(parsed)) == 2 and not (parsed / parsed_store.REPLACED).exists()
    assert kept.wrong(city.paths.history) == [] and parsed_store.damaged(parsed, city.paths.history, wholly=True) == []
    (city.folder / "inbox" / "fuel" / "more.csv").rename(tmp_path / "more.csv")
    with city.built("readings") as rebuilt:
        assert rows_of(rebuilt, STATE)[: len(before[0])] == before[0]
        assert [row for row in rows_of(rebuilt, FILES) if row[0] != "more.csv"] == before[1]
        assert one(rebuilt, "SELECT count(*) FROM quarantine") == merging.FAN_IN + 1


@pytest.mark.parametrize("at", range(1, 8))
def test_a_death_while_merging_leaves_the_old_ones_or_the_new_one(many: City, tmp_path: Path, at: int) -> None:
    """Moves: the note, the hashes, then the four files."""
    city = many.copied(tmp_path / "city")
    before = tables(city)
    parsed = city.paths.parsed
    arguments = [sys.executable, "-c", KILLED, str(parsed), str(at)]
    died = subprocess.run(arguments, check=False, cwd=Path(__file__).parents[2], timeout=120).returncode
    assert died == (9 if at <= 6 else 0)
    assert len(parsed_store.batches_in_use(parsed)) == (merging.FAN_IN if at <= 6 else 1)
    run = night(city)
    assert not run.outcome.published and run.outcome.notices == []
    assert tables(city) == before and not (parsed / parsed_store.REPLACED).exists()
    assert not list(parsed.glob("*.part")) and tidy.look(city.paths) == []
    assert merged(city) != [] or at > 6


def test_a_merged_batch_that_is_damaged_gives_way_to_those_it_stood_for(many: City, tmp_path: Path) -> None:
    city = many.copied(tmp_path / "city")
    before = tables(city)
    made = merged(city)
    values = city.paths.parsed / f"values-{made[0]}.parquet"
    values.write_bytes(values.read_bytes()[:-10])
    run = night(city)
    assert {str(notice["rule_id"]) for notice in run.outcome.notices} == {"parsed_damaged"}
    assert len(parsed_store.batches_in_use(city.paths.parsed)) == merging.FAN_IN and tables(city) == before

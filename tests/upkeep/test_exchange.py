"""A restore killed at every rename: the next start finishes or undoes it, and never begins anew where a folder was."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.run import exchange
from pipelines.run.lock import AlreadyRunning
from pipelines.upkeep import backup, tidy
from tests.making import City, first_of, monthly, one
from tests.upkeep.test_operation import night

# restores the backup and dies at the given move, before or after it (a backup writes its note by a move, too)
KILLED = """
import os, sys
from pathlib import Path
from pipelines import durable
from pipelines.upkeep import backup
from pipelines.settings.city import CityFolder

folder, file, at, when = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
move, count = durable.move, 0

def dying(path, target):
    global count
    count += 1
    if count == at and when == "before":
        os._exit(9)
    move(path, target)
    if count == at:
        os._exit(9)

durable.move = dying
backup.restore(CityFolder(folder), file, over=True)
"""
MOVES = 3


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[City, Path]:
    """A city with a backup of its first night, and a second night since."""
    folder = tmp_path_factory.mktemp("grown")
    city = City(folder / "city")
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    night(city)
    file = folder / "first.tar"
    backup.back_up(city.paths, file)
    city.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    night(city)
    return city, file


def publications(city: City) -> int:
    with city.paths.published.open("rb"):
        pass
    from pipelines.warehouse import database

    with database.connect_published(city.paths.published) as connection:
        return int(one(connection, "SELECT count(*) FROM publications"))


def killed(city: City, file: Path, at: int, when: str) -> int:
    arguments = [sys.executable, "-c", KILLED, str(city.folder), str(file), str(at), when]
    return subprocess.run(arguments, check=False, cwd=Path(__file__).parents[2], timeout=120).returncode


@pytest.mark.parametrize("at", first_of([2, 1, *range(3, MOVES + 2)]))
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_move_the_next_night_has_one_whole_folder(
    grown: tuple[City, Path], tmp_path: Path, at: int, when: str
) -> None:
    city, file = grown[0].copied(tmp_path / "city"), grown[1]
    assert killed(city, file, at, when) == (9 if at <= MOVES else 0)
    was_moved = at > 2 or (at, when) == (2, "after")
    run = night(city)
    told = {str(notice["rule_id"]) for notice in run.outcome.notices}
    if at > MOVES or (at, when) == (1, "before"):
        assert told == set()
    else:
        assert told == {"restore_finished" if was_moved else "restore_undone"}
    # restored: the second file is new again and is published as the second publication; undone: the two stay
    assert run.outcome.published == was_moved and publications(city) == 2
    assert not exchange.is_under_way(city.paths.data)
    assert len(list(city.folder.glob(".data.before-*"))) == was_moved, "what stood there is kept"
    backup.restore(city.paths, file, over=True)
    assert publications(city) == 1


def test_where_no_data_folder_is_left_a_night_refuses_and_a_restore_goes_on(
    grown: tuple[City, Path], tmp_path: Path
) -> None:
    city, file = grown[0].copied(tmp_path / "city"), grown[1]
    data = city.paths.data
    data.rename(data.with_name(".data.before-20260601T090000"))
    with pytest.raises(exchange.HalfExchangedError, match="before-20260601T090000"):
        night(city)
    assert not data.exists(), "nothing was begun anew"
    backup.restore(city.paths, file)
    assert publications(city) == 1 and night(city).outcome.published
    assert [each.reason for each in tidy.look(city.paths)] == ["tidy_restored"]


def test_an_exchange_under_way_keeps_runs_out(grown: tuple[City, Path], tmp_path: Path) -> None:
    city = grown[0].copied(tmp_path / "city")
    data = city.paths.data
    shutil.copytree(data, exchange.fresh_of(data))
    data.with_name(".data.exchange.json").write_text('{"aside": ".data.before-x"}', encoding="utf-8")
    with exchange._alone(data), pytest.raises(AlreadyRunning):
        night(city)
    run = night(city)
    assert [str(notice["rule_id"]) for notice in run.outcome.notices] == ["restore_undone"]


def test_a_backup_that_fails_leaves_no_part(
    grown: tuple[City, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_add_all", full)
    with pytest.raises(OSError, match="No space"):
        backup.back_up(grown[0].paths, tmp_path / "b.tar")
    assert list(tmp_path.iterdir()) == []

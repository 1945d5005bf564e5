"""Whatever changes the data folder, killed at random moments: the next night completes, and nothing is lost, doubled or damaged.

KILLS: how many kills in all (8; ``make torture`` 200). KILL_TABLE: a file that the table of works is appended to.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from pipelines.upkeep import backup, doctor
from pipelines.warehouse import database
from tests import killing
from tests.making import City, monthly, one, rows_of
from tests.reference.test_editions import TEXT
from tests.run.test_faults import SEED, killed_after
from tests.upkeep.test_operation import command, night

KILLS = int(os.environ.get("KILLS", "8"))
SLIP = {(2024, 6): "0.1"}
SOURCE = {
    "activity_source_id": "A1",
    "facility_id": "F1",
    "activity": "waste_plastic",
    "unit": "t",
    "frequency": "month",
}
READINGS = "SELECT meter_id, started_at, quantity FROM current_readings ORDER BY ALL"
FREEZE = ("edition", "freeze", "--purpose", "審議会", "--fiscal-year", "2022", "--by", "P1", "--document")
# what is killed -> the words of the command; {n} is another number each time
WORKS: dict[str, tuple[str, ...]] = {
    "rebuild": (),
    "restore": ("restore", "{folder}/first.tar", "--over"),
    "backup": ("backup", "{folder}/backup-{n}.tar"),
    "edition freeze": (*FREEZE, "環第{n}号"),
    "review answer": ("review", "answer", "{flag}", "--by", "P3", "--text", "停止 {n}", "--data-are-right"),
    "factors import": ("factors", "import", "{folder}/list-{n}.txt", "--yes"),
    "collect": ("collect", "issue", "--fiscal-year", "2025", "--due", "2026-06-30", "--sender", "環境課", "--out", "{folder}/books"),
    "tidy": ("tidy", "--remove"),
}  # fmt: skip


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city after two nights, with a question, and a backup of the first of them."""
    city = City(tmp_path_factory.mktemp("grown") / "city")
    city.register("activity_sources", [SOURCE])
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda year, month: SLIP.get((year, month), 100)))
    night(city)
    backup.back_up(city.paths, city.folder / "first.tar")
    city.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    night(city)
    return city


@pytest.mark.parametrize("name", WORKS)
def test_killed_at_random_moments_it_loses_and_damages_nothing(grown: City, tmp_path: Path, name: str) -> None:
    city = grown.copied(tmp_path / "city")
    with database.connect_published(city.paths.published) as made:
        before = rows_of(made, READINGS)
        flag = str(one(made, "SELECT min(flag_id) FROM flags WHERE rule_id = 'unit_slip'"))
    moments = random.Random(f"{SEED}/{name}")
    usual, hits, tries = 0.0, 0, max(1, KILLS // len(WORKS)) + 1
    for number in range(tries):
        (city.folder / f"list-{number}.txt").write_text(f"{TEXT}{' ' * number}", encoding="utf-8")
        words = [word.format(folder=city.folder, flag=flag, n=number) for word in WORKS[name]]
        work = (killing.command, str(city.folder), *words) if words else (killing.rebuild_of, str(city.folder))
        begun = time.monotonic()
        if words and not number:
            assert command(city, *words)[0] == 0, "it does what it is to be killed at"
        else:
            hits += killed_after(moments.uniform(0, usual) if number else 120, *work)
        usual = usual or time.monotonic() - begun
        run = night(city)
        told = {str(notice["rule_id"]) for notice in run.outcome.notices}
        assert told <= {"restore_finished", "restore_undone"}, number
        with database.connect_published(city.paths.published) as made:
            assert rows_of(made, READINGS) == before, number
    found = {c.what_en: (c.state, c.detail) for c in doctor.examine(city.folder, None, deep=True) if c.state == "bad"}
    assert {what: told for what, told in found.items() if what != "package versions"} == {}
    assert not list(city.paths.parsed.glob("*.part"))
    if table := os.environ.get("KILL_TABLE"):
        with Path(table).open("a", encoding="utf-8") as stream:
            stream.write(f"{name}\ttried {tries}\tkilled at work {hits}\tlost 0\n")

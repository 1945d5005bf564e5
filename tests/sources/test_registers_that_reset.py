"""Registers that begin at 0 by themselves every day or month: what was used since, recomputed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.warehouse import database
from tests.making import City, rows_of
from tests.sources import made

LAYOUT = """
[layouts.counter]
record = "register"
header = ["計器", "日時", "積算"]
columns = { meter = "計器", date = "日時", quantity = "積算" }
reading_kind = "register"
slot_minutes = 1
resets = "RESETS"
"""
METER = {"meter_id": "R", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "register"}


def uses(folder: Path, resets: str, rows: list[str]) -> list[tuple[object, ...]]:
    city = City(folder, extra=LAYOUT.replace("RESETS", resets))
    city.register("meters", [METER]).file("power/a.csv", made.cp932("計器,日時,積算", *rows))
    with city.built("readings") as connection:
        found = rows_of(
            connection, "SELECT started_at, ended_at, quantity, rule_id FROM register_uses ORDER BY ended_at"
        )
    return [(f"{a:%d %H:%M}", f"{b:%d %H:%M}", quantity, rule) for a, b, quantity, rule in found]


def test_a_register_that_begins_anew_every_day(tmp_path: Path) -> None:
    rows = [
        "R,2024-04-01 08:00,3",
        "R,2024-04-01 24:00,10",
        "R,2024-04-02 12:00,4",
        "R,2024-04-02 18:00,4",
        "R,2024-04-04 24:00,7",
    ]
    assert uses(tmp_path / "c", "day", rows) == [
        ("01 00:00", "01 08:00", 3, None), ("01 08:00", "02 00:00", 7, None),  # 10 at midnight, 3 of them before 8
        ("02 00:00", "02 12:00", 4, None), ("02 12:00", "02 18:00", 0, None),  # from 18:00 on nobody knows
        ("04 00:00", "05 00:00", 7, None),
    ]  # fmt: skip


def test_a_register_that_begins_anew_every_month(tmp_path: Path) -> None:
    rows = ["R,2024-04-11 00:00,100", "R,2024-05-01 00:00,300", "R,2024-05-11 00:00,80"]
    assert uses(tmp_path / "c", "month", rows) == [
        ("01 00:00", "11 00:00", 100, None), ("11 00:00", "01 00:00", 200, None), ("01 00:00", "11 00:00", 80, None),
    ]  # fmt: skip


@pytest.mark.parametrize(("resets", "rule"), [("day", "register_went_back"), ("month", "register_went_back")])
def test_what_goes_back_within_its_day_or_month_is_told(tmp_path: Path, resets: str, rule: str) -> None:
    rows = ["R,2024-04-02 08:00,9", "R,2024-04-02 12:00,4"]
    assert uses(tmp_path / "c", resets, rows)[-1] == ("02 08:00", "02 12:00", None, rule)


# ---------------------------------------------------------------- reading days in files apart

LIST = """
[layouts.reading_days]
record = "register"
header = ["計器", "検針日", "使用量"]
columns = { meter = "計器", date = "検針日", quantity = "使用量" }
reading_kind = "register"
resets = "reading"
unit = "kWh"
"""
MONTHS = {"2024-04-10": 300, "2024-05-11": 310, "2024-06-10": 305, "2024-07-10": 295, "2024-08-09": 280}


def used(folder: Path, months: Mapping[str, object], most: int = 45) -> City:
    """A city that gets each month's list as a file of its own, the last month first."""
    city = City(folder, extra=LIST + f"[thresholds]\nreading_days_longest = {most}\n").register("meters", [METER])
    for number, (day, quantity) in enumerate(reversed(list(months.items()))):
        city.file(
            f"power/{day}.csv", made.cp932("計器,検針日,使用量", f"R,{day},{quantity}"), f"2026-06-0{number + 1} 09:00"
        )
    return city


def test_a_period_begins_at_the_reading_day_of_another_file(tmp_path: Path) -> None:
    with used(tmp_path / "c", MONTHS).built("energy") as made_file:
        found = rows_of(
            made_file,
            "SELECT CAST(started_at AS DATE), CAST(ended_at AS DATE), quantity FROM current_readings ORDER BY 1",
        )
        doubted = rows_of(made_file, "SELECT * FROM meter_doubts WHERE rule_id = 'register_turn_unchecked'")
    days = [date.fromisoformat(day) for day in MONTHS]
    assert found == [(a, b, MONTHS[str(b)]) for a, b in pairwise(days)], "the first month has nothing before it"
    assert doubted == [], "what is stated as used hides no turn of a register"


@pytest.mark.parametrize("gone", list(MONTHS)[1:-1])
def test_a_month_that_did_not_arrive_is_never_spread_over(tmp_path: Path, gone: str) -> None:
    city = used(tmp_path / "c", {day: quantity for day, quantity in MONTHS.items() if day != gone})
    with city.built("readings") as made_file:
        found = rows_of(made_file, "SELECT CAST(ended_at AS DATE) FROM current_readings")
        told = rows_of(made_file, "SELECT CAST(ended_at AS DATE), rule_id FROM register_uses WHERE rule_id IS NOT NULL")
    after = list(MONTHS)[list(MONTHS).index(gone) + 1]
    assert told == [(date.fromisoformat(after), "reading_days_apart")]
    assert date.fromisoformat(after) not in {day for (day,) in found} and len(found) == len(MONTHS) - 3


def test_the_usual_distance_decides_also_within_the_longest(tmp_path: Path) -> None:
    """Weekly readings of which one is missing: 14 days are less than the longest, and twice the usual."""
    first = date(2024, 4, 1)
    weeks: dict[str, object] = {str(first + timedelta(days=7 * n)): 70 for n in range(8) if n != 4}
    with used(tmp_path / "c", weeks).built("readings") as made_file:
        told = rows_of(
            made_file, "SELECT CAST(started_at AS DATE), rule_id FROM register_uses WHERE rule_id IS NOT NULL"
        )
    assert told == [(first + timedelta(days=21), "reading_days_apart")]


def test_a_reading_that_comes_again_under_another_date_is_never_counted_twice(tmp_path: Path) -> None:
    with used(tmp_path / "c", MONTHS | {"2024-06-11": 305}).built("readings") as made_file:
        told = rows_of(made_file, "SELECT CAST(ended_at AS DATE), rule_id FROM register_uses WHERE rule_id IS NOT NULL")
        (june,) = rows_of(
            made_file, "SELECT count(*) FROM current_readings WHERE quantity = 305 AND reading_kind = 'register'"
        )
    assert told == [(date(2024, 6, 11), "reading_days_close")] and june == (1,)


def test_a_longer_distance_is_a_setting(tmp_path: Path) -> None:
    two_months: dict[str, object] = {"2024-04-10": 60, "2024-06-10": 61, "2024-08-10": 62}
    for most, held in ((45, 2), (70, 0)):
        with used(tmp_path / str(most), two_months, most).built("readings") as made_file:
            assert len(rows_of(made_file, "SELECT * FROM register_uses WHERE rule_id IS NOT NULL")) == held


def test_an_unreadable_figure_leaves_its_period_doubtful_or_missing(tmp_path: Path) -> None:
    with used(tmp_path / "c", MONTHS | {"2024-06-10": "30五"}).built("energy") as made_file:
        sound = rows_of(
            made_file,
            """SELECT DISTINCT local_date FROM energy_by_meter_day WHERE state = 'measured'
               AND local_date >= DATE '2024-05-11' AND local_date < DATE '2024-07-10'""",
        )
        missing = rows_of(
            made_file, "SELECT count(*) FROM energy_by_meter_day WHERE state = 'missing' AND year(local_date) = 2024"
        )
    assert sound == [] and missing == [(366 - 31 - 30,)], "all but the first and the last period"


ALONE = "meter_id,read_at,register_value,unit,event,stage"


def test_what_a_person_states_to_be_the_whole_use_is_spread(tmp_path: Path) -> None:
    """Nobody read in June, and July's figure is for both months: the same row once more, with that said."""
    city = used(tmp_path / "c", {day: quantity for day, quantity in MONTHS.items() if day != "2024-06-10"})
    city.file("office/w.csv", made.utf8(ALONE, "R,2024-07-10,295,kWh,since_reading_whole,"), "2026-06-08 09:00")
    with city.built("energy") as made_file:
        found = rows_of(made_file, "SELECT CAST(started_at AS DATE), quantity FROM current_readings ORDER BY 1")
        told = rows_of(made_file, "SELECT rule_id FROM register_uses WHERE rule_id IS NOT NULL")
        doubted = rows_of(
            made_file,
            "SELECT rule_id FROM meter_doubts WHERE rule_id = 'register_turn_unchecked' UNION SELECT rule_id FROM reading_doubts",
        )
    assert found == [(date(2024, 4, 10), 310), (date(2024, 5, 11), 295), (date(2024, 7, 10), 280)]
    assert (told, doubted) == ([], [])


def test_the_use_of_the_first_reading_day_is_told_until_the_day_before_it_is_known(tmp_path: Path) -> None:
    city = used(tmp_path / "c", MONTHS)
    query = "SELECT subject, message_ja LIKE '%2024-04-10%300%kWh%' FROM findings WHERE rule_id = 'reading_day_first'"
    city.publish()
    assert rows_of(database.connect_published(city.paths.published), query) == [("R", True)]
    city.file("office/b.csv", made.utf8(ALONE, "R,2024-03-11,0,kWh,reading,"), "2026-06-09 09:00").publish()
    with database.connect_published(city.paths.published) as published:
        assert rows_of(published, query) == []
        first = rows_of(
            published, "SELECT quantity, CAST(known_from AS VARCHAR) FROM readings WHERE started_at = DATE '2024-03-11'"
        )
    assert first == [(300, "2026-06-09 09:00:00")], "known since the day before is"

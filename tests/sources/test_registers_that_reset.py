"""Registers that begin at 0 by themselves every day or month: what was used since, recomputed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

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

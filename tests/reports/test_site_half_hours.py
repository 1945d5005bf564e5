"""The picture of a year of half hours: pixels and CSV are the readings, a gap is no zero, and nothing is shown where it may not be."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.ask import site_half_hours as read_half_hours
from pipelines.reports.half_hours import FIRST, MISSING
from pipelines.reports.pages import site
from pipelines.settings.city import CityFolder
from pipelines.warehouse import database
from tests.making import TODAY, City, rows_of
from tests.reports.test_charts import read_png
from tests.reports.test_page_policy import BROWSER, policy_of, told_by_the_browser

METER = {"energy_type": "electricity", "unit": "kWh", "reading_kind": "interval", "valid_from": "2026-03-01"}
GAP = (datetime(2026, 4, 10, 8), datetime(2026, 4, 10, 12))
ZERO = datetime(2026, 4, 11, 8)


def half_hours(meter: str, multiplier: int = 1) -> list[tuple[object, ...]]:
    """Two months from 1 March 2026, without the four hours of the gap, and zero for half an hour."""
    start = datetime(2026, 3, 1)
    moments = [start + timedelta(minutes=30 * n) for n in range(48 * 61)]
    return [
        (meter, m, m + timedelta(minutes=30), 0 if m == ZERO else (m.hour + 1) * multiplier, "kWh")
        for m in moments
        if not GAP[0] <= m < GAP[1]
    ]


@pytest.fixture
def city(make_city: Callable[..., City]) -> City:
    made = make_city()
    facility = {"operator_id": "OP", "department": "総務課"}
    made.register(
        "facilities",
        [
            {"facility_id": "F1", "name": "本庁舎", **facility},
            {"facility_id": "F2", "name": "秘密研究所", "publication": "withheld", **facility},
            {"facility_id": "F3", "name": "合計だけの館", "publication": "total_only", **facility},
        ],
    )
    made.register("meters", [{"meter_id": f"M{n}", "facility_id": f"F{n}", **METER} for n in (1, 2, 3)])
    for n in (1, 2, 3):
        made.bills(f"power30/{n}.csv", half_hours(f"M{n}"))
    made.publish()
    site.write(made.paths)
    return made


def test_pixels_and_cells_are_the_readings_and_a_gap_is_not_zero(city: City) -> None:
    folder = city.paths.pages / "facilities"
    _, lines = read_png((folder / "F1.half-hours-1.png").read_bytes())
    rows = list(csv.reader((folder / "F1.half-hours-1.csv").read_text(encoding="utf-8-sig").splitlines()))
    with database.connect_published(city.paths.published) as connection:
        read = {
            row[0]: row[1]
            for row in rows_of(connection, "SELECT started_at, quantity FROM current_readings WHERE meter_id = 'M1'")
        }
        states = dict(
            rows_of(connection, "SELECT local_date, state FROM energy_by_meter_day WHERE meter_id = 'M1' ORDER BY 1")
        )
    first = date(2026, 3, 1)
    days = [day for day in states if first <= day < TODAY.replace(day=1)]
    assert [row[0] for row in rows[1:]] == [day.isoformat() for day in days]
    assert {len(line) for line in lines} == {len(days)} and rows[0][2:4] == ["0:00", "0:30"]
    places: dict[Decimal, set[int]] = {}
    gaps = 0
    for number, day in enumerate(days):
        for slot in range(48):
            moment = datetime.combine(day, datetime.min.time()) + timedelta(minutes=30 * slot)
            cell, pixel = rows[1 + number][2 + slot], lines[slot][number]
            if moment in read:
                assert Decimal(cell) == read[moment]
                places.setdefault(read[moment], set()).add(pixel)
            else:
                assert cell == "" and pixel in range(len(MISSING))
                gaps += 1
    assert gaps == 8 + 48 * (len(days) - 61) and gaps > 8, "the gap, and what has not come"
    assert all(len(found) == 1 and min(found) >= FIRST for found in places.values())
    assert places[Decimal(0)] == {FIRST} and max(places[Decimal(24)]) > FIRST
    text = (folder / "F1.html").read_text(encoding="utf-8")
    assert f"読みのないコマ {gaps:,}" in text and 'alt="30分ごとの電気の使用量（本庁舎・計器 M1、2026-03-01' in text
    assert (city.paths.pages / "facilities" / "F1.half-hours-1.png").stat().st_size < 4000


def test_doubtful_days_have_a_strip_and_a_word(make_city: Callable[..., City]) -> None:
    made = make_city()
    made.register("meters", [{"meter_id": "M1", "facility_id": "F1", **METER, "daily_limit": 700}])
    slipped = [
        (*row[:3], row[3] * 1000, "kWh") if row[1].date() == date(2026, 4, 20) else row  # type: ignore[attr-defined,operator]
        for row in half_hours("M1")
    ]
    made.bills("power30/1.csv", slipped)
    made.publish()
    site.write(made.paths)
    with database.connect_published(made.paths.published) as connection:
        doubtful = {
            row[0] for row in rows_of(connection, "SELECT local_date FROM energy_by_meter_day WHERE state = 'doubtful'")
        }
    folder = made.paths.pages / "facilities"
    palette, lines = read_png((folder / "F1.half-hours-1.png").read_bytes())
    rows = list(csv.reader((folder / "F1.half-hours-1.csv").read_text(encoding="utf-8-sig").splitlines()))[1:]
    marked = {row[0] for row, place in zip(rows, lines[51], strict=True) if place == len(palette) - 1}
    assert date(2026, 4, 20) in doubtful
    assert marked == {day.isoformat() for day in doubtful} == {row[0] for row in rows if row[1] == "疑義"}
    assert f"疑わしい日 {len(doubtful)}" in (folder / "F1.html").read_text(encoding="utf-8")


def test_nothing_is_drawn_of_what_is_withheld_and_outside_of_what_stands_in_sums_alone(city: City) -> None:
    names = {
        folder.name: {path.name for path in folder.rglob("*.half-hours-*")}
        for folder in (city.paths.pages, city.paths.pages_internal)
    }
    ours = {f"F{n}.half-hours-1.{kind}" for n in (1, 3) for kind in ("png", "csv")}
    assert names == {"pages_internal": ours, "pages": {name for name in ours if name.startswith("F1")}}


def test_a_picture_is_written_where_it_changes_and_taken_away_with_its_meter(city: City) -> None:
    picture = city.paths.pages / "facilities" / "F1.half-hours-1.png"
    before = picture.stat().st_ino, picture.stat().st_mtime_ns
    site.write(city.paths)
    assert (picture.stat().st_ino, picture.stat().st_mtime_ns) == before
    city.register("meters", [{"meter_id": "M2", "facility_id": "F2", **METER}])
    city.publish()
    site.write(city.paths)
    assert not picture.exists() and not picture.with_suffix(".csv").exists()
    assert "img-src" not in policy_of(city.paths.pages / "facilities" / "F1.html")


def test_a_meter_of_days_has_no_picture(make_city: Callable[..., City]) -> None:
    made = make_city()
    made.register("meters", [{"meter_id": "M1", "facility_id": "F1", **METER}])
    made.bills("power30/1.csv", [("M1", f"2026-04-{n:02d}", f"2026-04-{n + 1:02d}", 10, "kWh") for n in range(1, 30)])
    made.publish()
    assert list(read_half_hours.gather(made.paths.published, TODAY)) == []


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_a_browser_shows_the_picture_beside_the_page_without_a_complaint(sample_folder: Path, tmp_path: Path) -> None:
    paths = CityFolder(sample_folder)
    site.write(paths)
    page = paths.pages / "facilities" / "F043.html"
    assert policy_of(page)["img-src"] == "'self' file:"
    assert re.findall(r'<img class="half-hours" src="([^"]*)"', page.read_text(encoding="utf-8")) == [
        "F043.half-hours-1.png"
    ]
    assert told_by_the_browser(page, tmp_path) == ""

"""What came, what did not, what is held back: the tables, the page, the commands, and the rows to add to the registers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.ask import intake
from pipelines.cli import main
from pipelines.reports.pages import intake as intake_page
from tests.making import City, monthly, one, rows_of
from tests.sources import made

HEAD = "meter_id,started_at,ended_at,quantity,unit"


def run(city: City, *words: str) -> str:
    result = CliRunner().invoke(main.app, ["--city", str(city.folder), "--today", str(city.today), *words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def busy(make_city: Callable[..., City]) -> City:
    """A city with something late, something unknown, something held back and a file nobody can read."""
    city = make_city(date(2026, 6, 15))
    city.register("activity_sources", [
        {"activity_source_id": "A1", "facility_id": "F1", "activity": "waste_plastic", "unit": "t", "frequency": "month"},
    ])  # fmt: skip
    city.bills("fuel/a.csv", monthly("M1", 2024, 2024, 100))
    rows = [
        f"{made.POINT},2026-04-01,2026-05-01,10,kWh",
        "本庁舎/ガス,2026-04-01,2026-05-01,11,m3",
        "M1,2026-04-01,2026-05-01,x,L",
    ]
    city.file("power/b.csv", made.utf8(HEAD, *rows))
    city.file(
        "office/act.csv",
        made.utf8("activity_source_id,started_on,ended_on,quantity,unit", "A9,2026-04-01,2026-05-01,1,t"),
    )
    city.file("photos/p.csv", b"\x89PNG\r\n")
    city.publish()
    return city


def test_unknown_words_come_with_the_row_to_add(busy: City) -> None:
    found = {row["word"]: row["proposal"] for row in intake.gather(busy.paths.published)["unknown"]}
    assert found == {
        made.POINT: f"meters.csv: ?-0001,?,電気,kWh,?,,,,{made.POINT}",
        "本庁舎/ガス": "meters.csv: 本庁舎/ガス,F1,都市ガス,m3,?",
        "A9": "activity_sources.csv: A9,?,?,,t,月",
    }


def test_unknown_words_come_with_what_they_may_mean(busy: City) -> None:
    """A facility's name may mean its meters, which are told; else what is near."""
    bill = {"facility_id": "F1", "reading_kind": "bill", "unit": "L", "energy_type": "kerosene"}
    busy.register("meters", [bill | {"meter_id": "M1"}, bill | {"meter_id": "G9", "aliases": "本庁舎別館ボイラ"}])
    busy.file("power/c.csv", made.utf8(HEAD, "別館ボイラー,2026-04-01,2026-05-01,11,L"))
    busy.publish()
    found = {row["word"]: row["near"] for row in intake.gather(busy.paths.published)["unknown"]}
    assert found == {made.POINT: [], "本庁舎/ガス": ["G9", "M1"], "A9": [], "別館ボイラー": ["本庁舎別館ボイラ (G9)"]}


def test_an_alias_makes_the_word_known(busy: City) -> None:
    bill = {"facility_id": "F1", "reading_kind": "bill"}
    busy.register("meters", [
        bill | {"meter_id": "M1", "energy_type": "kerosene", "unit": "L"},
        bill | {"meter_id": "E1", "energy_type": "electricity", "unit": "kWh", "supply_point": made.POINT},
        bill | {"meter_id": "G1", "energy_type": "city_gas", "unit": "m3", "aliases": "x;本庁舎/ガス"},
    ])  # fmt: skip
    with busy.built("readings") as connection:
        assert rows_of(connection, "SELECT word FROM unknown_names") == [("A9",)]
        assert rows_of(
            connection, "SELECT meter_id, quantity FROM current_readings WHERE meter_id <> 'M1' ORDER BY 1"
        ) == [("E1", 10), ("G1", 11)]


def test_two_facilities_of_one_name_are_no_proposal_and_count_once(city: City) -> None:
    same = [{"facility_id": f, "name": "本庁舎", "operator_id": "OP"} for f in ("F1", "F2")]
    city.register("facilities", same).file("power/b.csv", made.utf8(HEAD, "本庁舎/ガス,2026-04-01,2026-05-01,11,m3"))
    with city.built("readings") as connection:
        assert rows_of(connection, "SELECT facility_id, values_held FROM unknown_names") == [(None, 1)]


@pytest.mark.parametrize(("until", "late"), [("2026-04-16", False), ("2026-04-15", True)])
def test_a_source_is_late_the_day_after_its_grace(city: City, until: str, late: bool) -> None:
    city.bills("fuel/a.csv", [("M1", "2026-03-01", until, 100, "L")])
    with city.built("readings") as connection:
        found = one(connection, "SELECT covered_until, expected_by, is_late FROM expected_inputs")
    assert (str(found[0]), found[2]) == (until, late)
    assert (found[1] - found[0]).days == 60


def test_every_arrival_is_in_the_log(busy: City) -> None:
    with busy.built("readings") as connection:
        found = rows_of(
            connection,
            "SELECT path, status, sources_named, rows_received, rows_quarantined, CAST(first_at AS DATE) FROM intake_log ORDER BY path",
        )
    assert found == [
        ("a.csv", "read", 1, 12, 0, date(2024, 4, 1)),
        ("act.csv", "read", 0, 1, 1, None),
        ("b.csv", "read", 0, 3, 3, None),
        ("p.csv", "document", 0, 0, 0, None),
    ]


def test_the_commands_and_the_page_tell_the_same(busy: City) -> None:
    intake_page.write(busy.paths)
    page = (busy.paths.pages / "intake.html").read_text(encoding="utf-8")
    text = run(busy, "inbox")
    english = CliRunner().invoke(main.app, ["--city", str(busy.folder), "--lang", "en", "inbox"]).stdout
    for shown in (page, text):
        assert "本庁舎/ガス" in shown and "A1" in shown and "PNG" in shown
    assert "Expected by now" in english and "is in no register" in english
    told = json.loads(run(busy, "inbox", "--json"))
    assert told["counts"] == {"files": 4, "unreadable": 0, "late": 2, "held": 4, "unknown": 3, "superseded": 0}


def test_a_page_shows_hostile_names_as_text(make_city: Callable[..., City]) -> None:
    city = make_city()
    city.file("fuel/<script>alert(1)<.csv", made.utf8(HEAD, '"<img src=x onerror=alert(1)>",2026-04-01,2026-05-01,1,L'))
    city.publish()
    text = intake_page.write(city.paths).read_text(encoding="utf-8")
    assert "<script>alert" not in text and "<img src=x" not in text


def test_collecting_from_the_terminal(busy: City, tmp_path: Path) -> None:
    issued = json.loads(
        run(
            busy,
            "collect",
            "issue",
            "--fiscal-year",
            "2025",
            "--due",
            "2026-06-30",
            "--sender",
            "環境課",
            "--out",
            str(tmp_path),
            "--json",
        )
    )
    assert [Path(row["path"]).exists() for row in issued] == [True]
    assert "未回答" in run(busy, "collect", "status", "--fiscal-year", "2025")
    assert "総務課 御中" in run(busy, "collect", "remind", "--fiscal-year", "2025", "--out", str(tmp_path / "texts"))
    assert len(list((tmp_path / "texts").iterdir())) == 1
    assert "まだ出していません" in run(busy, "collect", "status", "--fiscal-year", "2020")


def test_a_draft_and_proposed_facilities_from_the_terminal(busy: City, tmp_path: Path) -> None:
    unknown = tmp_path / "unknown.csv"
    unknown.write_bytes(made.cp932("施設番号,年月,使用量(kWh)", "1,2026年4月,100", "1,2026年5月,90"))
    drafted = run(busy, "parse", str(unknown), "--propose")
    assert "[layouts.unknown]" in drafted and 'unit = "kWh"' in drafted
    listed = tmp_path / "list.csv"
    listed.write_bytes(
        made.utf8(
            "NO,名称,住所,緯度,経度",
            "7,本庁舎,見本町1,35.1,139.2",
            "7,図書館,見本町2,35.12345678,139",
            "8,図書館,見本町2,,",
        )
    )
    proposed = run(busy, "propose-facilities", str(listed)).splitlines()
    assert proposed[0].startswith("facility_id,name,") and len(proposed) == 2
    assert proposed[1].startswith("7,図書館,,?,,,見本町2,35.123457,139.000000"), "what the register has is left out"
    assert "canonical_readings" in run(busy, "layouts")


def test_a_dozen_of_each_is_told_and_all_where_asked(sample_folder: Path) -> None:
    short, whole = (
        CliRunner().invoke(main.app, ["--city", str(sample_folder), "inbox", *more]).output for more in ((), ("--all",))
    )
    assert "inbox --all" in short and "inbox --all" not in whole
    (left,) = re.findall(r"ほか (\d+) 件", short)
    arrivals = [len(re.findall(r"(?m)^  \d{4}-\d\d-\d\d \d\d:\d\d  ", text)) for text in (short, whole)]
    assert arrivals == [12, 12 + int(left)]

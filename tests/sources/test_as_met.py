"""Forms in which true files come: slots of any length, stamps with an offset, shortened figures, pages saved as tables, odd units."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from pipelines import units
from pipelines.cli import main
from pipelines.settings.city import Limits, Source, load_settings
from pipelines.sources.layouts import cell_words
from pipelines.sources.layouts.green_button import _Turn
from pipelines.sources.parse import ParseOptions
from tests.making import City, one, rows_of
from tests.sources import made
from tests.sources.made import Made
from tests.sources.test_city_layouts import reading
from tests.sources.test_layouts import parsed


@pytest.mark.parametrize("count", [12, 24, 48, 96, 144, 288])
@pytest.mark.parametrize("unit", ["kWh", "kW"])
def test_a_day_in_parts_of_any_length(tmp_path: Path, count: int, unit: str) -> None:
    step = 1_440 // count
    heads = [
        f"{n * step // 60}:{n * step % 60:02d}～{(n + 1) * step // 60}:{(n + 1) * step % 60:02d}({unit})"
        for n in range(count)
    ]
    content = made.cp932(f"供給地点特定番号,年月日,{','.join(heads)}", f"P,2024/4/1,{','.join(['6'] * count)}")
    found = parsed(tmp_path, Made("power/a.csv", content))
    assert found["outcome"].layout == "day_columns"
    assert {row[7] for row in found["values"]} == {"kWh" if unit == "kWh" else f"kW_{step}min"}
    scale = units.counted(found["values"][0][7], "electricity").scale
    assert sum(int(Decimal(row[6])) * scale for row in found["values"]) == (6 * count if unit == "kWh" else 6 * 24)
    assert max(row[5] for row in found["values"]) == "2024-04-02 00:00:00"


def test_numbered_columns_are_parts_of_a_day_only_where_there_are_enough(tmp_path: Path) -> None:
    content = made.cp932("meter_id,Date,kWh_1,kWh_2", "P,2024/4/1,1,2")
    assert parsed(tmp_path, Made("power/a.csv", content))["outcome"].problem[0] == "unknown_layout"


@pytest.mark.parametrize(("minutes", "unit"), [(15, "kW_15min"), (5, "kW_5min"), (1440, "kW_1440min")])
def test_power_over_a_slot_of_any_length(tmp_path: Path, minutes: int, unit: str) -> None:
    toml = f"""
    [layouts.power]
    header = ["計器", "日時", "kW"]
    columns = {{ meter = "計器", date = "日時", quantity = "kW" }}
    is_power = true
    slot_minutes = {minutes}
    """
    found = parsed(tmp_path, Made("office/a.csv", made.cp932("計器,日時,kW", "A,2024/4/1 0:00,12")), reading(toml))
    assert [row[7] for row in found["values"]] == [unit]
    assert units.counted(unit, "electricity").scale == Fraction(minutes, 60)
    with pytest.raises(ValidationError, match="1日を割り切る"):
        reading(toml.replace(f"slot_minutes = {minutes}", "slot_minutes = 7"))


@pytest.mark.parametrize(
    ("text", "form", "moment"),
    [
        ("1/31/2024 0:15", "%m/%d/%Y", datetime(2024, 1, 31, 0, 15)),
        ("1/31/2024 11:15 PM", "%m/%d/%Y", datetime(2024, 1, 31, 23, 15)),
        ("1/31/2024 24:00", "%m/%d/%Y", datetime(2024, 2, 1)),
        ("1-Jul-10", "%d-%b-%y", datetime(2010, 7, 1)),
        ("1-Jul-10 13:30:00", "%d-%b-%y", datetime(2010, 7, 1, 13, 30)),
        ("31/1/2024", "%m/%d/%Y", None),
        ("1/31/2024 25:00", "%m/%d/%Y", None),
    ],
)
def test_dates_in_a_form_may_have_a_clock(text: str, form: str, moment: datetime | None) -> None:
    assert cell_words.read_moment(text, form) == moment


@pytest.mark.parametrize(
    ("text", "value", "rule"),
    [
        ("1.23456E+05", "123456", None), ("1.5e-2", "0.015", None), ("-2.50E+00", "-2.5", None), ("1.2E1", "12", None),
        ("1.23E+05", None, "rounded_figure"), ("1e5", None, "rounded_figure"), ("1.5E-7", None, "too_many_digits"),
        ("1E", None, "not_a_number"),
    ],
)  # fmt: skip
def test_a_power_of_ten_is_read_where_it_states_every_digit(text: str, value: str | None, rule: str | None) -> None:
    read = cell_words.read_number(text)
    assert (read.value, read.rule_id) == (None if value is None else Decimal(value), rule)


@pytest.mark.parametrize(
    "start", ["<!DOCTYPE html><html>", "\n<HTML lang='ja'>", "<table border=1>", "\ufeff<!-- x --><html>"]
)
def test_a_page_saved_as_a_table_is_named_so(tmp_path: Path, start: str) -> None:
    found = parsed(tmp_path, Made("power/a.csv", f"{start}<body>再ログイン</body></html>".encode()))
    assert found["outcome"].problem == ("not_a_table", {"found": "HTML"})


def test_a_line_break_inside_a_quoted_heading_does_not_matter(tmp_path: Path) -> None:
    lines = [
        '"お客さま\n番号","前回\n検針日",今回検針日,"使用量\n(m3)"',
        "G,R6.4.5,R6.5.7,20",
        '"G",R6.5.7,R6.6.5,"1,021"',
    ]
    found = parsed(tmp_path, Made("gas/a.csv", ("見出し,ガス\n" + "\n".join(lines) + "\n").encode("cp932")))
    assert found["outcome"].layout == "gas_bill_lines"
    assert [(row[1], row[6]) for row in found["values"]] == [("6", "20.000000"), ("7", "1021.000000")]
    assert found["rejects"] == []


STAMPS = made.utf8(
    "meter_id,started_at,ended_at,quantity,unit", "M1,2024-03-31T15:00:00Z,2024-03-31T16:00:00Z,1,kWh",
    "M1,2024-04-01T01:00:00+09:00,2024-03-31T12:00:00-05:00,2,kWh", "M1,2024/4/1 2:00+0900,2024-04-01 03:00,3,kWh",
)  # fmt: skip


@pytest.mark.parametrize(("minutes", "first"), [(540, "2024-04-01 00:00:00"), (0, "2024-03-31 15:00:00")])
def test_a_stamp_with_an_offset_is_moved_to_the_citys_time(tmp_path: Path, minutes: int, first: str) -> None:
    found = parsed(tmp_path, Made("power/a.csv", STAMPS), ParseOptions(Limits(), (), minutes))
    assert min(row[4] for row in found["values"]) == first
    if minutes == 540:
        hours = [(row[4][11:16], row[5][11:16], row[6]) for row in found["values"]]
        assert hours == [("00:00", "01:00", "1.000000"), ("01:00", "02:00", "2.000000"), ("02:00", "03:00", "3.000000")]
        assert found["rejects"] == []


def test_the_citys_zone_is_part_of_what_a_file_was_read_by(tmp_path: Path) -> None:
    city = City(tmp_path / "c")
    (city.folder / "city.toml").write_text('[city]\nname = "a"\ntime_zone = "Asia/Taipei"\n', encoding="utf-8")
    taipei = load_settings(city.folder)
    (city.folder / "city.toml").write_text('[city]\nname = "a"\n', encoding="utf-8")
    assert (taipei.utc_minutes, load_settings(city.folder).utc_minutes) == (480, 540)
    assert taipei.wanted("power") != load_settings(city.folder).wanted("power") == ""


RULES = "<dstStartRule>360E2000</dstStartRule><dstEndRule>B40E2000</dstEndRule>"
EAST = f"<tzOffset>-18000</tzOffset><dstOffset>3600</dstOffset>{RULES}"


@pytest.mark.parametrize(
    ("said", "start", "begins"),
    [
        ("<tzOffset>-18000</tzOffset>", 1720000800, "2024-07-03 05:00:00"),
        (EAST, 1720000800, "2024-07-03 06:00:00"),
        (EAST, 1704103200, "2024-01-01 05:00:00"),
        (EAST, 1710052200, "2024-03-10 01:30:00"),  # the last half hour of winter, the first of summer
        (EAST, 1710054000, "2024-03-10 03:00:00"),
        (EAST, 1730611800, "2024-11-03 01:30:00"),  # before and behind the hour that is there twice
        (EAST, 1730613600, "2024-11-03 01:00:00"),
        ("<tzOffset>32400</tzOffset><dstOffset>0</dstOffset>", 1720000800, "2024-07-03 19:00:00"),
    ],
)
def test_green_button_follows_the_clocks_that_it_states(tmp_path: Path, said: str, start: int, begins: str) -> None:
    file = made.ALL["green_button"]()
    entry = f"<entry><content><LocalTimeParameters>{said}</LocalTimeParameters></content></entry></feed>"
    content = file.content.decode().replace("</feed>", entry).replace("1743433200", str(start))
    assert parsed(tmp_path, Made(file.path, content.encode()))["values"][0][4] == begins


def test_green_button_that_saves_daylight_without_saying_when_is_refused(tmp_path: Path) -> None:
    file = made.ALL["green_button"]()
    said = "<LocalTimeParameters><tzOffset>0</tzOffset><dstOffset>3600</dstOffset></LocalTimeParameters>"
    content = file.content.decode().replace("</feed>", f"<entry><content>{said}</content></entry></feed>").encode()
    rule, numbers = parsed(tmp_path, Made(file.path, content))["outcome"].problem
    assert rule == "not_as_it_seems" and "dstOffset 3600" in numbers["found"]


@pytest.mark.parametrize(
    ("rule", "year", "moment"),
    [
        ("360E2000", 2024, datetime(2024, 3, 10, 2)), ("B40E2000", 2024, datetime(2024, 11, 3, 2)),  # second, first Sunday
        ("3E0E2000", 2024, datetime(2024, 3, 31, 2)), ("AE0E3000", 2023, datetime(2023, 10, 29, 3)),  # the last one
    ],
)  # fmt: skip
def test_a_rule_of_the_clocks_is_a_moment_of_each_year(rule: str, year: int, moment: datetime) -> None:
    assert _Turn(int(rule, 16)).of(year) == moment


WORDS = {"therms": "105.505585 MJ", "ton": "t", "立坪": "6.01 m3"}


@pytest.mark.parametrize(
    ("text", "energy_type", "counted"),
    [
        ("therms", "city_gas", ("kJ", Fraction("105505.585"))),
        ("ｔｈｅｒｍｓ", "city_gas", ("kJ", Fraction("105505.585"))),
        ("ton", "lpg", ("kg", Fraction(1000))),
        ("立坪", "city_gas", ("m3", Fraction("6.01"))),
        ("立米", "city_gas", ("m3", Fraction(1))),
        ("千立米", "city_gas", ("m3", Fraction(1000))),
    ],
)
def test_units_by_a_citys_own_word_and_factor(text: str, energy_type: str, counted: tuple[str, Fraction]) -> None:
    found = units.counted(text, energy_type, tuple(WORDS.items()))
    assert (found.unit, found.scale) == counted
    with pytest.raises(units.UnitError, match="unknown_unit"):
        units.counted("therms", "city_gas")


@pytest.mark.parametrize("meant", ["105.505585 foo", "0 MJ", "1.2345678901 MJ", "", "ton", "MJ 3"])
def test_what_a_citys_word_means_is_checked(meant: str) -> None:
    with pytest.raises(ValidationError, match="知らない単位です"):
        Source(unit_words={"therms": meant})


def test_a_unit_with_a_factor_reaches_the_night_and_parse_says_the_same(tmp_path: Path) -> None:
    city = City(tmp_path / "c", extra='[sources.gas]\nunit_words = { "therms" = "105.505585 MJ" }\n')
    meter = {"facility_id": "F1", "energy_type": "city_gas", "unit": "m3", "reading_kind": "bill"}
    city.register("meters", [meter | {"meter_id": "G", "aliases": "ガス1"}])
    rows = [
        "ガス1,2024-04-01,2024-05-01,12,therms",
        "ガス1,2024-05-01,2024-06-01,3,kWd",
        "G9,2024-05-01,2024-06-01,3,m3",
    ]
    city.file("gas/a.csv", made.utf8("meter_id,started_at,ended_at,quantity,unit", *rows))
    ran = CliRunner().invoke(
        main.app, ["--city", str(city.folder), "parse", str(city.folder / "inbox/gas/a.csv"), "--json"]
    )
    told = json.loads(ran.stdout)
    assert [(unit["unit"], unit["rule_id"]) for unit in told["units"]] == [("kWd", "unknown_unit")]
    assert [(meter["key"], meter["meter_id"]) for meter in told["meters"]] == [("ガス1", "G"), ("G9", None)]
    assert ran.exit_code == 1, "what the night holds back, parse does not pass"
    shown: Any = CliRunner().invoke(
        main.app, ["--city", str(city.folder), "parse", str(city.folder / "inbox/gas/a.csv")]
    )
    assert "ガス1 は計器 G の呼び名です" in shown.stdout and "計器台帳にない呼び名 1 件: G9" in shown.stdout
    city.publish()
    with city.built("energy") as connection:
        assert rows_of(connection, "SELECT quantity, unit FROM current_readings") == [(Decimal(12), "105.505585 MJ")]
        assert one(connection, "SELECT sum(energy_gj) FROM energy_by_meter_day") == Decimal("1.26606702")
        assert rows_of(connection, "SELECT rule_id FROM quarantine ORDER BY 1") == [
            ("unknown_meter",),
            ("unknown_unit",),
        ]

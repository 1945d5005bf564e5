"""``--propose``: of files as offices get them, the draft names the right columns, and reads the file; else it says what to decide."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipelines.settings.city import Limits
from pipelines.settings.layout import Layout
from pipelines.sources.layouts import described
from pipelines.sources.parse import ParseOptions
from pipelines.sources.propose import propose
from pipelines.sources.trial import Office
from tests.sources import made
from tests.sources.made import Made
from tests.sources.test_city_layouts import reading
from tests.sources.test_layouts import parsed

POINT, OTHER = "0300000000000000000001", "0300000000000000000002"
MONTHS = [4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3]

# name -> (content, what the section must hold, the first value: key, start, end, quantity, unit, yen)
CASES: dict[str, tuple[bytes, list[str], tuple[str, ...]]] = {
    "電力請求_2024年度.csv": (
        made.cp932(
            "供給地点特定番号,施設名,使用期間,使用日数,使用量(kWh),基本料金(円),電力量料金(円),再エネ賦課金(円),請求金額(円)",
            f"{POINT},本庁舎,2024/4/1～2024/4/30,30,12345,100000,200000,3000,303000",
            f"{POINT},本庁舎,2024/5/1～2024/5/31,31,13345,100000,210000,3000,313000",
        ),
        ['columns.period = "使用期間"', 'columns.yen = "請求金額(円)"', 'columns.days = "使用日数"', '[layouts."電力請求"]'],
        (POINT, "2024-04-01", "2024-05-01", "12345.000000", "kWh", "303000.000000"),
    ),
    "LPガス.csv": (
        made.cp932(
            "施設名,前回検針日,今回検針日,前回指針,今回指針,使用m3,金額",
            "第一保育園,R6.4.5,R6.5.7,100.1,120.1,20.0,15000", "第一保育園,R6.5.7,R6.6.5,120.1,138.1,18.0,14000",
            "第二保育園,R6.4.6,R6.5.8,50,60,10,8000",
        ),
        ['columns.start = "前回検針日"', 'columns.end = "今回検針日"', 'unit = "m3"', "end_inclusive = false"],
        ("第一保育園", "2024-04-05", "2024-05-07", "20.000000", "m3", "15000.000000"),
    ),
    "LPガス（前回だけ名のある）.csv": (
        made.cp932(
            "お客様番号,お客様名,前回検針日,検針日,使用量m3,請求額",
            "1001,第一保育園,24/04/05,24/05/07,20.0,15000", "1001,第一保育園,24/05/07,24/06/05,18.0,14000",
        ),
        ['columns.start = "前回検針日"', 'columns.end = "検針日"', 'date_form = "%y/%m/%d"', 'columns.yen = "請求額"'],
        ("1001", "2024-04-05", "2024-05-07", "20.000000", "m3", "15000.000000"),
    ),
    "2023.csv": (
        made.cp932(
            "令和5年度 施設別電気使用量（kWh）", f"施設名,{','.join(f'{m}月' for m in MONTHS)},合計",
            f"本庁舎,{','.join(str(100 + n) for n in range(12))},1266", f"教育課計,{','.join(['0'] * 12)},0",
            f"図書館,{','.join(str(10 + n) for n in range(12))},186", f"合計,{','.join(str(110 + 2 * n) for n in range(12))},1452",
        ),
        ["months = true", 'period_from = "title"', 'total_rows = ["合計"]', 'skip_rows = ["教育課計"]', 'columns.total = "合計"'],
        ("図書館", "2023-04-01", "2023-05-01", "10.000000", "kWh", ""),
    ),
    "2024.csv": (
        made.cp932(
            f"供給地点特定番号,{POINT}", "契約電力,120kW", "日付,使用電力量(kWh)", "2024/4/1,100", "2024/4/2,110", "2024/4/3,90",
        ),
        ['meter_from = "cell:供給地点特定番号"', "slot_minutes = 1440"],
        (POINT, "2024-04-01", "2024-04-02", "100.000000", "kWh", ""),
    ),
    "水道.csv": (
        made.cp932(
            "水栓番号,使用者,検針日,使用量m3,料金", "100,本庁舎,R6.4.10,40,9000", "100,本庁舎,R6.5.10,42,9200", "101,図書館,R6.4.10,10,1",
        ),
        ["starts_at_previous = true", 'columns.date = "検針日"', 'unit = "m3"'],
        ("100", "2024-04-10", "2024-05-10", "42.000000", "m3", "9200.000000"),
    ),
    "検針.csv": (
        made.cp932("使用者,検針日,使用量m3,料金", "本庁舎,R6.4.10,40,9000", "図書館,R6.4.11,10,1"),
        ['record = "register"', 'resets = "reading"', 'columns.date = "検針日"', 'unit = "m3"'],
        ("図書館", "2024-04-11", "2024-04-11 00:01", "10.000000", "m3", "1.000000"),
    ),
    "複数.csv": (
        made.cp932(
            "施設名,年月,電気,単位,ガス,単位", "本庁舎,2024年4月,100,kWh,20,m3", "本庁舎,2024年5月,110,kWh,10,m3",
        ),
        ["unit_column = 4", "unit_column = 6", 'columns.month = "年月"'],
        ("本庁舎/ガス", "2024-04-01", "2024-05-01", "20.000000", "m3", ""),
    ),
    "種別.csv": (
        made.cp932(
            "所管課,施設名,種別,年月,使用量,単位,基本料金,請求金額", "総務課,本庁舎,電気,2024年4月,100,kWh,5,1000",
            "総務課,本庁舎,ガス,2024年4月,20,m3,5,900", "教育課,図書館,電気,2024年4月,90,kWh,5,800",
        ),
        ['columns.meter_part = "種別"', 'columns.unit = "単位"', 'columns.yen = "請求金額"'],
        ("図書館/電気", "2024-04-01", "2024-05-01", "90.000000", "kWh", "800.000000"),
    ),
    "R6年4月分電気料金.csv": (
        made.cp932("施設名,使用電力量（kWh）,基本料金,電気料金合計", "本庁舎,100,10,110", "図書館,50,5,55", "合計,150,15,165"),
        ['period_from = "file_name"', 'columns.yen = "電気料金合計"', '[layouts."電気料金"]'],
        ("図書館", "2024-04-01", "2024-05-01", "50.000000", "kWh", "55.000000"),
    ),
    "stamps.csv": (
        made.utf8("Meter,Timestamp,Usage (kWh)", "A1,1/31/2024 0:15,1.5", "A1,1/31/2024 0:30,1.6", "A1,1/31/2024 24:00,1.7"),
        ['date_form = "%m/%d/%Y"', "slot_minutes = 15", 'stamp = "end"'],
        ("A1", "2024-01-31", "2024-01-31 00:15", "1.500000", "kWh", ""),
    ),
    "納品.csv": (
        made.cp932(
            "納入日,納入先,品名,数量(L),単価,金額,伝票番号",
            "R6.11.5,第一小,灯油,200,110,22000,A1", "R6.12.5,第一小,灯油,150,110,16500,A2",
        ),
        ['reading_kind = "delivery"', 'columns.meter_part = "品名"', 'columns.slip = "伝票番号"', 'columns.yen = "金額"'],
        ("第一小/灯油", "2024-11-05", "2024-11-06", "200.000000", "L", "22000.000000"),
    ),
}  # fmt: skip


def _days(row: tuple[str, ...]) -> tuple[str, ...]:
    """A midnight as its day, another moment to the minute."""
    return tuple(cell.removesuffix(":00").removesuffix(" 00:00") if n in (1, 2) else cell for n, cell in enumerate(row))


@pytest.mark.parametrize("name", CASES)
def test_a_draft_is_right_and_reads_its_file(tmp_path: Path, name: str) -> None:
    content, lines, first = CASES[name]
    (path := tmp_path / name).write_bytes(content)
    told = propose(path)
    for line in lines:
        assert line in told["toml"], told["toml"]
    assert not any(line.startswith("# [") for line in told["toml"].splitlines())
    found = parsed(tmp_path / "b", Made(f"office/{name}", content), reading(told["toml"]))
    values = sorted((*_days(row[3:8]), row[13]) for row in found["values"])
    assert values[0] == first


def test_a_file_that_is_read_already_gets_no_draft(tmp_path: Path) -> None:
    file = made.ALL["gas_bill_lines"]()
    (path := tmp_path / "2024.csv").write_bytes(file.content)
    told = propose(path)
    assert told["toml"] == "" and "gas_bill_lines" in told["sure"][0]
    units = made.cp932("お客さま番号,前回検針日,今回検針日,使用量(m3)", "単位：kWh", "G,R6.4.5,R6.5.7,20")
    path.write_bytes(made.cp932("単位：kWh") + units)
    told = propose(path)
    assert told["toml"] == "" and "単位が合いません" in told["unsure"][0], (
        "a file that is refused is no case for another layout"
    )


def test_drafts_of_files_named_by_figures_do_not_collide(tmp_path: Path) -> None:
    content = CASES["2023.csv"][0]
    (path := tmp_path / "2023.csv").write_bytes(content)
    first = tomllib.loads(propose(path)["toml"])["layouts"]
    (name,) = first
    of_city = described.readers({name: Layout.model_validate(first[name] | {"header": ["other"]})})
    second = tomllib.loads(propose(path, reading=ParseOptions(Limits(), of_city))["toml"])["layouts"]
    assert set(second) == {f"{name}_2"} and not name.isdigit()


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("30分値_2024年4月", "30分値"),
        ("第2庁舎_R6.4.1", "第2庁舎"),
        ("電気R06", "電気"),
        ("令和元年度_元町公民館", "元町公民館"),
        ("電気２０２４０４", "電気"),
        ("usage_24-04_1h", "usage_1h"),
        ("AMR30_2", "amr30"),
        ("2024_04", "layout"),
    ],
)
def test_the_name_of_a_draft_keeps_figures_that_are_no_date(tmp_path: Path, file: str, name: str) -> None:
    (path := tmp_path / f"{file}.csv").write_bytes(made.cp932("施設名,年月,電気kWh", "本庁舎,2024年4月,100"))
    assert list(tomllib.loads(propose(path)["toml"])["layouts"]) == [name]


@pytest.mark.parametrize(
    ("text", "decide"),
    [
        ("施設番号,備考,使用量\nF1,南,5\nF2,北,6\n", 'columns.date = "備考"'),
        ("施設番号,年月日,備考\nF1,2025-04-01,南\nF2,2025-04-02,北\n", 'columns.quantity = "備考"'),
        ("施設名,4月,5月,6月\n本庁舎,1,2,3\n", 'period_from = "=令和6年度" / "file_name" / "title"'),
        ("施設名,年月,使用量\n本庁舎,2024年4月,3\n", 'unit = "kWh" / "m3" / "L"'),
        ("施設名,使用開始日,使用終了日,使用量(kWh)\n本庁舎,R6.4.2,R6.5.2,3\n", "end_inclusive = true / false"),
        ("年月,使用量(kWh)\n2024年4月,3\n", 'meter_from = "folders" / "file_name" / "="'),
        ("施設名,年月,当月使用量(kWh),補正使用量(kWh)\n本庁舎,2024年4月,3,4\n", 'columns.quantity = "当月使用量(kWh)" / "補正使用量(kWh)"'),
    ],
)  # fmt: skip
def test_what_a_person_must_decide_stands_as_a_line(tmp_path: Path, text: str, decide: str) -> None:
    (path := tmp_path / "a.csv").write_text(text, encoding="utf-8")
    told = propose(path)
    lines = told["toml"].splitlines()
    assert f"# 決めること / decide: {decide}" in lines
    every = "\n".join([*told["unsure"], *lines])
    for word in ("http", "pydantic", "validation error", "Value error", "not usable"):
        assert word not in every
    tomllib.loads(told["toml"])  # appended to city.toml as it is, it breaks nothing
    whole = tomllib.loads(told["toml"]).get("layouts", {})
    for entry in whole.values():
        Layout.model_validate(entry)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["A,R6.4.1,R6.4.30", "A,R6.5.1,R6.5.31"], "end_inclusive = true"),
        (["A,R6.4.2,R6.5.2", "A,R6.5.2,R6.6.3"], "end_inclusive = false"),
        (
            ["A,R6.4.2,R6.5.2", "B,R6.5.2,R6.6.3"],
            "# 決めること / decide: end_inclusive = true / false",
        ),  # touch by chance
    ],
)
def test_periods_of_one_meter_that_touch_tell_of_the_end(tmp_path: Path, rows: list[str], told: str) -> None:
    (path := tmp_path / "a.csv").write_bytes(
        made.cp932("施設名,使用開始日,使用終了日,使用量(kWh)", *(f"{row},9" for row in rows))
    )
    assert told in propose(path)["toml"].splitlines()


PLACES = {
    "ご使用場所": "ご使用場所住所,契約名義,ご使用場所,年月,使用量(kWh)\n一番町1,市長,{a},2024年4月,100\n二番町2,市長,{b},2024年4月,10\n",
    "使用場所": "お客様番号,使用場所,年月,使用量(kWh)\n1001,{a},2024年4月,100\n1001,{b},2024年4月,10\n",
    "お客様番号": "お客様番号,使用場所,年月,使用量(kWh)\n1001,{a},2024年4月,100\n1002,{b},2024年4月,10\n",
    "供給地点特定番号": f"供給地点特定番号,ご使用場所,年月,使用量(kWh)\n{POINT},{{a}},2024年4月,100\n{OTHER},{{b}},2024年4月,10\n",
    "ご使用場所住所": "ご使用場所住所,年月,使用量(kWh)\n{a},2024年4月,100\n{b},2024年4月,10\n",
}


@pytest.mark.parametrize("column", PLACES)
def test_a_place_of_use_names_the_meter_where_nothing_names_it_better(tmp_path: Path, column: str) -> None:
    (path := tmp_path / "a.csv").write_text(PLACES[column].format(a="本庁舎", b="図書館"), encoding="utf-8")
    assert f'columns.meter = "{column}"' in propose(path)["toml"]


FACILITIES = [{"facility_id": "F1", "name": "本庁舎"}, {"facility_id": "F2", "name": "中央図書館"}]
METER = {"meter_id": "L1", "supply_point": None, "aliases": "図書館;図書館ガス", "energy_type": "electricity"}


def test_the_column_that_has_names_of_the_registers_names_the_meter(tmp_path: Path) -> None:
    """A heading that says nothing of a place, and a customer's number beside it."""
    text = "お客様番号,摘要,年月,使用量(kWh)\n1001,本庁舎,2024年4月,100\n1002,図書舘,2024年4月,10\n1003,図書館,2024年4月,7\n"
    (path := tmp_path / "a.csv").write_text(text, encoding="utf-8")
    told = propose(path, office=Office.of([METER], {}, FACILITIES))
    assert 'columns.meter = "摘要"' in told["toml"] and 'columns.meter = "お客様番号"' in propose(path)["toml"]
    unsure = [str(each) for each in told["unsure"]]
    assert [next(line for line in unsure if word in line) for word in ("呼び名 本庁舎", "呼び名 図書舘")]
    assert any("図書館 (L1)" in line for line in unsure if "図書舘" in line)
    assert not any("呼び名 図書館" in line for line in unsure), "an alias of a meter is known"

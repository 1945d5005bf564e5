"""What a file says once for all its rows, months across, reading days alone, days of use: described in city.toml, read to the cell."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.settings.layout import Layout
from tests.sources import made
from tests.sources.made import Made
from tests.sources.test_city_layouts import reading, values
from tests.sources.test_layouts import parsed

BILL = """
[layouts.bill]
header = ["施設名", "使用量"]
columns = { meter = "施設名", quantity = "使用量" }
unit = "kWh"
"""
ACROSS = """
[layouts.across]
header = ["施設名", "4月"]
columns = { meter = "施設名" }
months = true
unit = "kWh"
"""
POINT = "0300000000000000000001"


def read(folder: Path, toml: str, content: bytes, path: str = "office/a.csv") -> list[tuple[str, ...]]:
    """Key, beginning, end, quantity and unit of each value; days alone, as all here begin and end at midnight."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        (
            row[0],
            row[1].removesuffix(" 00:00:00"),
            row[2].removesuffix(" 00:00:00"),
            row[3].rstrip("0").rstrip("."),
            row[4],
        )
        for row in sorted(values(parsed(folder, Made(path, content), reading(toml))), key=lambda row: row[:3])
    ]


def rejected(folder: Path, toml: str, content: bytes) -> list[tuple[str, ...]]:
    """Line, rule and what was found of each reject."""
    found = parsed(folder, Made("office/a.csv", content), reading(toml))
    return [(row[1], row[3], row[4]) for row in found["rejects"]]


@pytest.mark.parametrize(
    ("keys", "path", "lines", "period"),
    [
        ('period_from = "title"', "a.csv", ["令和6年4月分　電気使用量"], ("2024-04-01", "2024-05-01")),
        ('period_from = "title"', "a.csv", ["電気料金（2024年12月）"], ("2024-12-01", "2025-01-01")),
        ('period_from = "title"', "a.csv", ["使用期間 2024/4/3～2024/5/2"], ("2024-04-03", "2024-05-03")),
        ('period_from = "title"\nend_inclusive = false', "a.csv", ["使用期間 R6.4.3 ～ R6.5.2"], ("2024-04-03", "2024-05-02")),
        ('period_from = "title"', "a.csv", ["令和6年度 使用量"], ("2024-04-01", "2025-04-01")),
        ('period_from = "title"', "a.csv", ["2024年 使用量"], ("2024-01-01", "2025-01-01")),
        ('period_from = "cell:対象年月"', "a.csv", ["作成日,令和6年6月3日", "対象年月,,R6.4"], ("2024-04-01", "2024-05-01")),
        ('period_from = "cell:対象年月"', "a.csv", ["対象年月：2024年4月"], ("2024-04-01", "2024-05-01")),
        ('period_from = "file_name"', "電気_202404.csv", [], ("2024-04-01", "2024-05-01")),
        ('period_from = "file_name"', "令和６年４月分.csv", [], ("2024-04-01", "2024-05-01")),
        ('period_from = "folders"', "2024-04/a.csv", [], ("2024-04-01", "2024-05-01")),
        ('period_from = "file_name"\nperiod_pattern = "分(?P<period>.+)作成"', "x分2024-04作成2024-06.csv", [],
         ("2024-04-01", "2024-05-01")),
    ],
)  # fmt: skip
def test_the_period_of_all_rows_stands_outside_the_table(
    tmp_path: Path, keys: str, path: str, lines: list[str], period: tuple[str, str]
) -> None:
    content = made.cp932(*lines, "施設名,使用量", "本庁舎,100", "図書館,20")
    found = read(tmp_path, f"{BILL}{keys}\n", content, f"office/{path}")
    assert found == [("図書館", *period, "20", "kWh"), ("本庁舎", *period, "100", "kWh")]


@pytest.mark.parametrize("title", ["電気使用量", "令和6年4月分（令和6年5月請求）", "2024年13月分"])
def test_a_period_that_is_not_there_or_twice_refuses_the_file(tmp_path: Path, title: str) -> None:
    toml = f'{BILL}period_from = "title"\n'
    found = parsed(tmp_path, Made("office/a.csv", made.cp932(title, "施設名,使用量", "本庁舎,100")), reading(toml))
    rule, numbers = found["outcome"].problem
    assert (rule, numbers["setting"], numbers["found"]) == ("no_fact_of_file", "period_from", title)
    assert found["values"] == []


def test_meter_unit_and_supplier_of_all_rows(tmp_path: Path) -> None:
    toml = """
    [layouts.one]
    header = ["年月", "使用量"]
    columns = { month = "年月", quantity = "使用量" }
    meter_from = "cell:供給地点特定番号"
    unit_from = "cell:単位"
    supplier_from = "title"
    supplier_pattern = "^(?P<supplier>.+電力)"
    """
    content = made.cp932(
        "見本電力 ご使用実績", f"供給地点特定番号,{POINT}", "単位,,kWh", "年月,使用量", "R6.4,100", "R6.5,110"
    )
    found = parsed(tmp_path, Made("office/a.csv", content), reading(toml))
    assert [row[3:8] for row in found["values"]] == [
        (POINT, "2024-04-01 00:00:00", "2024-05-01 00:00:00", "100.000000", "kWh"),
        (POINT, "2024-05-01 00:00:00", "2024-06-01 00:00:00", "110.000000", "kWh"),
    ]
    assert {row[-1] for row in found["values"]} == {"見本電力"}
    without = content.replace("単位,,kWh".encode("cp932"), "単位,,".encode("cp932"))
    assert (
        parsed(tmp_path / "b", Made("office/a.csv", without), reading(toml))["outcome"].problem[0] == "no_fact_of_file"
    )


def test_of_two_layouts_of_one_header_the_one_whose_facts_are_there_is_meant(tmp_path: Path) -> None:
    toml = f'{BILL}period_from = "cell:対象年月"\n' + BILL.replace("bill", "other") + 'period_from = "title"\n'
    content = made.cp932("令和6年4月分", "施設名,使用量", "本庁舎,100")
    assert read(tmp_path, toml, content) == [("本庁舎", "2024-04-01", "2024-05-01", "100", "kWh")]


MONTHS = [4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3]
HEADS = ",".join(f"{month}月" for month in MONTHS)


def across(head: str, *titles: str, total: bool = False) -> bytes:
    rows = [("本庁舎", 100), ("図書館", 10)]
    lines = [f"{name},{','.join(str(base + n) for n in range(12))}" for name, base in rows]
    totals = [f",{sum(base + n for n in range(12))}" for _, base in rows] if total else ["", ""]
    return made.cp932(
        *titles, f"施設名,{head}{',計' if total else ''}", *(a + b for a, b in zip(lines, totals, strict=True))
    )


def test_months_across_take_the_fiscal_year_of_the_title(tmp_path: Path) -> None:
    toml = f'{ACROSS}period_from = "title"\ncolumns.total = "計"\n'.replace(
        'columns = { meter = "施設名" }', 'columns.meter = "施設名"'
    )
    found = read(tmp_path, toml, across(HEADS, "令和6年度 電気使用量", total=True))
    assert len(found) == 24
    assert found[12] == ("本庁舎", "2024-04-01", "2024-05-01", "100", "kWh")
    assert found[23] == ("本庁舎", "2025-03-01", "2025-04-01", "111", "kWh")
    wrong = across(HEADS, "令和6年度 電気使用量", total=True).replace(b",1266", b",1267")
    assert parsed(tmp_path / "b", Made("office/a.csv", wrong), reading(toml))["outcome"].problem[0] == "totals_disagree"


@pytest.mark.parametrize(
    ("keys", "head", "title", "first", "last"),
    [
        ('period_from = "title"', HEADS, "令和6年 使用量", "2024-04-01", "2025-03-01"),
        ('period_from = "title"', ",".join(f"{n}月分" for n in range(1, 13)).replace("4月分", "4月"), "2024年", "2024-01-01", "2024-12-01"),
        ("", ",".join(f"{2024 + (n < 4)}年{n}月" for n in MONTHS), "x", "2024-04-01", "2025-03-01"),
        ("", ",".join(f"R{6 + (n < 4)}.{n}月{'分' * (n < 4)}" for n in MONTHS), "x", "2024-04-01", "2025-03-01"),
        ("", ",".join(f"令和{6 + (n < 4)}年{n}月({(n + 10) % 12 + 1}月使用分)" for n in MONTHS), "x", "2024-03-01", "2025-02-01"),
        ('period_from = "title"\nmonth_shift = -1', HEADS, "令和6年度 請求分", "2024-03-01", "2025-02-01"),
        ('period_from = "file_name"', HEADS, "x", "2023-04-01", "2024-03-01"),
    ],
)  # fmt: skip
def test_the_year_of_months_across(tmp_path: Path, keys: str, head: str, title: str, first: str, last: str) -> None:
    toml = ACROSS.replace('["施設名", "4月"]', '["施設名"]') + keys
    found = read(tmp_path, toml, across(head, title), "office/R5年度.csv")
    assert [found[12][1], found[23][1]] == [first, last]


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (",".join(f"{n}月" for n in [3, *MONTHS[:-1]]), "令和6年度"),  # is its March the one before or after?
        (HEADS.replace("5月", "4月"), "令和6年度"),
        (HEADS, "電気使用量"),
        (HEADS, "令和6年度と令和5年度"),
    ],
)
def test_months_across_whose_year_is_not_clear_are_refused(tmp_path: Path, head: str, title: str) -> None:
    toml = ACROSS.replace('["施設名", "4月"]', '["施設名"]') + 'period_from = "title"\n'
    found = parsed(tmp_path, Made("office/a.csv", across(head, title)), reading(toml))
    assert found["outcome"].problem[0] in ("months_unclear", "no_fact_of_file")
    assert found["values"] == []


def test_months_across_with_the_year_and_the_unit_in_each_row(tmp_path: Path) -> None:
    toml = """
    [layouts.rows]
    header = ["施設名", "区分", "年度", "単位", "4月"]
    columns = { meter = "施設名", meter_part = "区分", fiscal_year = "年度", unit = "単位" }
    months = true
    skip_rows = ["小計"]
    total_rows = ["合計"]
    """
    lines = [
        "施設名,区分,年度,単位,4月,5月,3月",
        "本庁舎,電気,令和6年度,kWh,100,,120",
        "本庁舎,ガス,2023,m3,5,6,7",
        "教育課,小計,,,1,1,1",
    ]
    found = read(tmp_path, toml, made.cp932(*lines))
    assert found == [
        ("本庁舎/ガス", "2023-04-01", "2023-05-01", "5", "m3"),
        ("本庁舎/ガス", "2023-05-01", "2023-06-01", "6", "m3"),
        ("本庁舎/ガス", "2024-03-01", "2024-04-01", "7", "m3"),
        ("本庁舎/電気", "2024-04-01", "2024-05-01", "100", "kWh"),
        ("本庁舎/電気", "2025-03-01", "2025-04-01", "120", "kWh"),
    ]


def test_several_quantities_each_with_its_own_unit_column(tmp_path: Path) -> None:
    toml = """
    [layouts.several]
    header = ["施設名", "年月", "電気使用量", "ガス使用量"]
    columns = { meter = "施設名", month = "年月" }
    quantities = [{ column = "電気使用量", unit_column = 4, meter = "電気" }, { column = "ガス使用量", unit_column = 6, meter = "ガス" }]
    """
    lines = ["施設名,年月,電気使用量,単位,ガス使用量,単位", "本庁舎,R6.4,12,千kWh,30,m3", "本庁舎,R6.5,11000,kWh,28,"]
    found = parsed(tmp_path, Made("office/a.csv", made.cp932(*lines)), reading(toml))
    assert [(row[3], row[6], row[7]) for row in found["values"]] == [
        ("本庁舎/ガス", "30.000000", "m3"), ("本庁舎/電気", "12.000000", "千kWh"), ("本庁舎/電気", "11000.000000", "kWh"),
    ]  # fmt: skip
    assert [(row[1], row[2], row[3]) for row in found["rejects"]] == [("3", "ガス使用量", "missing_value")]


def test_rows_to_skip_are_counted_as_ignored_and_enter_no_total(tmp_path: Path) -> None:
    toml = f'{BILL}period_from = "title"\nskip_rows = ["小計", "/参考.*/"]\ntotal_rows = ["合計"]\n'
    lines = ["令和6年4月", "施設名,使用量", "本庁舎,100", "小　計,100", "小計所,7", "参考（前年）,90", "合計,107"]
    found = parsed(tmp_path, Made("office/a.csv", made.cp932(*lines)), reading(toml))
    assert found["outcome"].problem is None
    assert sorted(row[3] for row in found["values"]) == ["小計所", "本庁舎"]
    assert found["ignored"] == 5


READ_ON = """
[layouts.read_on]
header = ["お客様番号", "検針日", "使用量"]
columns = { meter = "お客様番号", date = "検針日", quantity = "使用量" }
unit = "m3"
starts_at_previous = true
"""


def test_a_period_runs_from_the_reading_day_before_of_the_same_meter(tmp_path: Path) -> None:
    lines = ["お客様番号,検針日,使用量", "A,R6.4.5,", "B,R6.4.6,9", "A,R6.6.5,30", "A,R6.5.7,20", "B,R6.5.8,8"]
    found = parsed(tmp_path, Made("office/a.csv", made.cp932(*lines)), reading(READ_ON))
    assert [(row[3], row[4][:10], row[5][:10], row[6]) for row in found["values"]] == [
        ("A", "2024-05-07", "2024-06-05", "30.000000"),
        ("A", "2024-04-05", "2024-05-07", "20.000000"),
        ("B", "2024-04-06", "2024-05-08", "8.000000"),
    ]
    assert [(row[1], row[3], row[4]) for row in found["rejects"]] == [("3", "no_reading_day_before", "R6.4.6")]
    assert found["blank"] == 1


def test_the_first_row_takes_its_days_of_use_where_they_are_stated(tmp_path: Path) -> None:
    toml = READ_ON.replace("quantity =", 'days = "使用日数", quantity =')
    lines = ["お客様番号,検針日,使用日数,使用量", "A,R6.4.5,30,10", "A,R6.5.7,32日,20", "A,R6.6.5,30,21"]
    found = parsed(tmp_path, Made("office/a.csv", made.cp932(*lines)), reading(toml))
    assert [(row[4][:10], row[5][:10]) for row in found["values"]] == [
        ("2024-03-06", "2024-04-05"), ("2024-04-05", "2024-05-07"),
    ]  # fmt: skip
    assert [(row[1], row[3], row[4]) for row in found["rejects"]] == [
        ("4", "days_disagree", "2024-05-07～2024-06-05 / 30")
    ]


@pytest.mark.parametrize(("most", "are_read"), [(30, False), (31, True)])
def test_a_reading_day_too_far_from_the_one_before_may_stand_for_a_missing_row(
    tmp_path: Path, most: int, are_read: bool
) -> None:
    lines = ["お客様番号,検針日,使用量", "A,2024/5/1,", "A,2024/6/1,20"]
    found = parsed(tmp_path, Made("office/a.csv", made.cp932(*lines)), reading(f"{READ_ON}longest_days = {most}"))
    assert (len(found["values"]), [row[3] for row in found["rejects"]]) == (
        (1, []) if are_read else (0, ["reading_day_missing"])
    )


def test_a_row_that_is_missing_between_weekly_readings_is_seen(tmp_path: Path) -> None:
    days = [f"2024/4/{day}" for day in (1, 8, 15, 22, 29)] + ["2024/5/13", "2024/5/20"]
    lines = ["お客様番号,検針日,使用量", f"A,{days[0]},", *(f"A,{day},20" for day in days[1:])]
    found = parsed(tmp_path, Made("office/a.csv", made.cp932(*lines)), reading(READ_ON))
    assert [(row[3], row[4]) for row in found["rejects"]] == [("reading_day_missing", "2024-04-29～2024-05-13 / 10")]
    assert len(found["values"]) == 5


DAYS = """
[layouts.days]
header = ["施設名", "使用期間", "日数", "使用量"]
columns = { meter = "施設名", period = "使用期間", days = "日数", quantity = "使用量" }
unit = "kWh"
"""


@pytest.mark.parametrize(
    ("keys", "rows", "ends", "refused"),
    [
        ("", ["2024/4/1～2024/4/30,30", "2024/5/1～2024/5/31,31"], ["2024-05-01", "2024-06-01"], []),
        ("", ["2024/4/1～2024/5/1,30", "2024/5/1～2024/6/1,31"], ["2024-05-01", "2024-06-01"], []),
        ("", ["2024/4/1～2024/4/30,", "2024/5/1～2024/5/31,31"], ["2024-05-01", "2024-06-01"], []),
        ("", ["2024/4/1～2024/4/30,30", "2024/5/1～2024/5/31,31", "2024/6/1～2024/6/30,29"], ["2024-05-01", "2024-06-01"], ["4"]),
        ("", ["2024/4/1～2024/4/30,30", "2024/5/1～2024/6/1,31"], [], ["2", "3"]),
        ("end_inclusive = false", ["2024/4/1～2024/4/30,30"], [], ["2"]),
        ("end_inclusive = false", ["2024/4/1～2024/4/30,29"], ["2024-04-30"], []),
        ("end_inclusive = true", ["2024/4/1～2024/4/30,29"], [], ["2"]),
        ("end_inclusive = true", ["2024/4/1～2024/4/30,３０日間"], ["2024-05-01"], []),
        ("", ["2024/4/1～2024/4/30,約30"], [], ["2"]),
        ("", ["2024/4/1～2024/4/30,-"], ["2024-04-30"], []),
    ],
)  # fmt: skip
def test_the_days_of_use_decide_and_check_whether_the_end_is_the_last_day(
    tmp_path: Path, keys: str, rows: list[str], ends: list[str], refused: list[str]
) -> None:
    content = made.cp932("施設名,使用期間,日数,使用量", *(f"本庁舎,{row},{n + 100}" for n, row in enumerate(rows)))
    found = parsed(tmp_path, Made("office/a.csv", content), reading(f"{DAYS}{keys}\n"))
    assert [row[5][:10] for row in found["values"]] == ends
    assert [(row[1], row[3]) for row in found["rejects"]] == [(line, "days_disagree") for line in refused]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"meter_from": "filename"}, "meter_from"),
        ({"meter_from": "cell:"}, "meter_from"),
        ({"unit_from": "title", "unit_pattern": "(.+)"}, r"\(\?P<unit>…\)"),
        ({"period_from": "title", "columns": {"meter": "a", "date": "d", "quantity": "q"}}, "時期の列は一つだけ"),
        ({"months": True}, "months には年度の列"),
        ({"starts_at_previous": True, "columns": {"meter": "a", "month": "d", "quantity": "q"}}, "starts_at_previous"),
        ({"skip_rows": ["/(/"]}, "正規表現"),
    ],
)
def test_a_wrong_key_is_told(entry: dict[str, Any], told: str) -> None:
    whole = {"header": ["a"], "columns": {"meter": "a", "date": "d", "quantity": "q"}} | entry
    with pytest.raises(ValidationError, match=told):
        Layout.model_validate(whole)


def test_a_list_of_keys_reads_as_toml() -> None:
    assert Layout.model_validate(tomllib.loads(DAYS)["layouts"]["days"]).end_inclusive is None


def test_a_gas_bill_whose_days_contradict_its_reading_days_is_held_back(tmp_path: Path) -> None:
    lines = [
        "お客さま番号,前回検針日,今回検針日,ご使用日数,使用量(m3)",
        "G,R6.4.5,R6.5.7,32,20",
        "G,R6.5.7,R6.6.5,30,21",
        "G,R6.6.5,R6.7.5,30,22",
    ]
    found = parsed(tmp_path, Made("gas/a.csv", made.cp932(*lines)))
    assert found["outcome"].layout == "gas_bill_lines"
    assert [row[5][:10] for row in found["values"]] == ["2024-05-07", "2024-07-05"]
    assert [(row[1], row[3]) for row in found["rejects"]] == [("3", "days_disagree")]

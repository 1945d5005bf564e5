"""A unit in a title, a heading or the row below it is read, and must agree with that of the row and of the layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.sources.layouts import headings
from pipelines.sources.trial import read as show
from tests.sources.made import hokkaido

BARE = "meter_id,started_at,ended_at,quantity"
WITH = f"{BARE},unit"
ROW = "M7,2024-04-01,2024-05-01,8.25"
FULL = f"{ROW},kWh"


def told(path: Path, *lines: str, encoding: str = "utf-8") -> dict[str, Any]:
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return show(path)


SAID = {
    "a title": (["単位：千kWh", BARE, ROW], "千kWh"),
    "a title in a cell beside": (["令和6年度,単位,MWh", BARE, ROW], "MWh"),
    "a title in brackets": (["電気使用量一覧（千kWh）", BARE, ROW], "千kWh"),
    "a title among others": (["年報", "（単位 MWh、円）", "", BARE, ROW], "MWh"),
    "a full-width title": (["【単位：ＭＷｈ】", BARE, ROW], "MWh"),
    "the heading": (["meter_id,started_at,ended_at,quantity(千kWh)", ROW], "千kWh"),
    "the heading in square brackets": (["meter_id,started_at,ended_at,quantity [MWh]", ROW], "MWh"),
    "the heading in full width": (["meter_id,started_at,ended_at,quantity（単位：㎥）", ROW], "m3"),
    "a row of units below": ([BARE, ",,,(MWh)", ROW], "MWh"),
    "heading and title alike": (["単位：MWh", "meter_id,started_at,ended_at,quantity(MWh)", ROW], "MWh"),
    "title and column alike": (["単位：kwh", WITH, FULL], "kWh"),
    "money of whole yen": (["単位：円", WITH, FULL], "kWh"),
    "what is no unit": (["単位：件", WITH, FULL], "kWh"),
    "another word that ends so": (["30分単位の使用電力量（kWh）", WITH, FULL], "kWh"),
    "another word that begins so": (["単位発熱量（MJ/m3）", WITH, FULL], "kWh"),
    "words behind it": (["単位：kWh　作成日 2025/4/1", WITH, FULL], "kWh"),
    "words behind it without a blank": (["単位：千kWh作成日2025/4/1", BARE, ROW], "千kWh"),
    "a note in brackets behind it": (["単位：MWh（税込）", BARE, ROW], "MWh"),
    "a sentence": (["単位は千kWhです", BARE, ROW], "千kWh"),
    "a remark that says nothing of the unit": (["単位：kWh（30分値）", WITH, FULL], "kWh"),
    "the smallest step": (["最小単位は1kWhです", WITH, FULL], "kWh"),
    "a row of units below with words": ([BARE, "単位,年月日,年月日,千kWh", ROW], "千kWh"),
    "a row of units below a blank line": ([BARE, "", ",,,千kWh", ROW], "千kWh"),
    "by the month": (["単位 kWh/月", WITH, FULL], "kWh"),
    "by the month in a heading": (["meter_id,started_at,ended_at,quantity（千kWh/月）", ROW], "千kWh"),
    "spread over blanks": (["単　位：千 kWh", BARE, ROW], "千kWh"),
    "a line of its own": (["年報", ",,,,,千kWh", BARE, ROW], "千kWh"),
    "a row of units above": (["年報", ",,,千kWh", BARE, ROW], "千kWh"),
    "a row of units for some columns": ([f"{WITH},amount_yen", ",,,（kWh）,,（円）", f"{FULL},98"], "kWh"),
    "an amount of money": (["予算（300百万円）", WITH, FULL], "kWh"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
@pytest.mark.parametrize("name", SAID)
def test_a_stated_unit_is_that_of_the_values(tmp_path: Path, name: str, encoding: str) -> None:
    lines, unit = SAID[name]
    if encoding == "cp932":
        lines = [line.replace("㎥", "m3") for line in lines]
    found = told(tmp_path / "a.csv", *lines, encoding=encoding)
    assert found["problem"] is None
    assert [value["unit"] for value in found["values"]] == [unit]
    assert found["rejects"] == []


def test_a_row_that_disagrees_is_held_back(tmp_path: Path) -> None:
    for lines in (
        ["単位：千kWh", WITH],
        ["meter_id,started_at,ended_at,quantity(千kWh),unit"],
        ["（単位：百kWh）", WITH],
        ["単位：千", WITH],
        ["30分単位の使用量（千kWh）", WITH],
        [WITH, ",,,千kWh"],
        ["年報", ",,,,千kWh", WITH],
        [WITH, ",,,百kWh"],
        [WITH, "（単位）,日,日,千kWh"],
        [WITH, "", ",,,MWh"],
        ["電気使用量（千kWh）,,,,,円", f"{WITH},amount_yen"],
        ["単位：m3（15℃）", WITH],
    ):
        found = told(tmp_path / "a.csv", *lines, FULL + "," * (lines[-1].count(",") - FULL.count(",")))
        assert [reject["rule_id"] for reject in found["rejects"]] == ["unit_disagrees"], lines
        assert "kWh" in found["rejects"][0]["raw"]


@pytest.mark.parametrize(
    "lines",
    [
        ["単位：kg", "meter_id,started_at,ended_at,quantity(t)", ROW],
        ["単位：千m3", "お客さま番号,前回検針日,今回検針日,使用量(m3)", "M7,2024/4/1,2024/5/1,5"],
        ["単位：kWh、m3", BARE, ROW],
        ["meter_id,started_at,ended_at,quantity(kWh)", ",,,MWh", ROW],
        [
            "単位：MWh",
            "MPAN,Date," + ",".join(f"kWh_{n}" for n in range(1, 49)),
            "1,2025-04-01," + ",".join(["1"] * 48),
        ],
    ],
)
def test_title_heading_and_layout_that_disagree_refuse_the_table(tmp_path: Path, lines: list[str]) -> None:
    assert told(tmp_path / "a.csv", *lines)["problem"]["rule_id"] == "units_disagree"


def test_a_unit_that_nobody_knows_goes_on_as_it_is_written(tmp_path: Path) -> None:
    found = told(tmp_path / "a.csv", "（単位：百kWh）", BARE, ROW)
    assert [value["unit"] for value in found["values"]] == ["百kWh"], "the next stage refuses the word; it is not kWh"


def test_money_in_thousands_costs_only_the_amounts(tmp_path: Path) -> None:
    head = f"{WITH},amount_yen"
    for top in (
        ["単位：千円", head],
        ["（単位：kWh、千円）", head],
        ["電気料金（千円）", head],
        ["（千円）", head],
        ["単位　百万円　作成日 2025/4/1（千円）", head],
        ["年報", ",,,kWh,,千円", head],
        [head, ",,,,,（千円）"],
        [head, ",,,（kWh）,,千円"],
    ):
        found = told(tmp_path / "a.csv", *top, f"{FULL},98")
        assert [(value["quantity"], value["amount_yen"]) for value in found["values"]] == [(8.25, None)]
        assert "amount_yen: " in found["unread"] and "円" in found["unread"], top
        assert found["rejects"] == []


def test_power_in_another_unit_than_kw_costs_only_itself(tmp_path: Path) -> None:
    for unit, expected in (("kW", 98), ("MW", None), ("W", None)):
        found = told(tmp_path / "a.csv", f"{WITH},demand_kw", f",,,kWh,,{unit}", f"{FULL},98")
        assert [(value["quantity"], value["demand_kw"]) for value in found["values"]] == [(8.25, expected)]
        assert ("demand_kw: " in found["unread"]) == (expected is None)


def test_a_matrix_whose_title_says_another_unit_is_held_back(tmp_path: Path) -> None:
    (path := tmp_path / "a.csv").write_bytes(hokkaido().content)
    assert show(path)["rejects"] == []
    path.write_bytes(hokkaido().content.replace("(kWh)".encode("cp932"), "(千kWh)".encode("cp932")))
    assert {reject["rule_id"] for reject in show(path)["rejects"]} == {"unit_disagrees"}


@pytest.mark.parametrize(
    "amount", ["￥98,765", "¥98765", "\\98,765", "98,765円", "９８，７６５円", "\\98,765-", "98765"]
)
def test_amounts_are_read_with_their_signs(tmp_path: Path, amount: str) -> None:
    found = told(tmp_path / "a.csv", f"{WITH},amount_yen", f'{FULL},"{amount}"')
    assert [(value["quantity"], value["amount_yen"]) for value in found["values"]] == [(8.25, 98765)]


@pytest.mark.parametrize(
    ("column", "cell"), [("amount_yen", "九千円"), ("demand_kw", "約50"), ("contract_kw", "50kW※")]
)
def test_a_side_column_that_cannot_be_read_costs_only_itself_and_is_named(
    tmp_path: Path, column: str, cell: str
) -> None:
    found = told(tmp_path / "a.csv", f"{WITH},{column}", f"{FULL},{cell}")
    assert [(value["quantity"], value[column]) for value in found["values"]] == [(8.25, None)]
    assert found["rejects"] == []
    assert column in found["unread"]
    assert cell in found["unread"]
    assert "2行" in found["unread"]


@pytest.mark.parametrize("mark", ["-", "---", "―", "－", "***"])
@pytest.mark.parametrize("column", ["amount_yen", "demand_kw", "contract_kw"])
def test_a_mark_for_missing_in_a_side_column_is_a_blank(tmp_path: Path, column: str, mark: str) -> None:
    found = told(tmp_path / "a.csv", f"{WITH},{column}", f"{FULL},{mark}", f"{FULL.replace('2024', '2025')},98")
    assert [value[column] for value in found["values"]] == [None, 98]
    assert (found["rejects"], found["unread"]) == ([], "")


def test_names_of_columns_keep_brackets_that_are_no_unit() -> None:
    assert headings.named("使用量(昨年)") == ("使用量(昨年)", "")
    assert headings.named("金額(千円)") == ("金額", "千円")
    assert headings.named("数量（ｋＬ）") == ("数量", "kL")

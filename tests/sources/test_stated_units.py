"""A unit in a title, a heading or the row below it is read, and must agree with that of the row and of the layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.sources import headings
from pipelines.sources.show import show

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
    ):
        found = told(tmp_path / "a.csv", *lines, FULL)
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
    for top in ("単位：千円", "（単位：kWh、千円）"):
        found = told(tmp_path / "a.csv", top, f"{WITH},amount_yen", f"{FULL},98")
        assert [(value["quantity"], value["amount_yen"]) for value in found["values"]] == [(8.25, None)]
        assert "千円" in found["unread"]


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


def test_names_of_columns_keep_brackets_that_are_no_unit() -> None:
    assert headings.named("使用量(昨年)") == ("使用量(昨年)", "")
    assert headings.named("金額(千円)") == ("金額", "千円")
    assert headings.named("数量（ｋＬ）") == ("数量", "kL")

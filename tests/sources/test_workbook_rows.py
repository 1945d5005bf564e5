"""Workbooks meet the rules of the whole file: totals, units, columns of one role, amounts beside the values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.settings.city import Limits
from pipelines.settings.layout import Layout
from pipelines.sources.layouts.described import readers
from pipelines.sources.parse import ParseOptions
from tests.sources.made import Made
from tests.sources.test_layouts import parsed
from tests.sources.test_workbook import HEAD, book, held, in_sheet, quantities, told

WITH_TOTAL = ParseOptions(
    Limits(),
    readers({
        "of_city": Layout(
            header=("計器", "開始", "終了", "量"),
            columns={"meter": "計器", "start": "開始", "end": "終了", "quantity": "量"},
            unit="kWh",
            total_rows=("合計",),
        )
    }),
)  # fmt: skip


def with_total(total: int, hide: int | None = None) -> bytes:
    """Three months of 100, 200 and 300, and a printed total."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_row(4, 0, ["合計", None, None, total])
        if hide:
            sheet.set_row(hide, None, None, {"hidden": True})

    return book(write, head=["計器", "開始", "終了", "量"])


@pytest.mark.parametrize("total", [600, 400])
def test_a_hidden_row_is_the_reason_why_a_total_is_not_checked(tmp_path: Path, total: int) -> None:
    found = told(tmp_path, with_total(total, hide=2), WITH_TOTAL)
    rule_id, numbers = found["outcome"].problem
    assert (rule_id, numbers["found"]) == ("total_unchecked", "量 3行: 200 [hidden_row]")
    assert found["values"] == []
    assert [(line, rule) for line, rule, _ in held(found)] == [
        ("2", "file_refused"),
        ("3", "hidden_row"),
        ("4", "file_refused"),
    ]


def test_a_total_that_agrees_is_taken_and_one_that_differs_is_told(tmp_path: Path) -> None:
    assert quantities(told(tmp_path / "a", with_total(600), WITH_TOTAL)) == ["100", "200", "300"]
    found = told(tmp_path / "b", with_total(601), WITH_TOTAL)
    assert found["outcome"].problem[0] == "totals_disagree"
    assert {rule for _, rule, _ in held(found)} == {"file_refused"}


def test_an_amount_that_cannot_be_taken_costs_only_itself_and_is_named(tmp_path: Path) -> None:
    def write(workbook: Any, sheet: Any) -> None:
        sheet.write_formula(1, 5, "=Q!A1", None, "#REF!")
        sheet.write_formula(2, 5, "=A1*2", None, 77777)
        workbook.calc_on_load = False

    content = in_sheet(book(write), lambda text: text.replace("<v>77777</v>", ""))
    for number, path in enumerate(("office/a.xlsx", "office/b.xlsx")):
        found = parsed(tmp_path / str(number), Made(path, content))
        assert (quantities(found), held(found)) == (["100", "200", "300"], [])
        assert [row[13].rstrip("0").rstrip(".") for row in found["values"]] == ["", "", "6000"]


def test_what_could_not_be_read_of_amounts_is_told_with_its_line(tmp_path: Path) -> None:
    from pipelines.sources.trial import read as show

    def write(workbook: Any, sheet: Any) -> None:
        sheet.write_formula(1, 5, "=Q!A1", None, "#REF!")
        sheet.write_formula(2, 5, "=A1*2", None, 77777)
        workbook.calc_on_load = False

    path = tmp_path / "a.xlsx"
    path.write_bytes(in_sheet(book(write), lambda text: text.replace("<v>77777</v>", "")))
    unread = str(show(path)["unread"])
    assert "line 2: amount_yen「#REF!」" in unread
    assert "line 3: amount_yen「= [not_calculated]」" in unread


def twins(value: int, hide: bool = False) -> bytes:
    def write(_: Any, sheet: Any) -> None:
        for number in range(1, 4):
            sheet.write(number, 6, 100 * number)
        sheet.write(2, 6, value)
        if hide:
            sheet.set_row(2, None, None, {"hidden": True})

    return book(write, head=[*HEAD, "quantity"])


def test_two_columns_of_one_role_are_compared_by_what_stands_in_them(tmp_path: Path) -> None:
    assert quantities(told(tmp_path / "a", twins(200))) == ["100", "200", "300"]
    found = told(tmp_path / "b", twins(205))
    assert found["outcome"].problem[0] == "two_columns"
    assert "205" in str(found["outcome"].problem[1]["found"])
    assert [(line, rule, raw) for line, rule, raw in held(found)] == [
        ("2", "file_refused", "100"),
        ("3", "file_refused", "200"),
        ("4", "file_refused", "300"),
    ]
    hidden = told(tmp_path / "c", twins(205, hide=True))
    assert (quantities(hidden), held(hidden)) == (["100", "300"], [("3", "hidden_row", "200")])


def test_a_format_states_the_unit_of_a_blank_cell_and_must_agree_with_the_title(tmp_path: Path) -> None:
    def content(code: str) -> bytes:
        def write(workbook: Any, sheet: Any) -> None:
            sheet.write(1, 3, 5629, workbook.add_format({"num_format": code}))
            sheet.write_blank(1, 4, None, workbook.add_format({"bold": True}))

        return book(write, head=["meter_id", "started_at", "ended_at", "quantity(kWh)", "unit"])

    good = told(tmp_path / "a", content('0"kWh"'))
    assert (held(good), {row[7] for row in good["values"]}) == ([], {"kWh"})
    assert held(told(tmp_path / "b", content('0"千kWh"'))) == [("2", "unit_disagrees", "千kWh / kWh")]
    assert held(told(tmp_path / "c", content('0"m③"'))) == [("2", "shown_otherwise", '5629 [0"m③"]')]
    assert held(told(tmp_path / "d", content("0"))) == [("2", "missing_value", "unit: (空欄)")]


def test_a_sheet_whose_units_disagree_costs_only_itself(tmp_path: Path) -> None:
    def write(workbook: Any, _: Any) -> None:
        other = workbook.add_worksheet("別表")
        other.write_row(0, 0, ["単位：MWh"])
        other.write_row(1, 0, ["meter_id", "started_at", "ended_at", "quantity(kWh)"])
        other.write_row(2, 0, ["M2", "2025-04-01", "2025-05-01", 7])

    found = told(tmp_path, book(write))
    assert quantities(found) == ["100", "200", "300"]
    assert [(rule, "MWh" in raw) for _, rule, raw in held(found)] == [("unreadable_member", True)]

"""The register of yearly totals: what a row must say, and the workbook with a sheet for each year."""

from __future__ import annotations

import pytest

from pipelines.registers import checks, read
from pipelines.reports import workbook
from tests.making import City, rows_of
from tests.yearly_totals import stated, total, with_bills


def refused(city: City) -> str:
    try:
        read.read(city.paths.registers, checks.of_city(city.paths.settings))
    except read.RegisterError as error:
        return str(error)
    return ""


@pytest.fixture
def four(city: City) -> City:
    return with_bills(city)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (total(facility_id=""), "operator_id"), (total(department="管財課", facility_id="F1"), "operator_id"),
        (total(department="税務課"), "税務課"), (total(facility_id="F9"), "F9"), (total(co2e_t=3), "co2e_t"),
        (total(unit=""), "unit"), (total(unit="kWh3"), "kWh3"), (total(energy_type="gold"), "gold"), (total(quantity=-1), "quantity"),
        (total(energy_type=""), "energy_type"), (total(rounding=""), "rounding"), (total(1980), "F1"),
        (total(energy_type="", activity="hfc_in_use"), "hfc_in_use"), (total(rounding_rule="floor"), "floor"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_counted_is_told_with_its_line(four: City, row: dict[str, object], told: str) -> None:
    four.register("yearly_totals", [total(2012), row])
    problems = refused(four)
    assert "yearly_totals.csv 3行目" in problems and told in problems


def test_one_figure_is_stated_once_unless_the_suppliers_tell_two_apart(four: City) -> None:
    def told(*rows: dict[str, object]) -> str:
        return refused(four.register("yearly_totals", rows))

    assert "3行目" in told(total(), total(page="4"))
    assert "3行目" in told(total(), stated(3, energy_type="kerosene"))
    assert "3行目" in told(total(supplier="A"), total())
    assert told(total(supplier="A"), total(supplier="B")) == ""


HEADINGS: list[object] = ["施設ID", "エネルギー種別", "使用量", "単位", "丸めの単位", "文書"]


def write_book(city: City, sheets: dict[str, list[list[object]]]) -> None:
    with workbook.written(city.folder / "registers" / "yearly_totals.xlsx") as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)


def test_a_workbook_has_a_sheet_for_each_year(city: City) -> None:
    """900 rows: a sheet named by its year each, the same headings; a row is told by its sheet and its number there."""
    facilities = [{"facility_id": f"F{n}", "name": f"施設{n}", "operator_id": "OP"} for n in range(1, 301)]
    city.register("facilities", facilities)
    rows: list[list[object]] = [[f["facility_id"], "灯油", 1200, "L", 1, "集計表"] for f in facilities]
    years = {f"平成{year}年度": [HEADINGS, *map(list, rows)] for year in (25, 26, 27)}
    write_book(city, years)
    with city.built("energy") as made:
        found = rows_of(made, """SELECT fiscal_year, source_member, min(source_line), max(source_line), count(*), sum(quantity)
            FROM yearly_total_quantities GROUP BY ALL ORDER BY ALL""")  # fmt: skip
    assert found == [(2012 + n, f"平成{24 + n}年度", 2, 301, 300, 360_000) for n in (1, 2, 3)]
    years["平成26年度"][3][2] = "約1200"
    write_book(city, years)
    assert "yearly_totals.xlsx [平成26年度] 4行目" in refused(city)


@pytest.mark.parametrize(
    ("sheets", "told"),
    [
        ({"平成25年度": [HEADINGS], "説明": [["これは説明"]]}, "説明"),
        ({"平成25年度": [HEADINGS], "平成26年度": [HEADINGS[::-1]]}, "平成26年度"),
    ],
)
def test_a_sheet_that_is_no_year_or_has_other_headings_is_told(
    city: City, sheets: dict[str, list[list[object]]], told: str
) -> None:
    write_book(city, sheets)
    assert told in refused(city)

"""Yearly totals over the nights: restated, rebuilt to the same, and told down to the page of the document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.warehouse.database import connect_published
from tests.making import City, monthly, nightly, rebuilt, rows_of
from tests.yearly_totals import KEROSENE, TARGET, near, of_department, total, with_bills


@pytest.fixture
def four(city: City) -> City:
    return with_bills(city)


def test_a_changed_row_is_restated_and_a_rebuild_says_the_same(four: City) -> None:
    four.register("yearly_totals", [total(), total(quantity=2200, department="教育課")])
    nightly(four.paths)
    four.bills(
        "fuel/next.csv",
        monthly("M1", 2026, 2026, lambda _, month: 60 if month == 4 else None),
        received="2026-06-10 09:00",
    )
    night = nightly(four.paths)
    assert night.continues
    before = tables_of(four.paths.published)
    rebuilt(four.paths)
    assert tables_of(four.paths.published) == before
    four.register("yearly_totals", [total(quantity=1300), total(quantity=2200, department="教育課")])
    nightly(four.paths)
    with connect_published(four.paths.published) as made:
        (moved,) = rows_of(made, """SELECT facility_id, fiscal_year, before_co2e_kg, after_co2e_kg, register_co2e_kg
            FROM restatements WHERE basis = 'plan'""")  # fmt: skip
    assert moved[:2] == ("F1", 2013) and near(moved[3] - moved[2], 100 * KEROSENE) and moved[4] == moved[3] - moved[2]


def tables_of(published: Path) -> dict[str, list[tuple[Any, ...]]]:
    names = ("yearly_total_quantities", "yearly_total_emissions", "emissions_by_source_year", "emissions_by_facility_fiscal_year",
             "facility_results", "target_results", "doubts", "flags")  # fmt: skip
    with connect_published(published) as made:
        return {name: rows_of(made, f"FROM {name} ORDER BY ALL") for name in names}


def test_explain_tells_the_document_the_page_and_the_interval(four: City) -> None:
    def told(*words: str, language: str = "ja") -> str:
        result = CliRunner(env={"COLUMNS": "120"}).invoke(
            main.app, ["--city", str(four.folder), "--lang", language, *words]
        )
        assert result.exit_code == 0, result.output
        return result.stdout

    four.register("yearly_totals", [total(), total(quantity=2200, department="教育課")])
    four.publish()
    own = told("explain", "F1", "--fiscal-year", "2024")
    for words in (
        "エネルギー使用量集計表 3ページ",
        "1,199.5 – 1,200.5 L",
        "2,986.135 – 2,988.625 kg",
        "年計・文書による",
        "2行目",
    ):
        assert words in own, own
    wider = told("explain", "F3", "--fiscal-year", "2024")
    assert "所管課 教育課" in wider and "2,199.5 – 2,200.5 L" in wider and "基準年度は課単位" in wider, wider
    base = told("explain", "F1", "--fiscal-year", "2013")
    assert "2,987.38 kgCO2e" in base and "年計・文書による" in base, base
    assert "■ M1 灯油: - kgCO2e （照合用）" in base, "what the total stands for is not counted beside it"
    assert "（照合用）" not in own
    assert "× 2.48948333333333 kgCO2/L = 2,987.38 kgCO2e" in own, own
    english = told("explain", "F1", "--fiscal-year", "2024", language="en")
    assert "(printed in steps of 1 L; rounding: half up): 1,199.5 – 1,200.5 L" in english, english
    listed = told("facilities", "--fiscal-year", "2024")
    assert "基準年度は課単位" in listed
    own_line, wider_line = (
        next(line for line in listed.splitlines() if line.startswith(f"{f} ")) for f in ("F1", "F3")
    )
    assert "経路の目安内†" in own_line and "年計" not in own_line and "† 年計・文書による" in listed
    assert wider_line.split()[6:8] == ["-", "-"], "an allowed amount without an upper end says nothing"
    assert "yearly_totals" in told("start")


def test_explain_tells_the_verdict_of_the_department_where_the_facilities_have_none(four: City) -> None:
    four.register("targets", [TARGET, of_department("教育課")])
    four.register("yearly_totals", [total(), total(quantity="2.2", unit="kL", rounding="0.1", department="教育課")])
    four.publish()
    result = CliRunner(env={"COLUMNS": "120"}).invoke(
        main.app, ["--city", str(four.folder), "--lang", "ja", "explain", "F3", "--fiscal-year", "2024"]
    )
    assert re.search("^所管課 教育課の判定 +達成$", result.stdout, re.MULTILINE), result.stdout
    assert "2,200 L  （100 L の刻み、四捨五入）: 2,150 – 2,250 L" in result.stdout, result.stdout

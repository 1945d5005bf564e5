"""The periodic report to copy from: its cells against the published file by other means, empty ones with a reason, the book."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from pipelines.ask import periodic
from pipelines.cli import main
from pipelines.warehouse import query
from tests.making import DEFAULTS, TODAY, City, monthly, rows_of

YEAR = 2025
Cells = dict[str, periodic.ReportCell]


def city_of(folder: Path, **kwargs: Any) -> City:
    """A designated operator with a designated site F1 and a small facility F2, cars, five years of areas."""
    city = City(folder)
    city.register(
        "operators", [{"operator_id": "OP", "name": "=市長部局", "designation_no": kwargs.get("number", "0000001")}]
    )
    city.register("facilities", [{**DEFAULTS["facilities"][0], "facility_id": f, "name": f} for f in ("F1", "F2")])
    city.register("sites", [{"site_id": "F1", "operator_id": "OP", "designation_no": "1", "name": "本庁舎"}])
    plain = {"reading_kind": "bill", "valid_from": "2021-04-01", "unit": "kWh", "energy_type": "electricity"}
    city.register("meters", [
        {**plain, "meter_id": "M1", "facility_id": "F1"},
        {**plain, "meter_id": "M2", "facility_id": "F2"},
        {**plain, "meter_id": "M3", "facility_id": "F1", "energy_type": "gasoline", "unit": "L", "energy_act_scope": "road_vehicle"},
    ])  # fmt: skip
    city.register("targets", [{**DEFAULTS["targets"][0], "base_fy": 2021}])
    city.register("contracts", [
        {"meter_id": "M1", "supplier": "電力A", "menu": "再エネ", "renewable_share": "1", "evidence": "契約書"},
        {"meter_id": "M2", "supplier": "電力B"},
    ])  # fmt: skip
    city.register("denominators", [
        {"operator_id": "OP", "fiscal_year": y, "denominator": "延床面積", "unit": "千m2", "value": 10} for y in range(2021, 2026)
    ])  # fmt: skip
    city.register("filed", [{
        "operator_id": "OP", "report": "定期報告書", "fiscal_year": YEAR, "filed_on": "2026-07-30", "stated_item": "crude_oil_kl",
        "stated_value": "1000",
    }])  # fmt: skip
    quantity = kwargs.get("quantity", lambda y, m: 100_000 + 100 * m)
    city.bills("power/a.csv", [
        *monthly("M1", 2021, YEAR, quantity, "kWh"),
        *monthly("M2", 2021, YEAR, lambda _, m: 1_000 + m, "kWh"),
        *monthly("M3", 2021, YEAR, lambda _, __: 50, "L"),
    ])  # fmt: skip
    return city


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> City:
    city = city_of(tmp_path_factory.mktemp("periodic") / "city")
    city.publish()
    return city


@contextmanager
def opened(city: City) -> Iterator[duckdb.DuckDBPyConnection]:
    with query.opened(city.paths.published) as connection:
        yield connection


def told(city: City, *more: str) -> Any:
    result = CliRunner().invoke(main.app, ["--city", str(city.folder), *more])
    assert result.exit_code == 0, result.output
    return result.stdout


def written(city: City, folder: Path) -> tuple[Any, list[dict[str, str]]]:
    book = folder / "定期報告書.xlsx"
    told(city, "report", "periodic", "--operator", "OP", "--fiscal-year", str(YEAR), "--out", str(book))
    with book.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as stream:
        return CalamineWorkbook.from_path(str(book)), list(csv.DictReader(stream))


def test_the_figures_are_those_of_the_published_file(whole: City, tmp_path: Path) -> None:
    """Recomputed from the days of the meters: electricity of both facilities, no cars."""
    _, cells = written(whole, tmp_path)
    value = {cell["cell_id"]: cell["value"] for cell in cells}
    with opened(whole) as made:
        days = """SELECT facility_id, sum(quantity), sum(energy_gj), sum(crude_oil_kl) FROM energy_by_meter_day
            WHERE energy_type = 'electricity' AND local_date BETWEEN '2025-04-01' AND '2026-03-31' GROUP BY ALL"""
        by_facility = {row[0]: row[1:] for row in rows_of(made, days)}
        quantity, energy, oil = (sum(column) for column in zip(*by_facility.values(), strict=True))
        of_site = by_facility["F1"][2]
        ((co2,),) = rows_of(
            made,
            """SELECT sum(emissions_kg) FROM emissions_by_source_day WHERE basis = 'shk_basic' AND gas = 'CO2'
               AND source_id IN ('M1', 'M2') AND local_date BETWEEN '2025-04-01' AND '2026-03-31'""",
        )
    assert Decimal(value["特定第2表1-1/電気 kWh/数量"]) == quantity
    assert Decimal(value["特定第2表1-1/合計/熱量"]) == energy
    assert Decimal(value["特定第2表1-1/合計/原油換算"]) == oil
    assert Decimal(value["指定第2表/F1 合計/原油換算"]) == of_site != oil
    assert Decimal(value["特定第2表1-5/電力A 再エネ/非化石割合"]) == 100
    assert float(value["特定第3表/延床面積/原単位"]) == pytest.approx(float(oil) / 10, rel=1e-9)
    assert float(value["特定第12表/エネルギー起源CO2（基礎排出係数）/排出量"] or 0) == pytest.approx(
        float(co2 or 0) / 1000, rel=1e-9
    )


def test_an_empty_cell_says_why(whole: City, tmp_path: Path) -> None:
    _, cells = written(whole, tmp_path)
    empty = [cell for cell in cells if not cell["value"]]
    assert empty and all(cell["reason"] for cell in empty)
    assert {
        "特定第1表/特定排出者番号/記入",
        "特定第2表1-5/電力B/非化石割合",
        "特定第4表3/非化石エネルギーの使用割合/非化石割合",
    } <= {cell["cell_id"] for cell in empty}


def test_the_book_says_what_it_is_and_holds_the_same(whole: City, tmp_path: Path) -> None:
    book, cells = written(whole, tmp_path)
    assert book.sheet_names == [*dict.fromkeys(cell["table"] for cell in cells), "自己点検"]
    held: dict[str, object] = {}
    for table in book.sheet_names[:-1]:
        rows = book.get_sheet_by_name(table).to_python(skip_empty_area=False)
        assert "提出値ではありません" in rows[1][0]
        held |= {f"{table}/{row[0]}/{row[1]}": row[2] for row in rows[4:]}
    for cell in cells:
        found = held[cell["cell_id"]]
        if isinstance(found, float | int):
            assert found == pytest.approx(float(cell["value"]), rel=1e-12)
        else:
            assert found == cell["value"].removeprefix("'")
    name = "特定第1表/事業者の名称/記入"
    assert held[name] == "=市長部局" and next(c["value"] for c in cells if c["cell_id"] == name) != "=市長部局", (
        "never a formula"
    )


def test_what_was_filed_stands_beside_what_is_reckoned_now(whole: City, tmp_path: Path) -> None:
    book, cells = written(whole, tmp_path)
    now = next(float(cell["value"]) for cell in cells if cell["cell_id"] == "特定第2表1-1/合計/原油換算")
    lines = [row for row in book.get_sheet_by_name("自己点検").to_python()[3:] if "提出値" in str(row[0])]
    assert lines and f"{now:,.3f}" in lines[0][2] and f"{now - 1000:+,.3f}" in lines[0][2]


def test_every_cell_is_explained(whole: City, tmp_path: Path) -> None:
    _, cells = written(whole, tmp_path)
    for cell in cells[:: max(len(cells) // 8, 1)]:
        asked = ["explain", "OP", "--fiscal-year", str(YEAR), "--cell", cell["cell_id"]]
        shown = json.loads(told(whole, *asked, "--json"))
        assert str(shown["value"] if shown["value"] is not None else "") in (
            cell["value"],
            cell["value"].removeprefix("'"),
        )
        assert cell["cell_id"] in told(whole, *asked).replace("\n", "")
    unknown = CliRunner().invoke(
        main.app, ["--city", str(whole.folder), "explain", "OP", "--fiscal-year", str(YEAR), "--cell", "特定第9表/x/y"]
    )
    assert unknown.exit_code == 2 and "特定第1表" in unknown.output


def test_an_unknown_operator_is_told_with_those_there_are(whole: City) -> None:
    asked = ["--city", str(whole.folder), "report", "periodic", "--operator", "OP9", "--fiscal-year", str(YEAR)]
    result = CliRunner().invoke(main.app, asked)
    assert result.exit_code == 2 and "OP9" in result.output and "OP" in result.output


def checks_of(city: City) -> dict[str, bool | None]:
    city.publish()
    with opened(city) as made:
        found = periodic.report(made, "OP", YEAR, TODAY)
    return {check.point: check.passed for check in found.checks}


def test_the_self_check_finds_what_it_asks_for(whole: City, tmp_path: Path) -> None:
    """A number of six digits, ten times the year before, a large site that is not designated; a sound city passes all."""
    with opened(whole) as made:
        sound = periodic.report(made, "OP", YEAR, TODAY)
    assert {check.passed for check in sound.checks} == {True, None}
    slipped = city_of(tmp_path / "c", number="000001", quantity=lambda y, m: 1_000_000 if y == YEAR else 100_000 + m)
    failed = {point for point, passed in checks_of(slipped).items() if passed is False}
    assert failed >= {"特定事業者番号は7桁か", "前年度の5倍以上・5分の1以下の数量（桁・単位の取り違え）はないか"}
    large = city_of(tmp_path / "d", quantity=lambda _, m: 700_000 + m)
    large.register("sites", [{"site_id": "F1", "operator_id": "OP"}])
    assert checks_of(large)["要件に達した工場等は、すべて指定工場等として載っているか"] is False


def test_a_kind_of_energy_without_any_value_is_an_empty_cell_and_not_left_out(tmp_path: Path) -> None:
    city = city_of(tmp_path / "c")
    meter = {"meter_id": "M4", "facility_id": "F2", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    with (city.folder / "registers/meters.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    city.register("meters", [*rows, meter | {"valid_from": "2025-04-01"}])
    city.publish()
    with opened(city) as made:
        cells = {cell.cell_id: cell for cell in periodic.report(made, "OP", YEAR, TODAY).cells}
    assert cells["特定第2表1-1/灯油/数量"].value is None and "365" in cells["特定第2表1-1/灯油/数量"].reason


def test_a_missing_month_marks_its_figures_and_leaves_ratios_empty(tmp_path: Path) -> None:
    city = city_of(tmp_path / "c", quantity=lambda y, m: None if (y, m) == (YEAR, 8) else 100_000)
    city.publish()
    with opened(city) as made:
        cells: Cells = {cell.cell_id: cell for cell in periodic.report(made, "OP", YEAR, TODAY).cells}
    assert "31" in cells["特定第2表1-1/電気 kWh/数量"].reason
    assert cells["特定第2表1-1/合計/原油換算"].reason and cells["特定第2表1-1/合計/対前年度比"].value is None
    assert cells["特定第3表/延床面積/原単位"].value is None and cells["特定第3表/延床面積/原単位"].reason

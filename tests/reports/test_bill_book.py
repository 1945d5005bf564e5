"""The workbook in which bills are entered by hand: made of a city, filled, put into the inbox, read, judged; what may go wrong."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from python_calamine import CalamineWorkbook

from pipelines.reports import bill_book
from tests.making import City, broken, monthly, nightly, one, rows_of, verdict, with_first_sheet
from tests.sources.made import sheets

Cells = Mapping[tuple[str, str], Mapping[str, object]]
MONTHS = [f"{2025 + (month < 4)}年{month}月" for month in (*range(4, 13), *range(1, 4))]
KEY, MONTH = "計器（市名/計器ID）", "検針月"
METERS = [
    {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"},
    {"meter_id": "M2", "facility_id": "F2", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"},
    {"meter_id": "M3", "facility_id": "F2", "energy_type": "kerosene", "unit": "L", "reading_kind": "delivery"},
]
FACILITIES = [
    {"facility_id": "F1", "name": "本庁舎", "operator_id": "OP", "department": "総務課"},
    {"facility_id": "F2", "name": "=1+1", "operator_id": "OP", "department": "環境課", "closed_on": "2026-01-15"},
]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A published city with the bills of FY2022 to FY2024, whose registers are known, and the workbooks of FY2025."""
    city = City(tmp_path_factory.mktemp("known") / "city")
    city.register("facilities", FACILITIES).register("meters", METERS)
    contract = {"meter_id": "M1", "supplier": "見本燃料", "contract_no": "K-1"}
    city.register("contracts", [contract])
    rows, state = [], 1000
    for row in monthly("M1", 2022, 2024, lambda year, _: 100 if year == 2022 else 80):
        rows.append((*row, state, state + int(row[3]) // 4))
        state += int(row[3]) // 4
    city.bills("fuel/a.csv", rows, more=["index_before", "index_after"])
    city.publish()
    bill_book.make(city.paths, 2025, city.folder / "out")
    return city


@pytest.fixture
def city(known: City, tmp_path: Path) -> City:
    """The same for each test anew."""
    return known.copied(tmp_path / "city")


def book(city: City, department: str = "総務課") -> Path:
    return city.folder / "out" / f"2025年度_請求書入力_{department}.xlsx"


def table(path: Path) -> list[list[Any]]:
    found: list[list[Any]] = (
        CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    )
    return found


def usual(state: int = 1780, quantity: int = 80, evidence: str = "") -> dict[tuple[str, str], dict[str, object]]:
    """Twelve months of M1 as they would be entered: a constant of 4 between register and bill."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    for row, month in zip(monthly("M1", 2025, 2025, quantity), MONTHS, strict=True):
        found["M1", month] = {
            "期間の初日": row[1], "期間の末日": row[2] - timedelta(days=1), "前回指示数": state, "今回指示数": state + quantity // 4,
            "使用量": quantity, "金額（円）": 9_000, "証憑ファイル名": evidence or None,
        }  # fmt: skip
        state += quantity // 4
    return found


def filled(path: Path, cells: Cells) -> bytes:
    """The workbook itself as it was made, with cells filled in as Excel would write them, nothing else touched."""
    rows = table(path)
    names = rows[bill_book.HEAD]
    places = {
        (row[names.index(KEY)].partition("/")[2], row[names.index(MONTH)]): n for n, row in enumerate(rows, start=1)
    }

    def change(text: str) -> str:
        for key, values in cells.items():
            for column, value in values.items():
                if value is not None:
                    text = _put(text, f"{chr(65 + names.index(column))}{places[key]}", value)
        return text

    return with_first_sheet(path, change)


def _put(text: str, place: str, value: object) -> str:
    if isinstance(value, date):
        value = (value - date(1899, 12, 30)).days
    kind, inner = ' t="inlineStr"', f"<is><t>{escape(str(value))}</t></is>"
    if isinstance(value, str) and value.startswith("="):
        kind, inner = "", f"<f>{escape(value[1:])}</f>"
    elif not isinstance(value, str):
        kind, inner = "", f"<v>{value}</v>"
    found = re.compile(rf'<c r="{place}"( s="\d+")?[^>]*?(?:/>|>.*?</c>)')
    text, done = found.subn(lambda m: f'<c r="{place}"{m[1] or ""}{kind}>{inner}</c>', text, count=1)
    assert done == 1, place
    return text


def entered(city: City, cells: Cells, name: str = "paper/R7/x.xlsx", received: str = "2026-06-01 09:00") -> City:
    return city.file(name, filled(book(city), cells), received)


def held(city: City) -> list[tuple[Any, ...]]:
    with city.built("readings") as made:
        assert broken(made) == {}
        return rows_of(made, "SELECT rule_id, source_line, source_column, raw FROM quarantine ORDER BY ALL")


# ---------------------------------------------------------------- what is asked


def test_a_row_per_meter_and_month_with_what_is_known_of_it(city: City) -> None:
    rows = table(book(city))
    names = rows[bill_book.HEAD]
    assert names == list(bill_book.headings().values()) and len(set(names)) == len(names)
    first, *others = rows[bill_book.HEAD + 1 :]
    told = dict(zip(names, first, strict=True))
    assert (told["施設"], told["計器"], told["検針月"], told["契約"]) == (
        "本庁舎",
        "灯油 M1",
        "2025年4月",
        "見本燃料 K-1",
    )
    assert (told["乗率"], told["前年同月の使用量"], told["単位"], told[KEY]) == (4, 80, "L", "試験市/M1")
    assert [told[name] for name in ("期間の初日", "前回指示数", "使用量", "証憑ファイル名")] == [""] * 4
    assert len(others) == 11 and others[-1][2] == "2026年3月"


def test_months_after_a_facility_closed_and_deliveries_are_not_asked_and_names_stay_words(city: City) -> None:
    rows = table(book(city, "環境課"))[bill_book.HEAD + 1 :]
    assert [row[2] for row in rows] == MONTHS[:10], "until January, in which it closed; M3 is delivered"
    assert {row[0] for row in rows} == {"=1+1"}


def test_one_department_alone_and_none_that_has_bills(city: City) -> None:
    assert [made.department for made in bill_book.make(city.paths, 2025, city.folder / "some", "総務課")] == ["総務課"]
    assert bill_book.make(city.paths, 2025, city.folder / "some", "どこにもない課") == []


def test_it_is_protected_but_for_the_entries_and_prints_its_headings_on_every_page(city: City) -> None:
    with zipfile.ZipFile(book(city)) as archive:
        sheet, names = (archive.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "workbook"))
        styles = archive.read("xl/styles.xml").decode()
    assert "<sheetProtection" in sheet and 'locked="0"' in styles
    assert 'orientation="landscape"' in sheet and 'paperSize="9"' in sheet and 'fitToHeight="0"' in sheet
    assert "Print_Titles" in names and "$5:$5" in names and "Print_Area" in names
    assert '<pane xSplit="3" ySplit="5"' in sheet
    assert sheet.count("<dataValidation ") == 8


# ---------------------------------------------------------------- what comes of it


def test_a_filled_workbook_comes_to_the_verdict_that_the_same_bills_as_csv_come_to(city: City, tmp_path: Path) -> None:
    csv = city.copied(tmp_path / "csv").bills("fuel/b.csv", monthly("M1", 2025, 2025, 80))
    entered(city, usual())
    found = []
    for one_way in (city, csv):
        with one_way.built() as made:
            assert broken(made) == {}
            result = "SELECT actual_low_co2e_kg, actual_high_co2e_kg FROM facility_results WHERE facility_id = 'F1' AND fiscal_year = 2025"
            found.append((verdict(made, "F1", 2025), one(made, result)))
            faults = "SELECT rule_id FROM findings WHERE rule_id LIKE 'index%' OR rule_id LIKE 'evidence%'"
            assert rows_of(made, faults) == []
    assert found[0] == found[1] and found[0][0] == ("achieved", set())
    by_hand = Decimal(12 * 80) * Decimal("36.7") * Decimal("0.0185") * 44 / 12
    assert abs(found[0][1][0] - by_hand) < Decimal("0.001")


def test_months_left_empty_are_missing_and_not_zero(city: City) -> None:
    cells = usual()
    for month in MONTHS[3:5]:
        del cells["M1", month]
    entered(city, cells)
    with city.built() as made:
        assert one(made, "SELECT layout, rows_received, rows_loaded, rows_blank FROM source_files WHERE source = 'paper'") == (
            "bill_entry", 12, 10, 2,
        )  # fmt: skip
        assert (
            one(
                made,
                "SELECT count(*) FROM energy_by_meter_day WHERE meter_id = 'M1' AND quantity = 0 AND state <> 'missing'",
            )
            == 0
        )
        found, reasons = verdict(made, "F1", 2025)
        assert found == "undeterminable" and "missing_data" in reasons


def test_an_explicit_zero_is_read(city: City) -> None:
    entered(city, {("M1", "2025年4月"): usual()["M1", "2025年4月"] | {"使用量": 0}})
    with city.built("readings") as made:
        assert one(made, "SELECT quantity FROM current_readings WHERE started_at = '2025-04-01'") == 0


def test_rows_sorted_moved_and_deleted_and_a_sheet_renamed_say_the_same(city: City) -> None:
    entered(city, usual())
    rows = table(city.folder / "inbox" / "paper" / "R7" / "x.xlsx")
    (city.folder / "inbox" / "paper" / "R7" / "x.xlsx").unlink()
    head, body = rows[: bill_book.HEAD + 1], rows[bill_book.HEAD + 1 :]
    kept = [
        [None if cell == "" else cell for cell in row] for row in (*head[2:], *sorted(body[:-1], key=str, reverse=True))
    ]
    city.file("paper/R7/y.xlsx", sheets(別の名前=kept))
    with city.built("readings") as made:
        found = rows_of(
            made,
            "SELECT started_at, ended_at, quantity, index_after FROM current_readings WHERE started_at >= '2025-04-01' ORDER BY 1",
        )
    assert (
        len(found) == 11
        and {row[2] for row in found} == {80}
        and [row[3] for row in found] == [1800 + 20 * n for n in range(11)]
    )


def test_another_citys_workbook_names_none_of_our_meters(city: City, make_city: Callable[..., City]) -> None:
    there = city.folder / "city.toml"
    there.write_text(there.read_text(encoding="utf-8").replace("試験市", "よその市"), encoding="utf-8")
    city.publish()
    bill_book.make(city.paths, 2025, city.folder / "out")
    foreign = filled(book(city), usual())
    here = make_city().file("paper/x.xlsx", foreign)
    with here.built() as made:
        assert {row[0] for row in rows_of(made, "SELECT rule_id FROM quarantine")} == {"unknown_meter"}
        assert "よその市/M1" in one(made, "SELECT DISTINCT raw FROM quarantine")
        assert one(made, "SELECT count(*) FROM readings") == 0
        assert rows_of(made, "SELECT * FROM doubts") == [], "a stranger's rows put nothing of ours in doubt"


# ---------------------------------------------------------------- what is refused, cell by cell


@pytest.mark.parametrize(
    ("wrong", "rule", "raw"),
    [
        ({"使用量": "=40*2"}, "not_calculated", "="),
        ({"使用量": "約80"}, "not_a_number", "約80"),
        ({"使用量": -5}, "negative_quantity", "-5 L"),
        ({"期間の初日": None}, "missing_value", "start: (空欄)"),
        ({"期間の末日": None}, "missing_value", "end: (空欄)"),
        ({"期間の末日": date(2025, 3, 30)}, "ends_before_start", "2025-04-01 - 2025-03-30"),
        ({"期間の初日": "四月ごろ"}, "not_a_date", "四月ごろ"),
        ({"単位": "バレル"}, "unknown_unit", "バレル"),
        (
            {"期間の初日": date(2024, 4, 1), "期間の末日": date(2024, 4, 30)},
            "month_disagrees",
            "2024-04-01 - 2024-04-30 / 2025年4月",
        ),
        ({"期間の末日": date(2026, 4, 30)}, "month_disagrees", "2025-04-01 - 2026-04-30 / 2025年4月"),
        ({"検針月": "4月"}, "month_disagrees", "2025-04-01 - 2025-04-30 / 4月"),
    ],
)
def test_what_cannot_be_taken_is_held_back_by_its_cell(
    city: City, wrong: dict[str, object], rule: str, raw: str
) -> None:
    entered(city, {("M1", "2025年4月"): usual()["M1", "2025年4月"] | wrong})
    assert held(city) == [(rule, 6, "使用量", raw)]


@pytest.mark.parametrize(
    ("last", "is_read"),
    [(date(2025, 3, 16), False), (date(2025, 3, 17), True), (date(2025, 5, 15), True), (date(2025, 5, 16), False)],
)
def test_a_period_ends_in_its_month_or_at_most_fifteen_days_beside_it(city: City, last: date, is_read: bool) -> None:
    entered(city, {("M1", "2025年4月"): {"期間の初日": date(2025, 3, 10), "期間の末日": last, "使用量": 80}})
    assert held(city) == ([] if is_read else [("month_disagrees", 6, "使用量", f"2025-03-10 - {last} / 2025年4月")])


def test_a_quantity_merged_over_two_months_belongs_to_neither(city: City) -> None:
    cells = {("M1", month): {**usual()["M1", month], "使用量": None} for month in MONTHS[:2]}
    cells["M1", MONTHS[0]]["使用量"] = 160
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(filled(book(city), cells))) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode() if name.endswith("sheet1.xml") else ""
            merged = '<mergeCells><mergeCell ref="K6:K7"/></mergeCells>'
            new.writestr(name, re.sub("(<sheetProtection[^>]*/>)", rf"\1{merged}", text) if text else old.read(name))
    city.file("paper/x.xlsx", stream.getvalue())
    assert held(city) == [("merged_quantity", 6, "使用量", "160")]


def test_a_state_that_is_no_number_costs_itself_and_is_named(city: City) -> None:
    entered(city, {("M1", "2025年4月"): usual()["M1", "2025年4月"] | {"前回指示数": "千"}})
    with city.built("readings") as made:
        assert one(
            made, "SELECT quantity, index_before, index_after FROM current_readings WHERE started_at = '2025-04-01'"
        ) == (80, None, 1800)
        assert "index_before「千」" in one(made, "SELECT unread FROM intake_log WHERE source = 'paper'")


# ---------------------------------------------------------------- what Excel itself says


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_the_formulas_of_the_workbook_say_what_is_wrong(city: City, tmp_path: Path) -> None:
    cells = usual()
    says: dict[int, dict[str, object]] = {
        0: {},
        1: {"使用量": 81},
        2: {"前回指示数": 1821, "今回指示数": 1841},
        3: {"使用量": 120, "前回指示数": 1841, "今回指示数": 1871},
        4: {"前回指示数": 1871, "今回指示数": 1860},
        5: {"期間の末日": date(2025, 8, 1)},
        6: {"使用量": None},
        7: {"期間の初日": None},
        8: {"使用量": "x"},
        9: {"期間の末日": date(2026, 3, 1)},
    }
    for number, wrong in says.items():
        cells["M1", MONTHS[number]] |= wrong
    for month in MONTHS[10:]:
        del cells["M1", month]
    path = tmp_path / "x.xlsx"
    path.write_bytes(filled(book(city), cells))
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/lo",
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(tmp_path / "o"),
        str(path),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    rows = table(tmp_path / "o" / "x.xlsx")
    place = rows[bill_book.HEAD].index("確認")
    assert [row[place] for row in rows[bill_book.HEAD + 1 :]] == [
        "よし",
        "指示数の差×乗率が使用量と合いません",
        "前回指示数が前の月の今回指示数と違います",
        "前年同月と30%を超えて違います",
        "今回指示数が前回より小さくなっています",
        "期間の初日と末日が逆です",
        "使用量が空欄です",
        "期間を入力してください",
        "数値と日付を確かめてください",
        "期間が検針月と合いません",
        "",
        "",
    ]
    assert rows[3][0] == "入力済の行 8 / 12"
    city.file("paper/x.xlsx", (tmp_path / "o" / "x.xlsx").read_bytes())
    with city.built("readings") as made:
        assert one(made, "SELECT rows_loaded, rows_blank FROM source_files WHERE source = 'paper'")[1] == 3
        assert one(made, "SELECT quantity FROM current_readings WHERE started_at = '2025-04-01'") == 80


def test_the_night_tells_the_documents_that_nobody_entered_in_one_line(city: City) -> None:
    for name in ("a.pdf", "b.pdf"):
        city.file(f"paper/R7/{name}", b"%PDF-1.7 " + name.encode())
    entered(city, usual(evidence="a.pdf"))
    outcome = nightly(city.paths).outcome
    assert outcome.documents_waiting == 1 and outcome.file_problems == []

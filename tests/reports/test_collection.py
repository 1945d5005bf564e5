"""Workbooks for departments: issued, filled in part, returned under any name and in any order, and who has answered."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from pipelines.reports import collection
from tests.making import City, broken, monthly, one, rows_of, with_first_sheet
from tests.sources.made import sheets

FACILITIES = [
    {"facility_id": "F1", "name": "本庁舎", "operator_id": "OP", "department": "総務課"},
    {"facility_id": "F2", "name": "清掃工場", "operator_id": "OP", "department": "環境課"},
]
KEROSENE = {"facility_id": "F1", "energy_type": "kerosene", "unit": "L"}
METERS = [
    {**KEROSENE, "meter_id": "M1", "reading_kind": "bill"},
    {**KEROSENE, "meter_id": "M2", "reading_kind": "delivery"},
    {**KEROSENE, "meter_id": "M3", "reading_kind": "register", "valid_from": "2025-06-01"},
    {**KEROSENE, "meter_id": "M4", "reading_kind": "interval"},
]
SOURCES = [
    {"activity_source_id": "A1", "facility_id": "F2", "activity": "waste_plastic", "unit": "t", "frequency": "month"},
    {"activity_source_id": "A2", "facility_id": "F2", "activity": "car_ac_hfc", "unit": "台", "frequency": "year"},
]


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A published city with last year's bills, and the workbooks of FY2025."""
    city = City(tmp_path_factory.mktemp("asked") / "city", date(2026, 6, 15))
    city.register("facilities", FACILITIES).register("meters", METERS).register("activity_sources", SOURCES)
    city.bills("fuel/a.csv", monthly("M1", 2024, 2024, lambda _, month: 100 + month))
    city.publish()
    collection.issue(city.paths, 2025, None, date(2026, 5, 15), "環境政策課", city.folder / "out")
    return city


@pytest.fixture
def asked(asked_once: City, tmp_path: Path) -> City:
    """The same for each test anew."""
    return asked_once.copied(tmp_path / "asked")


def book(city: City, department: str) -> dict[str, list[list[Any]]]:
    path = city.folder / "out" / f"2025年度_{department}.xlsx"
    opened = CalamineWorkbook.from_path(str(path))
    return {name: opened.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in opened.sheet_names}


def returned(city: City, tables: dict[str, list[list[Any]]], name: str, received: str) -> City:
    """Send a workbook back under another name."""
    clean = {sheet: [[None if cell == "" else cell for cell in row] for row in rows] for sheet, rows in tables.items()}
    return city.file(f"office/{name}.xlsx", sheets(**clean), received)


def fill(tables: dict[str, list[list[Any]]], sheet: str, source: str, month: str, value: object) -> None:
    rows = tables[sheet]
    column = rows[4].index(month)
    next(row for row in rows if row[0] == source)[column] = value


def states(city: City) -> dict[str, tuple[str, int, int]]:
    return {
        row["department"]: (row["state"], row["answered"], row["asked"]) for row in collection.status(city.paths, 2025)
    }


def test_a_workbook_asks_for_what_the_registers_expect_and_shows_last_year(asked: City) -> None:
    tables = book(asked, "総務課")
    assert list(tables) == ["エネルギー", "納品伝票"]
    rows = tables["エネルギー"]
    assert [row[0] for row in rows[6:]] == ["M1", "M2", "M3"], "what sends intervals is not asked"
    april = rows[4].index("2025-04")
    assert (rows[6][april - 1], rows[6][april]) == (104, ""), "last year's April stands beside the empty cell"
    assert len([name for name in rows[4] if name]) == 12
    activities = book(asked, "環境課")["活動量"]
    assert activities[4][-1] == "FY2025"
    assert "令和8年5月15日" in rows[2][2] and "環境政策課" in rows[2][2]


def test_before_anything_comes_everybody_is_silent(asked: City) -> None:
    assert states(asked) == {"総務課": ("silent", 0, 12 + 12 + 10), "環境課": ("silent", 0, 12 + 1)}


def test_an_explicit_zero_is_an_answer_and_an_empty_cell_is_none(asked: City) -> None:
    tables = book(asked, "総務課")
    fill(tables, "エネルギー", "M1", "2025-04", 90)
    fill(tables, "エネルギー", "M1", "2025-05", 0)
    returned(asked, tables, "なんでもよい名前", "2026-05-10 09:00").publish()
    assert states(asked)["総務課"] == ("partly", 2, 34)
    with asked.built("energy") as made:
        found = rows_of(
            made, "SELECT quantity FROM current_readings WHERE started_at >= '2025-04-01' ORDER BY started_at"
        )
        assert found == [(90,), (0,)]
        file = one(
            made, "SELECT layout, rows_received, rows_loaded, rows_blank FROM source_files WHERE source = 'office'"
        )
        assert file == ("collection_book", 36, 2, 34), "every cell of the sheet is accounted for"
        assert broken(made) == {}


def test_partly_filled_books_may_come_in_any_order(make_city: Callable[..., City], asked: City) -> None:
    early, late = book(asked, "総務課"), book(asked, "総務課")
    fill(early, "エネルギー", "M1", "2025-04", 90)
    fill(early, "エネルギー", "M1", "2025-06", 80)
    fill(late, "エネルギー", "M1", "2025-04", 95)
    for order in (
        ((early, "2026-05-10 09:00"), (late, "2026-05-11 09:00")),
        ((late, "2026-05-11 09:00"), (early, "2026-05-10 09:00")),
    ):
        city = asked.copied(make_city().folder)
        for number, (tables, received) in enumerate(order):
            returned(city, tables, f"b{number}", received).publish()
        with city.built("readings") as made:
            found = rows_of(
                made, "SELECT quantity FROM current_readings WHERE started_at >= '2025-04-01' ORDER BY started_at"
            )
        assert found == [(95,), (80,)]


def filled(asked: City, cells: dict[str, float], also: dict[str, str] | None = None) -> bytes:
    """The workbook itself as it was issued, with cells of its first sheet filled in, nothing else touched."""
    path = asked.folder / "out" / "2025年度_総務課.xlsx"

    def change(text: str) -> str:
        for place, value in cells.items():
            text, done = re.subn(rf'<c r="{place}"( s="\d+")/>', rf'<c r="{place}"\1><v>{value}</v></c>', text)
            assert done == 1, place
        for was, becomes in (also or {}).items():
            assert was in text, was
            text = text.replace(was, becomes, 1)
        return text

    return with_first_sheet(path, change)


LOADED = "SELECT meter_id, CAST(started_at AS DATE), quantity FROM current_readings WHERE started_at >= '2025-04-01' ORDER BY ALL"


def test_what_we_hid_ourselves_in_our_workbook_holds_nothing_back(asked: City) -> None:
    asked.file("office/x.xlsx", filled(asked, {"G7": 90, "I7": 80}), "2026-05-10 09:00").publish()
    with asked.built("readings") as made:
        assert rows_of(made, LOADED) == [("M1", date(2025, 4, 1), 90), ("M1", date(2025, 5, 1), 80)]
        assert rows_of(made, "SELECT rule_id, raw FROM quarantine") == []
        file = one(
            made, "SELECT layout, rows_received, rows_loaded, rows_blank FROM source_files WHERE source = 'office'"
        )
        assert file == ("collection_book", 36, 2, 34)


def test_what_somebody_else_hid_in_our_workbook_is_held_back(asked: City) -> None:
    hidden = {'<row r="8"': '<row r="8" hidden="1"', "<cols>": '<cols><col min="9" max="9" width="12" hidden="1"/>'}
    asked.file("office/x.xlsx", filled(asked, {"G7": 90, "I7": 80, "G8": 0}, hidden), "2026-05-10 09:00").publish()
    with asked.built("readings") as made:
        assert rows_of(made, LOADED) == [("M1", date(2025, 4, 1), 90)]
        held = rows_of(made, "SELECT rule_id, source_line, source_column, raw FROM quarantine ORDER BY ALL")
        assert held == [("hidden_column", 7, "2025-05", "80"), ("hidden_row", 8, "2025-04", "0")]


def test_deliveries_are_written_as_slips_and_closed_with_a_zero(asked: City) -> None:
    tables = book(asked, "総務課")
    tables["納品伝票"] += [[date(2025, 12, 5), "M2", 300, "L", 30000, "A-1"]]
    fill(tables, "エネルギー", "M2", "2025-12", 0)
    returned(asked, tables, "slips", "2026-05-10 09:00").publish()
    with asked.built("energy") as made:
        assert one(made, "SELECT sum(quantity) FROM energy_by_meter_day WHERE meter_id = 'M2'") == 300
        open_days = "SELECT count(*) FROM energy_by_meter_day WHERE meter_id = 'M2' AND contains(doubts, 'not_closed')"
        assert one(made, open_days) == 0, "December is closed by its zero"
        assert one(made, "SELECT amount_yen FROM bills WHERE meter_id = 'M2'") == 30000
    assert states(asked)["総務課"] == ("partly", 1, 34)


def test_a_register_is_asked_for_its_state_at_the_end_of_the_month(asked: City) -> None:
    tables = book(asked, "総務課")
    for month, value in (("2025-06", 100), ("2025-07", 130)):
        fill(tables, "エネルギー", "M3", month, value)
    returned(asked, tables, "registers", "2026-05-10 09:00").publish()
    with asked.built("readings") as made:
        assert one(made, "SELECT started_at, quantity FROM current_readings WHERE meter_id = 'M3'") == (
            date_time(2025, 7, 1),
            30,
        )
    assert states(asked)["総務課"] == ("partly", 2, 34)


def date_time(*parts: int) -> object:
    from datetime import datetime

    return datetime(*parts)  # type: ignore[arg-type]


def test_activities_by_month_and_by_year(asked: City) -> None:
    tables = book(asked, "環境課")
    fill(tables, "活動量", "A1", "2025-04", 12.5)
    fill(tables, "活動量", "A2", "FY2025", 3)
    returned(asked, tables, "activities", "2026-05-10 09:00").publish()
    with asked.built("readings") as made:
        found = rows_of(
            made, "SELECT activity_source_id, started_at, ended_at, quantity FROM activity_readings ORDER BY 1"
        )
    assert found == [
        ("A1", date_time(2025, 4, 1), date_time(2025, 5, 1), 12.5),
        ("A2", date_time(2025, 4, 1), date_time(2026, 4, 1), 3),
    ]
    assert states(asked)["環境課"] == ("partly", 2, 13)


def test_a_word_in_a_cell_is_held_back_with_its_place(asked: City) -> None:
    tables = book(asked, "総務課")
    fill(tables, "エネルギー", "M1", "2025-04", "約90")
    returned(asked, tables, "words", "2026-05-10 09:00").publish()
    with asked.built("readings") as made:
        assert one(made, "SELECT rule_id, raw, source_member, source_column FROM quarantine") == (
            "not_a_number", "約90", "エネルギー", "2025-04",
        )  # fmt: skip


def test_a_reminder_names_what_is_open_in_plain_words(asked: City) -> None:
    row = next(r for r in collection.status(asked.paths, 2025) if r["department"] == "環境課")
    text = collection.reminder(row, "試験市")
    assert "環境課 御中" in text and "令和8年5月15日" in text and "清掃工場（F2） A2: FY2025" in text
    assert row["is_overdue"] is True


def test_workbooks_have_checks_that_excel_makes_itself(asked: City) -> None:
    path = next((asked.folder / "out").glob("*総務課.xlsx"))
    assert isinstance(path, Path)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert (
        "<sheetProtection" in sheet and 'operator="greaterThanOrEqual"' in sheet and "<conditionalFormatting" in sheet
    )


# words of strangers that Excel would take for a formula or a link
FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://192.0.2.1/","x")',
    "{=1+1}",
    "+1+1",
    "@SUM(1)",
    "http://192.0.2.1/",
    "internal:Sheet1!A1",
)


def test_no_cell_of_a_workbook_is_a_formula_or_a_link_made_of_strangers_words(
    make_city: Callable[..., City],
) -> None:
    """One facility, department and meter of each word."""
    city = make_city(date(2026, 6, 15))
    meter = {"energy_type": "kerosene", "unit": "L", "reading_kind": "delivery"}
    numbered = list(enumerate(FORMULAS))
    city.register(
        "facilities",
        [{"facility_id": f"F{n}", "name": words, "operator_id": "OP", "department": words} for n, words in numbered],
    )
    city.register(
        "meters",
        [
            {**meter, "facility_id": f"F{n}", "meter_id": name}
            for n, words in numbered
            for name in (words, f'{words}M"1')
        ],
    )
    city.publish()
    books = collection.issue(city.paths, 2025, None, date(2026, 5, 15), FORMULAS[0], city.folder / "out")
    assert {book.department for book in books} == set(FORMULAS)
    for book in books:
        _no_formula(Path(book.path))
        sheet = CalamineWorkbook.from_path(book.path).get_sheet_by_name("エネルギー").to_python(skip_empty_area=False)
        assert book.department in {row[0] for row in sheet[6:]}, "it stands there as it was written"


def _no_formula(path: Path) -> None:
    with zipfile.ZipFile(path) as members:
        parts = {name: members.read(name).decode() for name in members.namelist() if name.endswith((".xml", ".rels"))}
    for name, text in parts.items():
        assert "<f>" not in text and "<f " not in text and "hyperlink" not in text, f"{name} of {path.name}"
        for source in re.findall(r"<formula1>(.*?)</formula1>", text):
            assert source.count("&quot;") + source.count('"') in (0, 2), f"{source}: a word ends the list early"

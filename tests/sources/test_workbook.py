"""Workbooks: what nobody sees, what was never calculated and what shows another number is told, never taken and never lost."""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import python_calamine
import xlsxwriter

from pipelines.settings.city import Limits
from pipelines.settings.layout import Layout
from pipelines.sources import parsed_store
from pipelines.sources.layouts import described
from pipelines.sources.open import sheet_other, sheet_xml, shown, workbook
from pipelines.sources.parse import ParseOptions
from pipelines.sources.trial import read as show
from pipelines.warehouse import database
from tests.making import City, rows_of, writable
from tests.sources import made
from tests.sources.made import Made
from tests.sources.test_layouts import parsed

HEAD = ["meter_id", "started_at", "ended_at", "quantity", "unit", "amount_yen"]
MONTHS = [("2025-04-01", "2025-05-01"), ("2025-05-01", "2025-06-01"), ("2025-06-01", "2025-07-01")]
LAYOUT_NS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"


def book(
    write: Callable[[Any, Any], None], options: dict[str, Any] | None = None, head: list[str] | None = None
) -> bytes:
    """A workbook with three months of one meter on the sheet 検針, and whatever is written over it."""
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True, **(options or {})})
    sheet = workbook.add_worksheet("検針")
    sheet.write_row(0, 0, head or HEAD)
    for number, (start, end) in enumerate(MONTHS, start=1):
        sheet.write_row(number, 0, ["M1", start, end, 100 * number, "kWh", 2000 * number])
    write(workbook, sheet)
    workbook.close()
    return stream.getvalue()


def edited(content: bytes, changes: dict[str, Callable[[str], str]], added: dict[str, str] | None = None) -> bytes:
    """A workbook with parts of its XML changed or added."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            changed = changes[name](text) if name in changes else text
            assert name not in changes or changed != text, f"{name} must differ"
            new.writestr(name, changed)
        for name, text in (added or {}).items():
            new.writestr(name, text)
    return stream.getvalue()


SHEET1 = "xl/worksheets/sheet1.xml"


def in_sheet(content: bytes, change: Callable[[str], str]) -> bytes:
    return edited(content, {SHEET1: change})


def told(folder: Path, content: bytes, reading: ParseOptions | None = None, name: str = "a.xlsx") -> dict[str, Any]:
    return parsed(folder, Made(f"office/{name}", content), reading)


def quantities(found: dict[str, Any]) -> list[str]:
    assert found["outcome"].problem is None, found["outcome"].problem
    return [row[6].rstrip("0").rstrip(".") for row in found["values"]]


def held(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line, rule, raw) for _, line, _, rule, raw in found["rejects"]]


# ---------------------------------------------------------------- hidden sheets


def as_workbook(file: Made) -> Made:
    """A file of a text layout as a person would save it from Excel: every cell as text."""
    if file.path.endswith(".xlsx"):
        return file
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = file.content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    rows = list(csv.reader(text.splitlines(), delimiter="\t" if "\t" in text else ","))
    stem = file.path.rpartition(".")[0]
    return Made(f"{stem}.xlsx", made.sheets(データ=[[cell or None for cell in row] for row in rows]))


def with_decoy(content: bytes, state: str, first: bool) -> bytes:
    """The workbook with a hidden copy of each of its sheets, every number of it one more."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("xl/worksheets/sheet"))
        sheets = [archive.read(name).decode() for name in names]
    decoys = {
        f"xl/worksheets/old{n}.xml": re.sub(
            r'(<c r="[A-Z]+\d+"(?: s="\d+")?><v>)(\d+)', lambda m: f"{m[1]}{int(m[2]) + 1}", text
        )
        for n, text in enumerate(sheets)
    }
    entries = "".join(
        f'<sheet name="旧{n}" sheetId="{90 + n}" state="{state}" r:id="rId9{n}"/>' for n in range(len(sheets))
    )
    related = "".join(
        f'<Relationship Id="rId9{n}" Type="{LAYOUT_NS}" Target="worksheets/old{n}.xml"/>' for n in range(len(sheets))
    )
    place = ("<sheets>", f"<sheets>{entries}") if first else ("</sheets>", f"{entries}</sheets>")
    return edited(
        content,
        {
            "xl/workbook.xml": lambda text: text.replace(*place),
            "xl/_rels/workbook.xml.rels": lambda text: text.replace("</Relationships>", f"{related}</Relationships>"),
        },
        decoys,
    )


TABLES = sorted(set(made.ALL) - {"grid_messages", "grid_confirmed", "grid_zip", "green_button"})


@pytest.mark.parametrize("name", TABLES)
def test_a_hidden_decoy_changes_nothing_in_any_layout_and_is_told(tmp_path: Path, name: str) -> None:
    file = as_workbook(made.ALL[name]())
    plain = parsed(tmp_path / "plain", file)
    assert plain["outcome"].problem is None and plain["values"]
    for number, (state, first) in enumerate((("hidden", True), ("veryHidden", False))):
        twin = Made(file.path, with_decoy(file.content, state, first))
        found = parsed(tmp_path / str(number), twin)
        assert (found["values"], found["rejects"]) == (plain["values"], plain["rejects"])
        assert sum("非表示" in sheet for sheet in found["outcome"].unread) >= 1
        assert found["ignored"] > plain["ignored"], "its rows are in the account"


# a hidden answer is held back where answers are judged: tests/run/test_answers.py
@pytest.mark.parametrize("name", [name for name in TABLES if name != "answer_sheet"])
def test_a_hidden_row_of_any_layout_is_held_back_cell_by_cell(tmp_path: Path, name: str) -> None:
    file = as_workbook(made.ALL[name]())
    plain = parsed(tmp_path / "plain", file)
    lines = {row[1] for row in plain["values"]}
    line = max(lines, key=int)
    member = next(row[0] for row in plain["values"] if row[1] == line)
    number = next(n for n in range(1, 9) if _is_sheet(file.content, n, member))
    change = {
        f"xl/worksheets/sheet{number}.xml": lambda text: text.replace(f'<row r="{line}"', f'<row r="{line}" hidden="1"')
    }
    found = parsed(tmp_path / "hidden", Made(file.path, edited(file.content, change)))
    if found["outcome"].problem:  # a printed total counts the row that is hidden: that cell is the reason
        rule_id, numbers = found["outcome"].problem
        assert rule_id == "total_unchecked"
        assert "hidden_row" in str(numbers["found"])
        return
    gone = [row for row in plain["values"] if row[1] == line and row[0] == member]
    assert found["values"] == [row for row in plain["values"] if row not in gone]
    assert sum(reject[3] == "hidden_row" for reject in found["rejects"]) >= len(gone) > 0


def _is_sheet(content: bytes, number: int, member: str) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = re.findall(r'<sheet name="([^"]+)"', archive.read("xl/workbook.xml").decode())
    return bool(names[number - 1] == member.rpartition("/")[2])


def _second(workbook: Any, _: Any) -> None:
    hidden = workbook.add_worksheet("予備")
    hidden.write_row(0, 0, HEAD)
    hidden.write_row(1, 0, ["M2", "2025-04-01", "2025-05-01", 7, "kWh"])
    hidden.hide()


def test_a_hidden_sheet_is_read_where_the_layout_says_so(tmp_path: Path) -> None:
    layout = Layout(
        header=("meter_id", "quantity"), hidden_sheets=True,
        columns={"meter": "meter_id", "start": "started_at", "end": "ended_at", "quantity": "quantity"},
    )  # fmt: skip
    content = book(_second)
    assert quantities(told(tmp_path, content)) == ["100", "200", "300"]
    found = told(tmp_path / "b", content, ParseOptions(Limits(), described.readers({"own": layout})))
    assert sorted(quantities(found)) == ["100", "200", "300", "7"] and not found["outcome"].unread


def test_a_workbook_of_which_only_hidden_sheets_fit_says_so(tmp_path: Path) -> None:
    def write(workbook: Any, sheet: Any) -> None:
        cover = workbook.add_worksheet("表紙")
        cover.write(0, 0, "令和7年度")
        cover.activate()
        cover.set_first_sheet()
        sheet.hide()

    found = told(tmp_path, book(write))
    assert found["outcome"].problem == ("hidden_sheets", {"found": "検針"})


def test_a_chart_beside_the_table_costs_nothing(tmp_path: Path) -> None:
    def write(workbook: Any, _: Any) -> None:
        chart = workbook.add_chart({"type": "line"})
        chart.add_series({"values": "=検針!$D$2:$D$4"})
        workbook.add_chartsheet("グラフ").set_chart(chart)

    assert quantities(told(tmp_path, book(write))) == ["100", "200", "300"]


def test_a_sheet_of_a_dialog_is_no_table_and_is_told(tmp_path: Path) -> None:
    kind = LAYOUT_NS.replace("worksheet", "dialogsheet")
    content = with_decoy(book(lambda *_: None), "visible", True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/old0.xml").decode()
    was = f'Type="{LAYOUT_NS}" Target="worksheets/old0.xml"'
    becomes = f'Type="{kind}" Target="dialogsheets/old0.xml"'
    content = edited(
        content, {"xl/_rels/workbook.xml.rels": lambda t: t.replace(was, becomes)}, {"xl/dialogsheets/old0.xml": sheet}
    )
    found = told(tmp_path, content, name="a.xlsm")
    assert (quantities(found), found["outcome"].unread) == (["100", "200", "300"], ["旧0（非表示 / hidden）"])


def test_two_visible_sheets_both_arrive_with_their_names(tmp_path: Path) -> None:
    def write(workbook: Any, _: Any) -> None:
        other = workbook.add_worksheet("控え")
        other.write_row(0, 0, HEAD)
        other.write_row(1, 0, ["M1", "2025-04-01", "2025-05-01", 999, "kWh"])

    found = told(tmp_path, book(write))
    assert {(row[0], row[6]) for row in found["values"] if row[1] == "2"} == {
        ("検針", "100.000000"),
        ("控え", "999.000000"),
    }


# ---------------------------------------------------------------- hidden rows and columns


def _row(**options: Any) -> Callable[[Any, Any], None]:
    return lambda _, sheet: sheet.set_row(2, None, None, options)


ROWS_HIDDEN: dict[str, bytes] = {
    "hidden": book(_row(hidden=True)),
    "grouped and collapsed": book(_row(level=1, hidden=True)),
    "no height": in_sheet(book(lambda *_: None), lambda t: t.replace('<row r="3"', '<row r="3" ht="0" customHeight="1"')),
    "no height, another way": in_sheet(book(lambda *_: None), lambda t: t.replace('<row r="3"', '<row ht="0.0" r="3"')),
    "said in words": in_sheet(book(lambda *_: None), lambda t: t.replace('<row r="3"', "<row hidden = 'true' r=\"3\"")),
    "no numbers of rows": in_sheet(
        book(_row(hidden=True)), lambda t: re.sub(r' r="[A-Z]*\d+"', "", t)
    ),
    "prefixed": in_sheet(
        book(_row(hidden=True)),
        lambda t: re.sub(r"<(/?)(?!\?)", r"<\1x:", t).replace('xmlns="', 'xmlns:x="'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", ROWS_HIDDEN)
def test_a_hidden_row_is_held_back(tmp_path: Path, way: str) -> None:
    found = told(tmp_path, ROWS_HIDDEN[way])
    assert quantities(found) == ["100", "300"]
    assert held(found) == [("3", "hidden_row", "200")]


def test_rows_that_a_filter_hides_are_held_back(tmp_path: Path) -> None:
    def write(_: Any, sheet: Any) -> None:
        sheet.autofilter(0, 0, 3, 5)
        sheet.filter_column(3, "x > 150")
        sheet.set_row(1, None, None, {"hidden": True})

    found = told(tmp_path, book(write))
    assert (quantities(found), held(found)) == (["200", "300"], [("2", "hidden_row", "100")])


def test_a_row_that_others_are_hidden_around_is_seen(tmp_path: Path) -> None:
    found = told(tmp_path, book(lambda _, sheet: sheet.set_default_row(hide_unused_rows=True)))
    assert (quantities(found), held(found)) == (["100", "200", "300"], [])


def test_a_held_back_row_keeps_whose_and_when(tmp_path: Path) -> None:
    from pipelines.sources.trial import read as show

    (tmp_path / "a.xlsx").write_bytes(ROWS_HIDDEN["hidden"])
    assert [(r["key"], r["rule_id"]) for r in show(tmp_path / "a.xlsx")["rejects"]] == [("M1", "hidden_row")]


@pytest.mark.parametrize(
    ("column", "name"), [("A:A", "meter"), ("B:C", "period"), ("D:D", "quantity"), ("E:E", "unit")]
)
def test_a_value_that_needs_a_hidden_column_is_held_back(tmp_path: Path, column: str, name: str) -> None:
    found = told(tmp_path, book(lambda _, sheet: sheet.set_column(column, None, None, {"hidden": True})))
    assert (quantities(found), {rule for _, rule, _ in held(found)}) == ([], {"hidden_column"}), name
    assert len(held(found)) == 3


def test_a_column_without_width_is_hidden(tmp_path: Path) -> None:
    found = told(tmp_path, book(lambda _, sheet: sheet.set_column("D:D", 0)))
    assert {rule for _, rule, _ in held(found)} == {"hidden_column"}


def test_a_hidden_column_of_amounts_costs_only_itself_and_is_named(tmp_path: Path) -> None:
    found = told(tmp_path, book(lambda _, sheet: sheet.set_column("F:H", None, None, {"hidden": True})))
    assert (quantities(found), held(found)) == (["100", "200", "300"], [])
    assert found["outcome"].unread == ["検針: amount_yen（非表示 / hidden）"]


def test_a_hidden_column_that_plays_no_role_changes_nothing(tmp_path: Path) -> None:
    found = told(tmp_path, book(lambda _, sheet: sheet.set_column("J:XFD", None, None, {"hidden": True})))
    assert (quantities(found), held(found), found["outcome"].unread) == (["100", "200", "300"], [], [])


# ---------------------------------------------------------------- formulas


def _sums(values: list[Any], mark: bool = True) -> bytes:
    def write(workbook: Any, sheet: Any) -> None:
        for number, value in enumerate(values, start=1):
            sheet.write_formula(number, 3, "=10+10", None, value)
        if not mark:
            workbook.calc_on_load = False

    return book(write)


def test_a_workbook_that_was_never_calculated_gives_no_numbers(tmp_path: Path) -> None:
    found = told(tmp_path, _sums([0, 0, 0]))
    assert (quantities(found), {rule for _, rule, _ in held(found)}) == ([], {"not_calculated"})
    kept = told(tmp_path / "b", _sums([0, 0, 0], mark=False))
    assert quantities(kept) == ["0", "0", "0"], "a stored 0 of a calculated workbook is a 0"
    some = told(tmp_path / "c", _sums([0, 20, 0]))
    assert quantities(some) == ["0", "20", "0"]


@pytest.mark.parametrize("value", ["", "<v/>", "<v></v>"])
def test_a_formula_without_a_value_is_held_back_by_itself(tmp_path: Path, value: str) -> None:
    content = in_sheet(_sums([20, 30, 40], mark=False), lambda t: t.replace("<v>30</v>", value))
    found = told(tmp_path, content)
    assert (quantities(found), held(found)) == (["20", "40"], [("3", "not_calculated", "=")])


def test_a_formula_that_gives_an_empty_text_is_a_blank(tmp_path: Path) -> None:
    content = in_sheet(
        _sums([20, 30, 40], mark=False),
        lambda t: re.sub(r'<c r="D3">(.*?)<v>30</v>', r'<c r="D3" t="str">\1<v></v>', t),
    )
    found = told(tmp_path, content)
    assert (quantities(found), held(found), found["blank"]) == (["20", "40"], [], 1)


def test_an_array_formula_is_a_formula_in_all_its_cells(tmp_path: Path) -> None:
    def write(_: Any, sheet: Any) -> None:
        sheet.write_array_formula(1, 3, 3, 3, "{=A1:A3*2}", None, 0)

    assert {rule for _, rule, _ in held(told(tmp_path, book(write)))} == {"not_calculated"}


# ---------------------------------------------------------------- number formats


@pytest.mark.parametrize(
    ("code", "unit", "outcome"),
    [
        ("#,##0", "kWh", "read"), ("0.00_ ", "kWh", "read"), ('#,##0;"△ "#,##0', "kWh", "read"), ("0.00E+00", "kWh", "read"),
        ('_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', "kWh", "read"), ("@", "kWh", "read"), ("00000", "kWh", "read"),
        ("#,##0,", "千kWh", "held"), ("#,##0,", "kWh", "held"), ("0.0,,", "kWh", "held"), ("0,.0", "kWh", "held"),
        ("0%", "kWh", "held"), ("0.00%", "%", "held"), ("#,##0,;-#,##0,", "MWh", "held"),
        ('0"kWh"', "kWh", "read"), ('0" kWh"', "ＫＷＨ", "read"), ('0"千kWh"', "千kWh", "read"), ('0"千kWh"', "MWh", "read"),
        ('0"千kWh"', "kWh", "held"), ('0.0,"MWh"', "kWh", "read"), ('0.0,"MWh"', "MWh", "held"), ('0"m3"', "kWh", "held"),
        ("#,##0[$MWh]", "kWh", "held"), (r"0\k\W\h", "kWh", "read"), ('"¥"#,##0', "kWh", "held"), ('"▲"#,##0', "kWh", "held"),
        (";;;", "kWh", "held"), ('"欠測"', "kWh", "held"), ('[>=1000]0.0,"MWh";0"kWh"', "kWh", "read"),
        ('0"千kWh"', None, "千kWh"), ("#,##0,", None, "held"), ('0"件"', None, "held"),
    ],
)  # fmt: skip
def test_a_format_that_shows_another_number_than_is_stored(
    tmp_path: Path, code: str, unit: str | None, outcome: str
) -> None:
    def write(workbook: Any, sheet: Any) -> None:
        sheet.write(2, 3, 5629, workbook.add_format({"num_format": code}))
        sheet.write(2, 4, unit, workbook.add_format({"bold": True}))

    found = told(tmp_path, book(write))
    if outcome == "held":
        assert held(found) == [("3", "shown_otherwise", f"5629 [{shown.part_for(code, 5629)}]")]
        return
    assert held(found) == []
    row = next(row for row in found["values"] if row[1] == "3")
    assert (row[6], row[7]) == ("5629.000000", (unit or outcome))


def test_what_a_format_does_to_a_zero_is_no_conflict_unless_a_word_stands_for_it(tmp_path: Path) -> None:
    formats = {
        "0;-0;;@": [], "#,##0,": [], "0%": [], '"▲"#,##0': [], '0.0,"MWh"': [], "#,##0,;-#,##0,": [], '0;-0;"欠測"': ["shown_otherwise"],
        '"欠測"': ["shown_otherwise"], '0"m3"': ["shown_otherwise"],
    }  # fmt: skip
    for number, (code, expected) in enumerate(formats.items()):

        def write(workbook: Any, sheet: Any, code: str = code) -> None:
            sheet.write(2, 3, 0, workbook.add_format({"num_format": code}))

        found = [rule for _, rule, _ in held(told(tmp_path / str(number), book(write)))]
        assert found == expected, code


def test_a_zero_has_the_unit_that_its_format_states(tmp_path: Path) -> None:
    def write(workbook: Any, sheet: Any) -> None:
        sheet.write(2, 3, 0, workbook.add_format({"num_format": '0.0,"MWh"'}))
        sheet.write_blank(2, 4, None, workbook.add_format({"bold": True}))

    found = told(tmp_path, book(write))
    assert [(row[6], row[7]) for row in found["values"] if row[1] == "3"] == [("0.000000", "MWh")]


def test_formats_of_amounts_and_dates_hold_nothing_back(tmp_path: Path) -> None:
    def write(workbook: Any, sheet: Any) -> None:
        sheet.write(2, 5, 4000, workbook.add_format({"num_format": '"¥"#,##0'}))
        sheet.write(2, 1, date(2025, 5, 1), workbook.add_format({"num_format": 'ggge"年"m"月"d"日"'}))

    found = told(tmp_path, book(write))
    assert (quantities(found), held(found)) == (["100", "200", "300"], [])


# ---------------------------------------------------------------- dates, merged cells, odd cells


def test_a_workbook_of_1904_counts_its_bare_serials_from_there(tmp_path: Path) -> None:
    def write(workbook: Any, sheet: Any) -> None:
        sheet.write_row(2, 1, [44316, 44347])  # 1 May and 1 June 2025
        sheet.write_row(3, 1, ["44347", "2025-07-01"])
        sheet.write(1, 1, date(2025, 4, 1), workbook.add_format({"num_format": "yyyy-mm-dd"}))

    found = told(tmp_path, book(write, {"date_1904": True}))
    assert [row[4][:10] for row in found["values"]] == ["2025-04-01", "2025-05-01", "2025-06-01"], held(found)
    assert [row[5][:10] for row in found["values"]] == ["2025-05-01", "2025-06-01", "2025-07-01"]


def test_a_merged_meter_or_period_stands_for_its_rows(tmp_path: Path) -> None:
    def write(workbook: Any, sheet: Any) -> None:
        sheet.merge_range(1, 0, 3, 0, "M1", workbook.add_format())
        sheet.merge_range(1, 4, 3, 4, "MWh", workbook.add_format())

    found = told(tmp_path, book(write))
    assert [(row[3], row[7]) for row in found["values"]] == [("M1", "MWh")] * 3, held(found)


def test_a_merged_quantity_belongs_to_no_row_alone(tmp_path: Path) -> None:
    found = told(tmp_path, book(lambda workbook, sheet: sheet.merge_range(1, 3, 2, 3, 300, workbook.add_format())))
    assert (quantities(found), held(found), found["blank"]) == (["300"], [("2", "merged_quantity", "300")], 1)
    found = told(tmp_path / "b", book(lambda _, sheet: sheet.merge_range(1, 3, 2, 3, 300)))
    assert held(found) == [("2", "merged_quantity", "300"), ("3", "merged_quantity", "200")], (
        "what lies under it is seen by nobody"
    )


def test_a_quantity_that_begins_in_the_column_before_is_told(tmp_path: Path) -> None:
    def write(_: Any, sheet: Any) -> None:
        sheet.merge_range(3, 2, 3, 3, 55)
        sheet.merge_range(4, 0, 4, 5, "※ 速報値です")

    assert [rule for _, rule, _ in held(told(tmp_path, book(write)))] == ["merged_quantity"]


def test_errors_and_truths_are_told_and_texts_are_read(tmp_path: Path) -> None:
    def write(_: Any, sheet: Any) -> None:
        sheet.write_formula(1, 3, "=Q!A1", None, "#REF!")
        sheet.write_boolean(2, 3, True)
        sheet.write_string(3, 3, "１２３．５")
        for number, text in enumerate(["7", "1,234", "#N/A"], start=4):
            sheet.write_row(number, 0, ["M1", f"2025-{number + 3:02d}-01", f"2025-{number + 4:02d}-01"])
            sheet.write_string(number, 3, text)
            sheet.write_string(number, 4, "kWh")

    found = told(tmp_path, book(write))
    assert held(found) == [("2", "not_a_number", "#REF!"), ("3", "not_a_number", "TRUE")]
    assert (sorted(quantities(found)), found["blank"]) == (["123.5", "1234", "7"], 1)


# ---------------------------------------------------------------- hostile and broken


def test_two_far_cells_are_refused_before_anything_is_allocated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = '<row r="1048576"><c r="BXX1048576"><v>1</v></c></row></sheetData>'
    content = in_sheet(book(lambda *_: None), lambda t: t.replace("</sheetData>", far))
    limit = Limits().workbook_cells
    problem = ("workbook_too_large", {"found": "1048576 x 2000", "limit": limit})
    assert told(tmp_path, content)["outcome"].problem == problem
    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_path", lambda *_: pytest.fail("opened"))
    with pytest.raises(workbook.TooLargeWorkbookError):
        workbook.sheets(tmp_path / "inbox/office/a.xlsx", Limits())


OUT_OF_PLACE = {
    "a cell of the row below": lambda t: t.replace('<c r="D3"', '<c r="D4"', 1),
    "two cells that change places": lambda t: (
        t.replace('<c r="D3"', "<x").replace('<c r="D4"', '<c r="D3"').replace("<x", '<c r="D4"')
    ),
    "a cell far below": lambda t: t.replace('<c r="D3"', '<c r="D9999999"'),
    "a cell without a number": lambda t: t.replace('<c r="D3"', '<c r="D"'),
    "rows that change places": lambda t: (
        t.replace('<row r="3"', "<y").replace('<row r="4"', '<row r="3"').replace("<y", '<row r="4"')
    ),
    "a row that stands twice": lambda t: re.sub(r'(<row r="3".*?</row>)', r"\1\1", t),
}


@pytest.mark.parametrize("name", OUT_OF_PLACE)
def test_a_cell_that_says_another_row_than_its_own_is_refused(tmp_path: Path, name: str) -> None:
    found = told(tmp_path, in_sheet(book(lambda *_: None), OUT_OF_PLACE[name]))
    assert found["outcome"].problem[0] == "broken_workbook"
    assert re.search(r"[D]\d*: |row \d", found["outcome"].problem[1]["found"])


def test_rows_without_a_number_count_on(tmp_path: Path) -> None:
    content = in_sheet(book(lambda *_: None), lambda t: re.sub(r'<(row|c) r="[A-Z]*\d+"', r"<\1", t))
    assert quantities(told(tmp_path, content)) == ["100", "200", "300"]


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("<worksheet", '<!DOCTYPE x [<!ENTITY a "b">]><worksheet', 1),
        lambda t: t.replace('<c r="D3"', '<c r="D9"'),
        lambda t: t.replace('<row r="3"', '<row r="x" hidden="1"'),
        lambda t: t[: len(t) // 2] + "<f",
    ],
    ids=["a document type", "a cell in another row", "no number of a row", "cut off"],
)  # fmt: skip
def test_a_sheet_that_contradicts_itself_is_refused(tmp_path: Path, change: Callable[[str], str]) -> None:
    found = told(tmp_path, in_sheet(book(lambda *_: None), change))
    assert found["outcome"].problem[0] == "broken_workbook"


def test_a_part_that_stands_twice_is_refused(tmp_path: Path) -> None:
    content = edited(book(lambda *_: None), {}, {SHEET1.upper(): "<worksheet/>"})
    assert told(tmp_path, content)["outcome"].problem[0] == "broken_workbook"


@pytest.mark.parametrize("name", [name for name in TABLES if name != "collection_book"])
def test_a_glance_tells_of_a_plain_sheet_what_a_close_look_tells(name: str) -> None:
    content = as_workbook(made.ALL[name]()).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        of_book = sheet_xml.book(archive)
        for part in of_book.parts:
            assert part is not None
            with archive.open(part) as stream:
                glanced = sheet_xml._glance(stream, sheet_xml.ODD, 1_000)
            scan = sheet_xml._Scan(of_book, 1_000)
            sheet_xml._walk(archive, part, scan.start, scan.watch)
            assert glanced == scan.finished(), "and most sheets need no closer look"


# ---------------------------------------------------------------- other kinds of workbook


def test_a_workbook_with_macros_is_read_alike(tmp_path: Path) -> None:
    found = told(tmp_path, with_decoy(ROWS_HIDDEN["hidden"], "veryHidden", True), name="a.xlsm")
    assert (quantities(found), held(found)) == (["100", "300"], [("3", "hidden_row", "200")])


def _ods(rows: str, columns: str = "", shown_tables: str = "", styles: str = "") -> bytes:
    head = "".join(_ods_cell(name) for name in HEAD[:5])
    namespaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{namespaces}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f'<office:spreadsheet><table:table table:name="検針">{columns}<table:table-row>{head}</table:table-row>{rows}'
        f"</table:table>{shown_tables}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", content)
    return stream.getvalue()


def _ods_cell(value: object) -> str:
    if isinstance(value, int):
        return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'


def _ods_rows(*marks: str) -> str:
    rows = zip(MONTHS, (100, 200, 300), marks, strict=True)
    return "".join(
        f"<table:table-row{mark}>{''.join(map(_ods_cell, ('M1', start, end, value, 'kWh')))}</table:table-row>"
        for (start, end), value, mark in rows
    )


@pytest.mark.parametrize("mark", ["collapse", "filter"])
def test_hidden_rows_of_an_opendocument_are_held_back(tmp_path: Path, mark: str) -> None:
    found = told(tmp_path, _ods(_ods_rows("", f' table:visibility="{mark}"', "")), name="a.ods")
    assert (quantities(found), held(found)) == (["100", "300"], [("3", "hidden_row", "200")])


def test_hidden_groups_columns_and_tables_of_an_opendocument(tmp_path: Path) -> None:
    grouped = f'<table:table-row-group table:display="false">{_ods_rows("", "", "")}</table:table-row-group>'
    assert {rule for _, rule, _ in held(told(tmp_path / "a", _ods(grouped), name="a.ods"))} == {"hidden_row"}
    columns = '<table:table-column table:number-columns-repeated="3"/><table:table-column table:visibility="collapse"/>'
    found = told(tmp_path / "b", _ods(_ods_rows("", "", ""), columns), name="a.ods")
    assert {rule for _, rule, _ in held(found)} == {"hidden_column"}
    style = '<style:style style:name="ta9" style:family="table"><style:table-properties table:display="false"/></style:style>'
    head = "".join(_ods_cell(name) for name in HEAD[:5])
    rows = f"<table:table-row>{head}</table:table-row>{_ods_rows('', '', '')}"
    decoy = f'<table:table table:name="旧" table:style-name="ta9">{rows}</table:table>'
    found = told(tmp_path / "c", _ods(_ods_rows("", "", ""), "", decoy, style), name="a.ods")
    assert (quantities(found), found["outcome"].unread) == (["100", "200", "300"], ["旧（非表示 / hidden）"])


FAR = {
    "rows": ' table:number-rows-repeated="1048576"',
    "more rows than any sheet": ' table:number-rows-repeated="99999999999"',
    "no rows": ' table:number-rows-repeated="-3"',
}


@pytest.mark.parametrize("name", [*FAR, "columns", "errors"])
def test_repeated_cells_of_an_opendocument_are_refused_before_they_are_laid_out(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = _ods_cell(1)
    if name in ("columns", "errors"):
        cell = cell.replace(" office", ' table:number-columns-repeated="99999999" office', 1)
    if name == "errors":
        cell = cell.replace('"float"', '"error"')
    far = f'<table:table-row{FAR.get(name, "")} table:visibility="collapse">{cell}</table:table-row>'
    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_path", lambda *_: pytest.fail("opened"))
    monkeypatch.setattr(sheet_other, "range", _bounded_range, raising=False)
    path = tmp_path / "a.ods"
    path.write_bytes(_ods(_ods_rows("", "", "") + far * 2))
    with pytest.raises(workbook.WorkbookError):
        workbook.sheets(path, Limits())


def _bounded_range(*bounds: int) -> range:
    found = range(*bounds)
    assert len(found) < 2_000_000, "a range that is laid out"
    return found


def test_empty_rows_and_columns_to_the_end_of_an_opendocument_cost_nothing(tmp_path: Path) -> None:
    rest = (
        '<table:table-row table:number-rows-repeated="1048570" table:visibility="collapse">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    content = _ods(_ods_rows("", "", "") + rest)
    assert quantities(told(tmp_path, content, name="a.ods")) == ["100", "200", "300"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        traits = sheet_other.of_ods(archive, "content.xml", Limits())
    assert [(each.height, each.width, each.hidden_rows) for each in traits] == [(4, 5, set())]


@pytest.mark.parametrize(("stamp", "outcome"), [("end", "read"), ("start", "held")])
def test_a_clock_that_shows_24_00_is_the_end_of_its_day(tmp_path: Path, stamp: str, outcome: str) -> None:
    def write(workbook: Any, sheet: Any) -> None:
        clock = workbook.add_format({"num_format": "[h]:mm"})
        for number, days in enumerate((0.5, 0.98, 1.0), start=1):
            sheet.write_row(number, 0, ["M1", "2026-01-10"])
            sheet.write(number, 2, 47 / 48 if days == 0.98 else days, clock)

    layout = Layout(
        header=("計器", "日付", "時刻", "量"), columns={"meter": "計器", "date": "日付", "time": "時刻", "quantity": "量"}, unit="kWh",
        slot_minutes=30, stamp=stamp,
    )  # fmt: skip
    reading = ParseOptions(Limits(), described.readers({"clock": layout}))
    found = told(tmp_path, book(write, head=["計器", "日付", "時刻", "量"]), reading)
    if outcome == "read":
        assert [row[5] for row in found["values"]][-1] == "2026-01-11 00:00:00", found["rejects"]
    else:
        assert held(found) == [("4", "not_a_date", "2026-01-10 24:00:00 始まり / start")]


def _record(kind: int, content: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    return head + bytes([len(content)]) + content


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _xlsb(hidden_row: int = -1, hidden_column: int = -1, state: int = 0) -> bytes:
    def sheet(extra: int = 0) -> bytes:
        rows: list[list[object]] = [list(HEAD[:5])]
        rows += [["M1", start, end, 100 * n + extra, "kWh"] for n, (start, end) in enumerate(MONTHS, start=1)]
        found = _record(129) + _record(148, struct.pack("<IIII", 0, 3, 0, 4))
        if hidden_column >= 0:
            found += (
                _record(390)
                + _record(60, struct.pack("<IIIIH", hidden_column, hidden_column, 2048, 0, 1))
                + _record(391)
            )
        found += _record(145)
        for number, row in enumerate(rows):
            flags = 0x10 if number == hidden_row and not extra else 0
            found += _record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, flags, 0, 1) + struct.pack("<II", 0, 4))
            for position, cell in enumerate(row):
                place = struct.pack("<II", position, 0)
                if isinstance(cell, int):
                    found += _record(5, place + struct.pack("<d", cell))
                else:
                    found += _record(6, place + _wide(str(cell)))
        return found + _record(146) + _record(130)

    sheets = [("旧", state, 5), ("検針", 0, 0)] if state else [("検針", 0, 0)]
    bundle = b"".join(
        _record(156, struct.pack("<II", hidden, n) + _wide(f"rId{n}") + _wide(name))
        for n, (name, hidden, _) in enumerate(sheets, start=1)
    )
    workbook = (
        _record(131) + _record(153, struct.pack("<III", 0, 0, 0)) + _record(143) + bundle + _record(144) + _record(132)
    )
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{LAYOUT_NS}" Target="worksheets/sheet{n}.bin"/>'
        for n in range(1, len(sheets) + 1)
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.bin", workbook)
        archive.writestr("xl/_rels/workbook.bin.rels", f'<Relationships xmlns="{space}">{related}</Relationships>')
        for n, (_, _, extra) in enumerate(sheets, start=1):
            archive.writestr(f"xl/worksheets/sheet{n}.bin", sheet(extra))
    return stream.getvalue()


def test_a_binary_workbook_is_read_alike(tmp_path: Path) -> None:
    assert quantities(told(tmp_path / "a", _xlsb(), name="a.xlsb")) == ["100", "200", "300"]
    found = told(tmp_path / "b", _xlsb(hidden_row=2), name="a.xlsb")
    assert (quantities(found), held(found)) == (["100", "300"], [("3", "hidden_row", "200")])
    found = told(tmp_path / "c", _xlsb(hidden_column=3), name="a.xlsb")
    assert {rule for _, rule, _ in held(found)} == {"hidden_column"}
    found = told(tmp_path / "d", _xlsb(state=2), name="a.xlsb")
    assert (quantities(found), found["outcome"].unread) == (["100", "200", "300"], ["旧（非表示 / hidden）"])


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_in_an_encoding_that_nobody_knows_is_held_back(tmp_path: Path, part: str) -> None:
    content = made.sheets(
        Sheet1=[["meter_id", "started_at", "ended_at", "quantity"], ["M1", "2025-04-01", "2025-05-01", 1]]
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for info in old.infolist():
            text = old.read(info)
            new.writestr(info.filename, text.replace(b"UTF-8", b"U-8", 1) if info.filename == part else text)
    path = tmp_path / "a.xlsx"
    path.write_bytes(stream.getvalue())
    told = show(path)
    assert told["rows_values"] == 0 and told["problem"]


def test_numbers_with_a_rest_behind_15_digits_are_read_at_15_and_counted(tmp_path: Path) -> None:
    """0.1 + 0.2 as a program leaves it; a number of 15 digits and a whole one have no rest."""
    content = in_sheet(
        book(lambda *_: None),
        lambda xml: xml.replace("<v>100</v>", "<v>0.30000000000000004</v>").replace(
            "<v>200</v>", "<v>1234567.12345678</v>"
        ),
    )
    found = show_of(tmp_path, content)
    told = {value["source_line"]: value["quantity"] for value in found["values"]}
    assert found["cells_rounded"] == 1 and told[2] == Decimal("0.3") and told[4] == 300
    assert told.get(3) is None, "more than six decimals are refused as ever"


def test_a_workbook_with_such_numbers_is_told_once_by_its_name(tmp_path: Path) -> None:
    rest = in_sheet(book(lambda *_: None), lambda xml: xml.replace("<v>100</v>", "<v>0.30000000000000004</v>"))
    city = City(tmp_path / "city").file("office/a.xlsx", rest).file("office/again.xlsx", rest)
    city.file("office/b.xlsx", book(lambda *_: None)).publish()
    told = rows_of(
        database.connect_published(city.paths.published),
        "SELECT subject, severity, message_ja LIKE '%数が 1 個%' FROM findings WHERE rule_id = 'cells_rounded'",
    )
    assert told == [("office/a.xlsx", "info", True)]


def show_of(folder: Path, content: bytes) -> dict[str, Any]:
    path = folder / "a.xlsx"
    path.write_bytes(content)
    return show(path)


def test_a_batch_of_an_earlier_program_counts_no_rounded_numbers(tmp_path: Path) -> None:
    """The column came later: the batches that were read before have none, and are asked for it all the same."""
    city = City(tmp_path / "city").file("office/a.xlsx", book(lambda *_: None))
    with city.built("readings"):
        parsed_files = city.paths.data / "parsed"
    (batch,) = parsed_files.glob("files-*.parquet")
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE kept AS SELECT * EXCLUDE (cells_rounded) FROM read_parquet('{batch}')")
    writable(batch).unlink()
    connection.execute(f"COPY kept TO '{batch}' (FORMAT parquet)")
    parsed_store.view(connection, parsed_files, parsed_store.FILES, [batch.stem.removeprefix("files-")])
    assert connection.execute("SELECT layout, cells_rounded FROM parsed_files").fetchall() == [
        ("canonical_readings", None)
    ]

"""A row that lacks a cell, a last line that may be cut off, two columns of one role: held back or refused, each with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.settings.city import City, Limits, Settings, Source
from pipelines.settings.layout import Layout
from pipelines.sources.cells import plain
from pipelines.sources.layouts.described import readers
from pipelines.sources.open import torn
from pipelines.sources.parse import ParseOptions
from pipelines.sources.trial import read as show

HEADER = "meter_id,started_at,ended_at,quantity,unit,reading_kind,stage"
FIRST = "M7,2024-04-01,2024-05-01,120,kWh,bill,"


def outcome(path: Path, text: str, layout: str = "", encoding: str = "utf-8") -> list[tuple[int, str]]:
    """Return line and ``read`` or the rule of each value, in the order of the lines."""
    path.write_bytes(text.encode(encoding))
    told = show(path, layout)
    assert told["problem"] is None, told["problem"]
    found = [(value["source_line"], "read") for value in told["values"]]
    return sorted(found + [(reject["source_line"], reject["rule_id"]) for reject in told["rejects"]])


SHORT = {
    "the unit and all behind it": ("M7,2024-05-01,2024-06-01,118", "too_few_cells"),
    "the stage alone": ("M7,2024-05-01,2024-06-01,118,kWh,bill", "too_few_cells"),
    "the quantity": ("M7,2024-05-01,2024-06-01", "too_few_cells"),
    "all but the name": ("M7", "too_few_cells"),
    "nothing": ("M7,2024-05-01,2024-06-01,118,kWh,bill,", "read"),
    "nothing, and blank cells too many": ("M7,2024-05-01,2024-06-01,118,kWh,bill,,, ,", "read"),
    "nothing, and a cell too many": ("M7,2024-05-01,2024-06-01,1,180,kWh,bill,,", "unknown_word"),
    "nothing, and a filled cell too many": ("M7,2024-05-01,2024-06-01,118,kWh,bill,,9", "too_many_cells"),
    "its unit, which is blank": ("M7,2024-05-01,2024-06-01,118,,bill,", "missing_value"),
    "its unit, which is a blank": ("M7,2024-05-01,2024-06-01,118,\u3000,bill,", "missing_value"),
}


@pytest.mark.parametrize("careful", [False, True], ids=["at once", "with care"])
@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_row_that_lacks_a_cell_is_held_back(
    tmp_path: Path, name: str, encoding: str, careful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if careful:
        monkeypatch.setattr(plain, "_may_be_plain", lambda *_: False)
    row, expected = SHORT[name]
    found = outcome(
        tmp_path / "a.csv", f"{HEADER}\n{FIRST}\n{row}\n{FIRST.replace('2024', '2025')}\n", encoding=encoding
    )
    assert found == [(2, "read"), (3, expected), (4, "read")]


def test_a_note_below_the_table_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}\n{FIRST}\n※使用量は検針日から検針日まで\n", encoding="utf-8")
    told = show(path)
    assert (told["rejects"], told["rows_blank"], told["rows_values"]) == ([], 1, 1)


def test_a_layout_may_say_the_unit_of_blank_cells(tmp_path: Path) -> None:
    text = "計器ID,納品日,数量,単位\nM7,2024/05/12,1200,\n"
    assert outcome(tmp_path / "a.csv", text) == [(2, "missing_value")]
    assert outcome(tmp_path / "b.csv", "meter_id,started_at,ended_at,quantity\nM7,2024-04-01,2024-05-01,1\n") == [
        (2, "read")
    ]


ROWS = [
    "M7,2024-04-01,2024-05-01,{0}",
    "M7,2024-05-01,2024-06-01,{1}",
    "M7,2024-06-01,2024-07-01,{2}",
    "M7,2024-07-01,2024-08-01,{3}",
]
BARE = "meter_id,started_at,ended_at,quantity"
ENDS = {
    "a whole number last": (BARE, ROWS, ("120", "130", "140", "15"), "torn_line"),
    "decimals of any length": (BARE, ROWS, ("1.5", "130", "1.25", "1.7"), "torn_line"),
    "decimals all of two places": (BARE, ROWS, ("1.50", "13.10", "1.25", "1.75"), "read"),
    "one decimal cut to a whole number": (BARE, ROWS, ("1.50", "13.10", "1.25", "1"), "torn_line"),
    "a unit as all others": (f"{BARE},unit", [f"{row},kWh" for row in ROWS], ("1", "2", "3", "4"), "read"),
    "half a unit": (f"{BARE},unit", [*[f"{row},kWh" for row in ROWS[:3]], f"{ROWS[3]},kW"], ("1", "2", "3", "4"), "torn_line"),
    "half a date": (
        "meter_id,quantity,started_at,ended_at",
        [f"M7,{{{n}}},2024-0{n + 4}-01,2024-0{n + 5}-{'01' if n < 3 else '0'}" for n in range(4)], ("1", "2", "3", "4"), "torn_line",
    ),
    "whole dates": (
        "meter_id,quantity,started_at,ended_at", [f"M7,{{{n}}},2024-0{n + 4}-01,2024-0{n + 5}-01" for n in range(4)],
        ("1", "2", "3", "4"), "read",
    ),
    "dates of any length": (
        "meter_id,quantity,started_at,ended_at", [f"M7,{{{n}}},2024/{n + 4}/1,2024/{n + 5}/1" for n in range(4)],
        ("1", "2", "3", "4"), "torn_line",
    ),
    "cells missing": (f"{BARE},unit,note", [*[f"{row},kWh," for row in ROWS[:3]], f"{ROWS[3]},kWh"], ("1", "2", "3", "4"), "torn_line"),
    "a note last": (f"{BARE},unit,note", [f"{row},kWh,済" for row in ROWS], ("1", "2", "3", "4"), "read"),
    "a closing quote": (BARE, [row.replace("{", '"{').replace("}", '}"') for row in ROWS], ("1", "2", "3", "15"), "read"),
}  # fmt: skip


@pytest.mark.parametrize("careful", [False, True], ids=["at once", "with care"])
@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16", "utf-16-be"])
def test_a_last_line_without_end_is_whole_only_where_the_file_shows_it(
    tmp_path: Path, name: str, encoding: str, careful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if careful:
        monkeypatch.setattr(plain, "_may_be_plain", lambda *_: False)
    header, rows, amounts, expected = ENDS[name]
    text = "\n".join([header, *rows]).format(*amounts)
    whole = [(line, "read") for line in (2, 3, 4)]
    assert outcome(tmp_path / "a.csv", text, encoding=encoding) == [*whole, (5, expected)]
    for end in ("\n", "\r\n", "\r", "\x1a"):
        if "missing" not in name and "half" not in name:
            assert outcome(tmp_path / "b.csv", text + end, encoding=encoding) == [*whole, (5, "read")]
    if "missing" not in name and "half" not in name:
        assert outcome(tmp_path / "c.csv", text, torn.ALWAYS_SO, encoding) == [*whole, (5, "read")]


def test_of_a_row_of_slots_only_the_last_may_be_cut_off(tmp_path: Path) -> None:
    names = [f"{n:02d}:00" for n in range(24)]
    path = tmp_path / "a.csv"
    path.write_text(
        ",".join(["MPAN", "Date", *names]) + "\n" + ",".join(["1", "2025-04-01", *["7"] * 24]), encoding="utf-8"
    )
    told = show(path)
    assert (told["rows_values"], [(r["source_column"], r["rule_id"]) for r in told["rejects"]]) == (
        23,
        [("23:00", "torn_line")],
    )


LAST_CELLS = {
    "half a stage": ("stage", "confirmed", "conf", "torn_line"),
    "a stage that the file has": ("stage", "confirmed", "confirmed", "read"),
    "a stage that we know": ("stage", "", "corrected", "read"),
    "half of a longer word": ("stage", "確報", "確", "torn_line"),
    "half a quality": ("quality", "measured", "m", "torn_line"),
    "a word that a longer one begins with": ("reading_kind", "bill", "bil", "torn_line"),
    "a slip number": ("slip_no", "A-1", "A-12", "torn_line"),
    "an index": ("index_after", "1180", "12", "torn_line"),
    "half a date of issue": ("issued_on", "2024-06-07", "2024-06-0", "torn_line"),
    "a date of issue": ("issued_on", "2024-06-07", "2024-07-07", "read"),
    "a date of issue of any length": ("issued_on", "2024/6/17", "2024/6/1", "torn_line"),
    "nothing where others are filled": ("stage", "confirmed", "", "torn_line"),
    "nothing where others are empty": ("stage", "", "", "read"),
    "no slip where others are empty": ("slip_no", "", "", "read"),
    "a note": ("note", "済", "済み", "read"),
}


@pytest.mark.parametrize("careful", [False, True], ids=["at once", "with care"])
@pytest.mark.parametrize("name", LAST_CELLS)
def test_a_last_cell_of_any_role_that_decides_holds_its_row_back(
    tmp_path: Path, name: str, careful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if careful:
        monkeypatch.setattr(plain, "_may_be_plain", lambda *_: False)
    column, others, last, expected = LAST_CELLS[name]
    rows = [f"M7,2024-0{n}-01,2024-0{n + 1}-01,{n}0,kWh,{others if n < 7 else last}" for n in range(4, 8)]
    text = "\n".join([f"{BARE},unit,{column}", *rows])
    assert outcome(tmp_path / "a.csv", text) == [(2, "read"), (3, "read"), (4, "read"), (5, expected)]
    assert outcome(tmp_path / "b.csv", text, torn.ALWAYS_SO)[-1][1] != "torn_line"


@pytest.mark.parametrize(
    ("meters", "expected"),
    [
        (("M123", "M123", "M12"), "torn_line"),
        (("M11", "M10", "M12"), "torn_line"),
        (("M12", "M123", "M12"), "torn_line"),
        (("M12", "M11", "M12"), "read"),
    ],
)
def test_a_meter_that_stands_last_is_whole_where_no_other_goes_on_from_it(
    tmp_path: Path, meters: tuple[str, ...], expected: str
) -> None:
    rows = [f"2024-0{n}-01,2024-0{n + 1}-01,{n}0,kWh,{meter}" for n, meter in enumerate(meters, start=4)]
    text = "\n".join(["started_at,ended_at,quantity,unit,meter_id", *rows])
    assert outcome(tmp_path / "a.csv", text) == [(2, "read"), (3, "read"), (4, expected)]


def test_a_single_row_shows_no_empty_cell_to_be_whole(tmp_path: Path) -> None:
    assert outcome(tmp_path / "a.csv", f"{HEADER}\n{FIRST}") == [(2, "torn_line")]
    assert outcome(tmp_path / "b.csv", f"{BARE}\nM7,2024-04-01,2024-05-01,") == [(2, "torn_line")]


@pytest.mark.parametrize("note", ["※速報値です", "（注）検針日から検針日まで", "注：速報", "備考　なし,,,,"])
def test_a_note_that_ends_the_file_is_no_row_that_is_cut_off(tmp_path: Path, note: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{BARE},unit\nM7,2024-04-01,2024-05-01,1,kWh\n{note}", encoding="utf-8")
    assert (show(path)["rejects"], show(path)["rows_values"]) == ([], 1)
    path.write_text("納品日,納入先,品名,数量,単位\n2024-04-01,注文店,灯油,1,L\n2024-04-02,注", encoding="utf-8")
    assert [reject["rule_id"] for reject in show(path)["rejects"]] == ["torn_line"]


def test_a_row_that_ends_before_others_is_held_back_though_one_more_does(tmp_path: Path) -> None:
    rows = ["M7,2024-04-01,2024-05-01,1,kWh,済", "M7,2024-05-01,2024-06-01,2,kWh", "M7,2024-06-01,2024-07-01,3,kWh"]
    found = outcome(tmp_path / "a.csv", "\n".join([f"{BARE},unit,note", *rows]))
    assert found == [(2, "read"), (3, "read"), (4, "torn_line")]


@pytest.mark.parametrize("careful", [False, True], ids=["at once", "with care"])
@pytest.mark.parametrize(("column", "cell"), [("amount_yen", "305"), ("demand_kw", "3"), ("contract_kw", "")])
def test_a_side_column_that_may_be_cut_off_costs_only_itself_and_is_named(
    tmp_path: Path, column: str, cell: str, careful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if careful:
        monkeypatch.setattr(plain, "_may_be_plain", lambda *_: False)
    path = tmp_path / "a.csv"
    path.write_text(
        f"{BARE},{column}\nM7,2024-04-01,2024-05-01,5,3050\nM7,2024-05-01,2024-06-01,6,{cell}", encoding="utf-8"
    )
    told = show(path)
    assert (told["rejects"], [(v["quantity"], v[column]) for v in told["values"]]) == ([], [(5, 3050), (6, None)])
    assert f"line 3: {column}「{f'{cell} [torn_line]'.strip()}」" in told["unread"]
    path.write_text(f"{BARE},{column}\nM7,2024-04-01,2024-05-01,5,\nM7,2024-05-01,2024-06-01,6,", encoding="utf-8")
    assert (show(path)["rejects"], show(path)["unread"]) == ([], "")


@pytest.mark.parametrize("total", ["250", "25", "2"])
def test_a_total_that_may_be_cut_off_disagrees_with_nothing(tmp_path: Path, total: str) -> None:
    layout = Layout(
        header=("計器", "月", "量"), columns={"meter": "計器", "month": "月", "quantity": "量"}, unit="kWh", total_rows=("合計",)
    )  # fmt: skip
    path = tmp_path / "a.csv"
    path.write_text(f"計器,月,量\nM7,2024-04,120\nM7,2024-05,130\n合　計,,{total}", encoding="utf-8")
    told = show(path, "", ParseOptions(Limits(), readers({"of_city": layout})))
    assert (told["problem"], told["rows_values"]) == (None, 2)


def test_the_setting_reads_the_files_of_its_source_anew() -> None:
    settings = Settings.model_construct(
        city=City(name="-"),
        sources={"a": Source(layout="retail_48", ends_without_newline=True), "b": Source()},
    )
    assert settings.wanted("a").startswith("retail_48#")
    assert torn.ALWAYS_SO in settings.wanted("a")
    assert torn.ALWAYS_SO not in settings.wanted("b")


TWICE = "meter_id,started_at,ended_at,quantity,unit,{name}\nM7,2024-04-01,2024-05-01,80,kWh,{value}\n"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("quantity", "99", "4列「quantity」 / 6列「quantity」、2行: 80 / 99"),
        ("quantity(kWh)", "99", "4列「quantity」 / 6列「quantity(kWh)」"),
        ("unit", "MWh", "5列「unit」 / 6列「unit」、2行: kWh / MWh"),
        ("meter_id", "M8", "1列「meter_id」 / 6列「meter_id」"),
        ("ended_at", "2024-06-01", "3列「ended_at」 / 6列「ended_at」"),
        ("ｑｕａｎｔｉｔｙ", "99", "4列「quantity」"),
    ],
)
def test_two_columns_of_one_role_that_differ_are_refused(tmp_path: Path, name: str, value: str, told: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TWICE.format(name=name, value=value), encoding="utf-8")
    problem = show(path)["problem"]
    assert problem["rule_id"] == "two_columns"
    assert told in problem["ja"]


@pytest.mark.parametrize(
    ("name", "value"), [("quantity", "80"), ("unit", "kWh"), ("unit", ""), ("note", "x"), ("前年同月", "70")]
)
def test_equal_columns_are_read(tmp_path: Path, name: str, value: str) -> None:
    assert outcome(tmp_path / "a.csv", TWICE.format(name=name, value=value)) == [(2, "read")]


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("quantity", '"1,000"', "1000"), ("quantity", "5.0", "5"), ("quantity", "８０", "80"), ("quantity", "△5", "-5"),
        ("quantity", "-", ""), ("quantity", "", "---"),
        ("unit", "ｋＷｈ", "kWh"), ("ended_at", "2024/5/1", "2024-05-01"), ("ended_at", "令和6年5月1日", "2024-05-01"),
        ("meter_id", "Ｍ７", "M7"),
    ],
)  # fmt: skip
def test_columns_that_say_the_same_in_another_form_are_read(tmp_path: Path, name: str, value: str, other: str) -> None:
    cells = {"meter_id": "M7", "started_at": "2024-04-01", "ended_at": "2024-05-01", "quantity": "80", "unit": "kWh"}
    path = tmp_path / "a.csv"
    head, row = ",".join([*cells, name]), ",".join([*(cells | {name: value}).values(), other])
    path.write_text(f"{head}\n{row}\n", encoding="utf-8")
    assert (show(path)["problem"], show(path)["rejects"]) == (None, [])


@pytest.mark.parametrize(("value", "other"), [("1,000", "1000"), ("1.000", "1"), ("80", "-"), ("1000", "100")])
def test_where_a_comma_may_be_the_decimal_sign_figures_must_be_equal_either_way(
    tmp_path: Path, value: str, other: str
) -> None:
    path = tmp_path / "a.csv"
    text = f"{BARE.replace(',', ';')};quantity\nM7;2024-04-01;2024-05-01;{value};{other}\n"
    path.write_text(text, encoding="utf-8")
    assert show(path)["problem"]["rule_id"] == "two_columns"


def test_an_empty_column_of_a_role_does_not_hide_the_filled_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("meter_id,started_at,ended_at,quantity,quantity\nM7,2024-04-01,2024-05-01,,99\n", encoding="utf-8")
    assert show(path)["problem"]["rule_id"] == "two_columns"


def test_alternatives_for_one_quantity_that_differ_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("計器ID,納品日,数量,納入数量,単位\nM7,2024/05/12,1200,1100,L\n", encoding="utf-8")
    assert show(path)["problem"]["rule_id"] == "two_columns"


def test_the_first_of_several_names_of_a_meter_is_meant(tmp_path: Path) -> None:
    text = "供給地点特定番号,お客さま番号,前回検針日,今回検針日,使用量(m3)\nA1,B2,2024/4/1,2024/5/1,5\n"
    assert outcome(tmp_path / "a.csv", text) == [(2, "read")]


TOTALS = {
    "agrees": ("120", "130", "250", None),
    "agrees with a blank cell": ("120", "", "120", None),
    "says nothing of nothing": ("-", "", "-", None),
    "a cell is text": ("120", "130①", "250", "total_unchecked"),
    "a cell is text and the total leaves it out": ("120", "130①", "120", "total_unchecked"),
    "differs": ("120", "130", "251", "totals_disagree"),
    "is text": ("120", "130", "二百五十", "totals_disagree"),
}


@pytest.mark.parametrize("name", TOTALS)
def test_a_total_agrees_only_when_all_of_it_was_read(tmp_path: Path, name: str) -> None:
    first, second, total, rule_id = TOTALS[name]
    layout = Layout(
        header=("計器", "月", "量"),
        columns={"meter": "計器", "month": "月", "quantity": "量"},
        unit="kWh",
        total_rows=("合計",),
    )
    path = tmp_path / "a.csv"
    path.write_text(f"計器,月,量\nM7,2024-04,{first}\nM7,2024-05,{second}\n合　計,,{total}\n", encoding="utf-8")
    problem = show(path, "", ParseOptions(Limits(), readers({"of_city": layout})))["problem"]
    assert (problem and problem["rule_id"]) == rule_id
    if rule_id == "total_unchecked":
        assert "130①" in problem["ja"]
        assert "3行" in problem["ja"]

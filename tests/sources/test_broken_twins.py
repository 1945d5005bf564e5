"""The same files, each broken in one way: a reason that names the place, never a wrong number, never a lost cell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from pipelines.settings.city import Limits
from pipelines.sources.open.inspect_file import inspect
from pipelines.sources.parse import ParseOptions
from tests.sources import made
from tests.sources.made import Made
from tests.sources.test_layouts import parsed


def text(file: Made, encoding: str = "cp932") -> str:
    return file.content.decode(encoding)


def with_text(file: Made, change: Callable[[str], str], encoding: str = "cp932") -> Made:
    changed = change(text(file, encoding))
    assert changed != text(file, encoding), "the twin must differ"
    return Made(file.path, changed.encode(encoding))


def swapped(old: str, new: str, times: int = 1) -> Callable[[str], str]:
    return lambda content: content.replace(old, new, times)


REFUSED: dict[str, tuple[Made, str, str]] = {
    "chugoku: a cell was changed": (with_text(made.chugoku(), swapped(",100,", ",101,")), "totals_disagree", "00:00"),
    "chugoku: a cell is no number, so that its totals cannot be checked": (
        with_text(made.chugoku(), swapped(",100,", ",1OO,")), "total_unchecked", "1OO",
    ),
    "chugoku: a cell is a figure with a footnote": (
        with_text(made.chugoku(), swapped(",101,", ",101※,")), "total_unchecked", "101※",
    ),
    "chugoku: the month's total was changed": (
        with_text(made.chugoku(), swapped("kWh\"", "1kWh\"")), "totals_disagree", "月間ご使用電力量",
    ),
    "chugoku: an hour is missing": (
        with_text(made.chugoku(), lambda t: "\r\n".join(line for line in t.split("\r\n") if not line.startswith("05:00"))),
        "not_as_it_seems", "23 時間",
    ),
    "chugoku: a weekday is wrong": (with_text(made.chugoku(), swapped("31日(金)", "31日(土)")), "not_as_it_seems", "31日(土)"),
    "chugoku: a day is missing": (with_text(made.chugoku(), swapped("30日(木),", "")), "not_as_it_seems", "31日(金)"),
    "chugoku: no contract": (with_text(made.chugoku(), swapped("ご契約番号", "契約番")), "not_as_it_seems", "ご契約番号"),
    "chugoku: an impossible period": (
        with_text(made.chugoku(), swapped("08月30日", "08月32日")), "not_as_it_seems", "08月32日",
    ),
    "kansai: a cell was changed": (
        with_text(made.kansai(), swapped("1.05", "9.05"), "utf-8"), "totals_disagree", "5-6時",
    ),
    "kansai: no customer": (
        with_text(made.kansai(), swapped("お客さま番号", "番号"), "utf-8"), "not_as_it_seems", "お客さま番号",
    ),
    "kansai: a quote that never closes in the row of hours": (
        with_text(made.kansai(), swapped("\n,0-1時", '\n時"刻,0-1時'), "utf-8"), "not_as_it_seems", "時間の行",
    ),
    "jma: a quote that never closes in the line of elements": (
        with_text(made.jma(), swapped("平均気温", '平均"気温')), "not_as_it_seems", "年月日",
    ),
    "hokkaido: a row's total disagrees": (
        with_text(made.hokkaido(), swapped("00:30-01:00,1.1,1.2,2.3", "00:30-01:00,1.1,1.2,2.4")), "totals_disagree", "10行",
    ),
    "hokkaido: a half hour stands twice": (
        with_text(made.hokkaido(), swapped("00:30-01:00", "00:00-00:30")), "not_as_it_seems", "48 コマ",
    ),
    "hokkaido: an impossible day": (with_text(made.hokkaido(), swapped("月,3,", "月,2,")), "not_as_it_seems", "2025/2/31"),
    "shin energy: the total disagrees": (made.shin_energy(total=30_501), "totals_disagree", "13"),
    "a header word is missing": (with_text(made.chubu(), swapped("開始時間", "時間")), "unknown_layout", "お客さま番号"),
    "slots that leave a half hour out": (
        with_text(made.day_columns(), swapped("[05:00]", "[05:10]"), "utf-8"), "unknown_layout", "sep",
    ),
    "retail: 54 columns": (with_text(made.retail(), swapped("1,1,2025", "1,2025", 1), "utf-8"), "unknown_layout", "1,2025"),
    "grid: cut off": (Made("grid/a.xml", made.grid_confirmed().content[:400]), "broken_xml", ""),
    "grid: entities": (
        with_text(
            made.grid_day(),
            swapped("<SBD-MSG>", '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><SBD-MSG>'),
            "utf-8",
        ),
        "broken_xml", "DTDForbidden",
    ),
    "grid: an outside entity": (
        with_text(
            made.grid_day(), swapped("<SBD-MSG>", '<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]><SBD-MSG>'), "utf-8"
        ),
        "broken_xml", "",
    ),
    "another XML": (Made("grid/a.xml", b"<?xml version='1.0'?><other/>"), "unknown_layout", "other"),
    "green button: no reading type": (
        with_text(made.green_button(), lambda t: t.replace("ReadingType>", "Kind>"), "utf-8"), "not_as_it_seems", "ReadingType",
    ),
    "a zip cut off": (Made("grid/a.zip", made.grid_zip().content[:-30]), "broken_archive", ""),
    "an Excel file cut off": (Made("power/a.xlsx", made.enaris().content[:-30]), "broken_archive", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_not_what_it_seems_is_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    file, rule_id, told = REFUSED[name]
    found = parsed(tmp_path, file)
    assert found["outcome"].problem is not None
    assert found["outcome"].problem[0] == rule_id
    assert told in str(found["outcome"].problem[1])
    assert found["values"] == []


HELD_BACK: dict[str, tuple[Made, str, int]] = {
    "kansai: a day outside the range": (
        with_text(made.kansai(date(2025, 12, 31), date(2026, 1, 1)), swapped("12/31,", "11/30,"), "utf-8"), "not_a_date", 24,
    ),
    "chubu: an impossible day": (with_text(made.chubu(), swapped("2014/08/01,5:00", "2014/08/32,5:00")), "not_a_date", 47),
    "kurashi: beyond 24:00": (with_text(made.kurashi(), swapped("24:00", "24:30")), "not_a_date", 46),
    "retail: an unknown stage": (
        with_text(made.retail(), swapped(",1,2025/04/03", ",9,2025/04/03", 1), "utf-8"), "unknown_word", 96,
    ),
    "grid: slot 49": (with_text(made.grid_day(), swapped("<JP06219>48", "<JP06219>49"), "utf-8"), "not_a_date", 0),
    "grid: no supply point": (
        with_text(made.grid_day(), swapped(f"<JP06400>{made.POINT}</JP06400>", ""), "utf-8"), "missing_value", 0,
    ),
    "green button: an unreadable power": (made.green_button(power=99), "not_a_number", 0),
    "gas: the bill ends before it begins": (
        with_text(made.gas(), swapped("令和6年5月13日", "令和6年3月13日")), "ends_before_start", 1,
    ),
    "slips: no date": (with_text(made.slips_by_place(), swapped("2024/12/05", "")), "missing_value", 2),
    "registers: not a number": (with_text(made.registers(), swapped("99000", "99O00"), "utf-8"), "not_a_number", 1),
    "a stamp beside the minute": (
        with_text(made.hourly_load(), swapped("05:00,", "05:00:20,"), "utf-8"), "off_the_minute", 23,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD_BACK)
def test_a_broken_cell_is_held_back_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    file, rule_id, good = HELD_BACK[name]
    found = parsed(tmp_path, file)
    assert {reject[3] for reject in found["rejects"]} == {rule_id}
    assert len(found["values"]) == good


def test_times_that_drift_a_few_seconds_are_moved_onto_the_minute(tmp_path: Path) -> None:
    drifted = with_text(made.hourly_load(), swapped("05:00,", "04:59:59.999995,"), "utf-8")
    found = parsed(tmp_path, drifted)
    assert [row[:6] for row in found["values"]] == [
        row[:6] for row in parsed(tmp_path / "b", made.hourly_load())["values"]
    ]
    refused = parsed(tmp_path / "c", drifted, ParseOptions(Limits(slot_tolerance_seconds=0)))
    assert [reject[3] for reject in refused["rejects"]] == ["off_the_minute"]


def test_excel_keeps_times_as_fractions_and_errors_as_words(tmp_path: Path) -> None:
    stamps = [45748 + n / 24 + (1e-9 if n % 2 else -1e-9) for n in range(24)]
    rows = [["meter_id", "started_at", "ended_at", "quantity", "unit"]]
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet()
    form = book.add_format({"num_format": "yyyy/mm/dd hh:mm"})
    sheet.write_row(0, 0, rows[0])
    for n, stamp in enumerate(stamps, start=1):
        sheet.write(n, 0, "M1")
        sheet.write(n, 1, stamp, form)
        sheet.write(n, 2, 45748 + n / 24, form)
        sheet.write_formula(n, 3, "=1+1", None, 2.5 if n > 1 else "#DIV/0!")
        sheet.write(n, 4, "kWh")
    book.close()
    found = parsed(tmp_path, Made("office/a.xlsx", stream.getvalue()))
    assert [row[4] for row in found["values"]] == [f"2025-04-01 {h:02d}:00:00" for h in range(1, 24)]
    assert {row[6] for row in found["values"]} == {"2.500000"}, "a formula counts with the value Excel kept for it"
    told = [("Sheet1", "2", "quantity", "not_a_number", "#DIV/0!")]
    assert (found["rejects"], found["blank"]) == (told, 0), "an error cell is told, never zero and never blank"


def test_a_protected_workbook_is_told_as_such(tmp_path: Path) -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600
    found = parsed(tmp_path, Made("office/secret.xlsx", content))
    assert found["outcome"].problem == ("protected_workbook", {})


def bomb(ratio_of: bytes = b"0" * 5_000_000) -> Made:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", ratio_of)
    return Made("grid/bomb.zip", stream.getvalue())


def test_an_archive_that_would_become_too_large_is_not_unpacked(tmp_path: Path) -> None:
    assert parsed(tmp_path, bomb())["outcome"].problem[0] == "archive_too_large"
    crowd = made.zipped(**{f"m{n}_csv": b"a,b\n" for n in range(20)})
    told = parsed(tmp_path / "b", Made("grid/crowd.zip", crowd), ParseOptions(Limits(zip_members=10)))
    assert told["outcome"].problem[0] == "archive_too_many"


def test_an_archive_that_lies_about_its_size_is_stopped(tmp_path: Path) -> None:
    content = made.zipped(a_csv=b"x" * 200_000)
    at = content.rindex(b"PK\x01\x02") + 24  # the stated size in the directory
    lying = Made("grid/lie.zip", content[:at] + (500).to_bytes(4, "little") + content[at + 4 :])
    told = parsed(tmp_path, lying, ParseOptions(Limits(unzipped_bytes=1_000)))
    assert told["outcome"].problem[0] in ("broken_archive", "unknown_layout", "archive_too_large")
    assert not [path for path in (tmp_path / "scratch").iterdir() if path.stat().st_size > 1_000]


def test_a_bad_member_is_held_back_and_the_others_are_read(tmp_path: Path) -> None:
    content = made.zipped(
        good_xml=made.grid_confirmed().content, bad_csv=b"hello,world\n1,2\n", inner_zip=made.grid_zip().content
    )
    found = parsed(tmp_path, Made("grid/mixed.zip", content))
    assert len(found["values"]) == 3
    assert [(reject[0], reject[3]) for reject in found["rejects"]] == [
        ("bad.csv", "unreadable_member"), ("inner_zip", "unreadable_member"),
    ]  # fmt: skip
    assert "様式が分かりません" in found["rejects"][0][4]


def test_a_member_whose_bytes_are_damaged_is_held_back(tmp_path: Path) -> None:
    content = bytearray(made.zipped(a_xml=made.grid_confirmed().content, b_csv=b"a,b\n" * 400))
    at = content.index(b"b.csv") + len(b"b.csv") + 4
    content[at : at + 8] = b"\xff" * 8
    found = parsed(tmp_path, Made("grid/damaged.zip", bytes(content)))
    assert len(found["values"]) == 3
    assert [(reject[0], reject[3]) for reject in found["rejects"]] == [("b.csv", "unreadable_member")]


def test_names_in_an_archive_are_no_paths(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../../../evil.xml", made.grid_day().content)
    found = parsed(tmp_path, Made("grid/slip.zip", stream.getvalue()))
    assert len(found["values"]) == 1
    assert not list(tmp_path.parent.glob("**/evil.xml"))


def test_two_layouts_that_both_fit_are_named(tmp_path: Path) -> None:
    head = "納品日,計器ID,数量,単位,meter_id,started_at,ended_at,quantity"
    found = parsed(tmp_path, Made("fuel/both.csv", made.utf8(head, "2024-04-01,M1,1,L,M1,2024-04-01,2024-05-01,1")))
    assert found["outcome"].problem == ("two_layouts", {"found": "canonical_readings, delivery_slips"})
    only = parsed(
        tmp_path / "b",
        Made("fuel/both.csv", made.utf8(head, "2024-04-01,M1,1,L,M1,2024-04-01,2024-05-01,1")),
        wanted="delivery_slips",
    )
    assert only["outcome"].layout == "delivery_slips"


def test_a_sheet_that_fits_no_layout_is_counted_and_named(tmp_path: Path) -> None:
    found = parsed(tmp_path, made.portfolio_manager())
    assert found["outcome"].unread == ["Empty Sheet 1"]
    assert found["ignored"] == 7, "five lines of titles (two empty), the header, and the other sheet's line"


NO_TEXT = bytes(range(0x80, 0x100)) * 40  # neither UTF-8 nor a word of a Japanese encoding, and no format's mark


@pytest.mark.parametrize(
    ("name", "rule", "ending"),
    [
        ("a.xlsx", "not_its_ending", ".xlsx"),
        ("a.XLS", "not_its_ending", ".xls"),
        ("a.zip", "not_its_ending", ".zip"),
        ("a.pdf", "not_its_ending", ".pdf"),
        ("a.csv", "unknown_encoding", None),
    ],
)
def test_bytes_that_are_nothing_are_told_by_the_name(tmp_path: Path, name: str, rule: str, ending: str | None) -> None:
    (tmp_path / name).write_bytes(NO_TEXT)
    problem = inspect(tmp_path / name, Limits()).problem
    assert problem is not None and (problem[0], problem[1].get("ending")) == (rule, ending)


@pytest.mark.parametrize(
    ("content", "rule"),
    [(b"PK\x03\x04" + NO_TEXT, "broken_archive"), (b"%PDF-1.7" + NO_TEXT, "document")],
)
def test_a_format_under_the_name_of_a_table_is_told_by_its_mark(tmp_path: Path, content: bytes, rule: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    problem = inspect(tmp_path / "a.csv", Limits()).problem
    assert problem is not None and problem[0] == rule


def test_text_under_the_name_of_a_workbook_stays_text(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("a,b\n1,2\n", encoding="utf-8")
    assert inspect(tmp_path / "a.xlsx", Limits()).problem is None

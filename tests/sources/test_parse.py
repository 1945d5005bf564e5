"""Files as they come: encodings, separators, quotes, Excel, layouts; line and column are always the file's own."""

from __future__ import annotations

import codecs
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.settings.city import Limits
from pipelines.sources.layouts import cell_words
from pipelines.sources.parse import ParseOptions
from pipelines.sources.trial import read as show
from tests.sources.made import hokkaido

HEAD = "meter_id,started_at,ended_at,quantity,unit,note"
ROWS = ["M1,2024-04-01,2024-05-01,10.5,kWh,本庁", "M1,2024-05-01,2024-06-01,11,kWh,", "M1,2024-06-01,2024-07-01,x,kWh,"]
TEXT = "\n".join([HEAD, *ROWS, ""])


def shown(path: Path, content: bytes) -> dict[str, Any]:
    path.write_bytes(content)
    return show(path)


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("cp932"),
        TEXT.replace("\n", "\r\n").encode("cp932"),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("\n", "\r\n", 2).encode(),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace("M1", '"M1"').encode(),
        TEXT.rstrip("\n").encode(),
        TEXT.replace("10.5", "１０．５").encode(),
        TEXT.replace("10.5", '"10.5"').encode("utf-16"),
        TEXT.replace("本庁", "本\0庁").encode(),
    ],
    ids=range(16),
)
def test_every_encoding_and_separator_reads_alike(tmp_path: Path, content: bytes) -> None:
    told = shown(tmp_path / "a.csv", content)
    assert told["layout"] == "canonical_readings", told["problem"]
    assert [(v["source_line"], v["quantity"]) for v in told["values"]] == [(2, Decimal("10.5")), (3, Decimal(11))]
    assert [(r["source_line"], r["rule_id"], r["raw"]) for r in told["rejects"]] == [(4, "not_a_number", "x")]
    assert (told["rows_received"], told["rows_blank"], told["rows_ignored"]) == (3, 0, 1)


def test_line_numbers_survive_titles_blank_lines_and_notes(tmp_path: Path) -> None:
    text = "\n".join(["令和6年度 電気使用量", "", HEAD, ROWS[0], "", ROWS[1], ",,,,,", ROWS[2], ""])
    told = shown(tmp_path / "a.csv", text.encode())
    assert [v["source_line"] for v in told["values"]] == [4, 6]
    assert told["rejects"][0]["source_line"] == 8
    assert told["rows_ignored"] == 5


def test_a_member_of_an_archive_that_is_refused_says_the_true_reason(tmp_path: Path) -> None:
    long = hokkaido().content
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("long.csv", long)
    reading = ParseOptions(Limits(sheet_rows=10))
    problem = show(path, "", reading)["problem"]
    assert (problem["rule_id"], problem["en"]) == (
        "too_many_rows",
        "Too many rows (56, limit 10). Ask for it in parts, or review limits.sheet_rows in city.toml.",
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("good.csv", TEXT)
    told = show(path, "", reading)
    assert told["rows_values"] == 2
    (raw,) = [r["raw"] for r in told["rejects"] if r["rule_id"] == "unreadable_member"]
    assert raw.startswith("行が多すぎます（56行、上限10）。") and "Too many rows (56, limit 10)." in raw


@pytest.mark.parametrize(("printed", "rule_id"), [("--", None), ("-", None), ("", None), ("5", "totals_disagree")])
def test_a_printed_total_that_is_missing_as_all_its_cells_are_is_no_disagreement(
    tmp_path: Path, printed: str, rule_id: str | None
) -> None:
    text = hokkaido().content.decode("cp932").replace("01:30-02:00,3.1,--,3.1", f"01:30-02:00,--,-,{printed}")
    problem = shown(tmp_path / "a.csv", text.encode())["problem"]
    assert (problem and problem["rule_id"]) == rule_id
    text = text.replace(f"--,-,{printed}", "--,3.1,--")
    assert shown(tmp_path / "b.csv", text.encode())["problem"]["rule_id"] == "totals_disagree"


def test_sep_line_of_excel_is_passed_over(tmp_path: Path) -> None:
    assert len(shown(tmp_path / "a.csv", f"sep=,\n{TEXT}".encode())["values"]) == 2


def test_an_unclosed_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    rows = [ROWS[0], '"M1,2024-05-01,2024-06-01,11,kWh,', *[r.replace("x", "5") for r in ROWS[2:]] * 30]
    told = shown(tmp_path / "a.csv", "\n".join([HEAD, *rows, ""]).encode())
    assert [r["rule_id"] for r in told["rejects"]] == ["unclosed_quote"]
    assert told["rows_values"] == 31


def test_a_quoted_line_break_keeps_the_lines_counted(tmp_path: Path) -> None:
    text = "\n".join([HEAD, 'M1,2024-04-01,2024-05-01,"1,000",kWh,"一行目', '二行目"', ROWS[1], ""])
    told = shown(tmp_path / "a.csv", text.encode())
    assert [(v["source_line"], v["quantity"]) for v in told["values"]] == [(2, 1000), (4, 11)]


def test_forty_eight_columns_are_forty_eight_values(tmp_path: Path) -> None:
    names = [f"[{(n + 1) // 2:02d}:{(n + 1) % 2 * 30:02d}]" for n in range(48)]
    cells = ["0.1"] * 46 + ["", "--"]
    text = (
        ",".join(["供給地点特定番号", "年月日", *names])
        + "\n"
        + ",".join(["0300000000000000000001", "2025/4/1", *cells])
        + "\n"
    )
    told = shown(tmp_path / "a.csv", text.encode("cp932"))
    assert (told["layout"], told["rows_received"], told["rows_blank"]) == ("day_columns", 48, 2)
    first = told["values"][0]
    assert (first["source_column"], str(first["started_at"]), str(first["ended_at"])) == (
        "[00:30]", "2025-04-01 00:00:00", "2025-04-01 00:30:00",
    )  # fmt: skip
    assert first["reading_kind"] == "interval"


@pytest.mark.parametrize(
    "names",
    [
        [f"kWh_{n + 1}" for n in range(48)],
        [f"{n // 2:02d}:{n % 2 * 30:02d}" for n in range(48)],
        [f"{n}:00～{n + 1}:00" for n in range(24)],
        [f"{n // 2}:{n % 2 * 30:02d}～{(n + 1) // 2}:{(n + 1) % 2 * 30:02d}(kWh)" for n in range(48)],
    ],
    ids=["numbered", "started", "hours", "ranges"],
)
def test_slots_by_any_name_cover_the_day_once(tmp_path: Path, names: list[str]) -> None:
    text = ",".join(["MPAN", "Date", *names]) + "\n" + ",".join(["1", "2025-04-01", *["1"] * len(names)]) + "\n"
    told = shown(tmp_path / "a.csv", text.encode())
    assert (told["layout"], told["rows_values"]) == ("day_columns", len(names))


def test_slots_that_leave_an_hour_out_are_no_layout(tmp_path: Path) -> None:
    names = [f"kWh_{n + 1}" for n in range(47)]
    text = ",".join(["MPAN", "Date", *names]) + "\n" + ",".join(["1", "2025-04-01", *["1"] * 47]) + "\n"
    assert shown(tmp_path / "a.csv", text.encode())["problem"]["rule_id"] == "unknown_layout"


def test_an_hourly_file_is_named_by_its_folders(tmp_path: Path) -> None:
    folder = tmp_path / "b105" / "gas"
    folder.mkdir(parents=True)
    told = shown(folder / "2020.csv", b"datetime,heating load [kWh]\n2020-01-01 00:00:00,11.0\n2020-01-01 01:00:00,\n")
    assert told["layout"] == "hourly_load"
    value = told["values"][0]
    assert (value["key"].endswith("b105/gas"), value["unit"], value["source_column"]) == (
        True,
        "kWh",
        "heating load [kWh]",
    )
    assert told["rows_blank"] == 1


def test_activity_data(tmp_path: Path) -> None:
    told = shown(
        tmp_path / "a.csv", b"activity_source_id,started_on,ended_on,quantity\nA1,2024-04-01,2024-05-01,12.5\n"
    )
    assert (told["layout"], told["values"][0]["record"]) == ("canonical_activity", "activity")


def test_a_stamp_with_an_offset_is_moved_to_local_time(tmp_path: Path) -> None:
    for stamp in ("2024-04-01T00:00:00+09:00", "2024-04-01 00:00-00", "2024-04-01T00:00Z", "2024-04-01T00:00+00:99"):
        told = shown(tmp_path / "a.csv", f"{HEAD}\nM1,{stamp},2024-05-01,1,kWh,\n".encode())
        hours = [value["started_at"].hour for value in told["values"]]
        assert hours == ([] if stamp.endswith("99") else [0] if "+09" in stamp else [9]), stamp


def test_a_workbook_reads_like_a_table(tmp_path: Path) -> None:
    workbook = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = workbook.add_worksheet("電気")
    dated = workbook.add_format({"num_format": "yyyy/m/d"})
    sheet.write_row(0, 0, ["令和6年度 電気使用量"])
    sheet.write_row(1, 0, ["meter_id", "started_at", "ended_at", "quantity", "unit"])
    sheet.write_row(2, 0, ["M1", None, None, 10.5, "kWh"])
    sheet.write_datetime(2, 1, datetime(2024, 4, 1), dated)
    sheet.write_datetime(2, 2, datetime(2024, 5, 1), dated)
    sheet.write_row(3, 0, ["M1", "令和6年5月1日", "令和6年6月1日", 12, "kWh"])
    workbook.close()
    told = show(tmp_path / "a.xlsx")
    assert told["layout"] == "canonical_readings", told["problem"]
    assert [(v["source_member"], v["source_line"], v["quantity"]) for v in told["values"]] == [
        ("電気", 3, Decimal("10.5")), ("電気", 4, 12),
    ]  # fmt: skip


@given(st.decimals(-(10**11), 10**11, places=6))
def test_numbers_read_back_exactly(value: Decimal) -> None:
    for text in (f"{value:f}", f"{value:,f}", f"{value:f}".replace("-", "▲"), f" {value:f} "):
        assert cell_words.read_number(text).value == value, text


@pytest.mark.parametrize("text", ["1,23", "1.2.3", "", "-", "abc", "0x10", "1_000", "１２３円", "NaN", "inf", "1 2"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert cell_words.read_number(text).rule_id == "not_a_number"


@settings(max_examples=25, deadline=None)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_politely(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "a.csv"
    told = shown(path, content)
    assert b"{" in content or "{" not in (told["problem"] or {}).get("ja", ""), "no place left unfilled"
    assert told["rows_received"] == told["rows_values"] + told["rows_rejected"] + told["rows_blank"]

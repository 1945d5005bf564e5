"""Only \\n, \\r and \\r\\n end a line; whatever else a program puts between pages stands inside one, and no data row becomes a heading."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.sources.cells import plain
from pipelines.sources.layouts.head import split_lines
from pipelines.sources.trial import read as show

HEADER = "meter_id,started_at,ended_at,quantity,unit"
ROWS = [f"M7,2024-0{n}-01,2024-0{n + 1}-01,{n}0,kWh" for n in range(1, 6)]
NO_ENDS = {
    "form feed": "\f", "vertical tab": "\v", "next line": "\x85", "line separator": "\u2028", "paragraph separator": "\u2029",
    "file": "\x1c", "group": "\x1d", "record": "\x1e", "unit": "\x1f",
}  # fmt: skip
PLACES = {
    "before the header": "{sign}{header}",
    "in the title": "年報{sign}令和6年\n{header}",
    "behind the title": "年報{sign}\n{header}",
    "a page each": "{sign}表紙\n{sign}目次\n{sign}{header}",
}
ENCODINGS = {
    "utf-8": NO_ENDS,
    "utf-16": NO_ENDS,
    "utf-16-be": NO_ENDS,
    "cp932": {k: v for k, v in NO_ENDS.items() if v < "\x7f"},
}


def values(path: Path) -> list[tuple[int, Decimal]]:
    told = show(path)
    assert told["problem"] is None, told["problem"]
    assert told["rejects"] == []
    return [(value["source_line"], value["quantity"]) for value in told["values"]]


@pytest.mark.parametrize("careful", [False, True], ids=["at once", "with care"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_sign_that_ends_no_line_costs_no_row(
    tmp_path: Path, encoding: str, place: str, careful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if careful:
        monkeypatch.setattr(plain, "_may_be_plain", lambda *_: False)
    for name, sign in ENCODINGS[encoding].items():
        top = PLACES[place].format(sign=sign, header=HEADER)
        path = tmp_path / f"{name}.csv"
        path.write_bytes("\n".join([top, *ROWS, ""]).encode(encoding))
        first = top.count("\n") + 2
        assert values(path) == [(first + n, Decimal(10 * (n + 1))) for n in range(5)], name


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_a_page_break_before_a_row_or_a_second_mark_costs_no_row(tmp_path: Path, end: str) -> None:
    path = tmp_path / "pages.csv"
    lines = ["\ufeff\ufeff" + HEADER, ROWS[0], "\f" + ROWS[1], "\ufeff" + ROWS[2], "\x1a"]
    path.write_bytes(end.join(lines).encode())
    assert {value["key"] for value in show(path)["values"]} == {"M7"}
    step = 2 if end == "\r\r\n" else 1
    assert values(path) == [(1 + step * n, Decimal(10 * n)) for n in (1, 2, 3)]


@pytest.mark.parametrize("encoding", ["euc_jp", "iso2022_jp", "utf-16-be", "utf-16-le", "cp932"])
def test_japanese_words_are_read_in_every_encoding_of_offices(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "slips.csv"
    text = "納品日,計器ID,数量,単位,伝票番号\n2024/12/05,西支所ボイラー,1200,L,甲の一\n"
    path.write_bytes(text.encode(encoding))
    told = show(path)
    assert told["problem"] is None
    assert [(value["key"], value["note"]) for value in told["values"]] == [("西支所ボイラー", "甲の一")]


def test_half_width_kana_of_cp932_are_not_taken_for_euc(tmp_path: Path) -> None:
    path = tmp_path / "slips.csv"
    path.write_bytes("meter_id,started_at,ended_at,quantity,unit\nﾃﾞﾝｷ1,2024-04-01,2024-05-01,7,kWh\n".encode("cp932"))
    assert [value["key"] for value in show(path)["values"]] == ["ﾃﾞﾝｷ1"]


def test_lines_are_split_as_they_are_counted() -> None:
    assert split_lines("a\x85b\nc\r\nd\re\r\r\nf") == ["a\x85b", "c", "d", "e", "", "f"]
    assert split_lines("a\n") == ["a"]
    assert split_lines("") == []

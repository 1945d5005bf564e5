"""Only full-width forms are folded: a sign of a footnote beside a figure holds the cell back instead of becoming a digit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines import folding
from pipelines.periods import PeriodError, parse_fiscal_year, parse_moment, parse_month
from pipelines.sources.layouts import matrix
from pipelines.sources.layouts.cell_words import read_moment, read_number
from pipelines.sources.layouts.head import plain
from pipelines.sources.trial import read as show

BESIDE = (
    "①",
    "⑳",
    "❶",
    "⑴",
    "⒈",
    "²",
    "³",
    "¹",
    "₁",
    "½",
    "¼",
    "Ⅷ",
    "ⅳ",
    "㉑",
    "㊀",
    "𝟏",
    "٣",
    "㋀",
    "㏠",
    "㍘",
    "※1",
    "＊2",
    "注1",
)


@pytest.mark.parametrize("sign", BESIDE)
def test_a_sign_beside_a_figure_is_no_digit_of_it(sign: str) -> None:
    for text in (f"875{sign}", f"{sign}875", f"875 {sign}", f"８７５{sign}", f"8{sign}75", f"8.7{sign}", sign):
        assert read_number(text).rule_id == "not_a_number", text
        assert matrix.number(text) is None, text
    for text in (
        f"2024-05-1{sign}",
        f"{sign}2024-05-01",
        f"202{sign}-05-01",
        f"令和{sign}年5月1日",
        f"2024-05-01 1{sign}:00",
    ):
        with pytest.raises(PeriodError):
            parse_moment(text)
    for text in (f"2024-0{sign}", f"令和6年{sign}月"):
        with pytest.raises(PeriodError):
            parse_month(text)
        assert read_moment(text, "month") is None
    with pytest.raises(PeriodError):
        parse_fiscal_year(f"202{sign}")
    assert read_moment(f"202{sign}", "year") is None


def test_full_width_figures_are_read_as_ever() -> None:
    assert read_number("－１，２３４．５　").value == Decimal("-1234.5")
    assert str(parse_moment("２０２４／０５／０１　１２：３０")) == "2024-05-01 12:30:00"
    assert str(parse_moment("㋿６年５月１日").date()) == str(parse_moment("令和6年5月1日").date()) == "2024-05-01"
    assert str(parse_month("㍻３１年４月")) == "2019-04-01"


def test_words_of_headings_keep_their_footnotes_and_units_their_power() -> None:
    assert plain("使用量（m³）") == plain("使用量(㎥)") == "使用量(m3)"
    assert plain("ﾃﾞﾝｷ使用量") == "デンキ使用量"
    assert plain("使用量①") != plain("使用量1")
    assert folding.name(" ｆ０１２－ｅ ") == folding.name("F012-E")
    assert folding.name("F012-①") != folding.name("F012-1")
    assert folding.name("室²") != folding.name("室2")
    assert folding.name("か\u3099す") == folding.name("がす")


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16"])
def test_a_figure_with_a_footnote_is_told_with_its_line(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    rows = [
        "M7,2024-04-01,2024-05-01,8214①,kWh",
        "M7,2024-05-01,2024-06-01,８２１４,kWh",
        "M7,2024-06-①,2024-07-01,5,kWh",
    ]
    path.write_bytes("\n".join(["meter_id,started_at,ended_at,quantity,unit", *rows, ""]).encode(encoding))
    told = show(path)
    assert [(v["source_line"], v["quantity"]) for v in told["values"]] == [(3, Decimal(8214))]
    assert [(r["source_line"], r["rule_id"], r["raw"]) for r in told["rejects"]] == [
        (2, "not_a_number", "8214①"), (4, "not_a_date", "2024-06-①"),
    ]  # fmt: skip

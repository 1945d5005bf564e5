"""Charts hold what the data hold: heights are measured again with fractions, words stay on the paper, and what is missing is never zero."""

from __future__ import annotations

import csv
import io
import re
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import rounding, tables
from pipelines.reports import charts, half_hours
from pipelines.reports.chart_data import (
    AgainstAllowed,
    Caption,
    Changes,
    ChartMonth,
    Months,
    PathYear,
    Span,
    Spark,
    TargetPath,
)
from pipelines.reports.chart_marks import NARROW, PATTERNS, WIDE, Paper, number, ticks
from tests.reports.test_page_policy import BROWSER, told_by_the_browser

D = Decimal
SVG = "{http://www.w3.org/2000/svg}"
STYLE = half_hours.STYLE.read_text(encoding="utf-8")
RULE = rounding.rules()["tonne_tenth"]
PAPERS = (WIDE, NARROW)
HOSTILE = "</svg><script>alert('1')</script>\"&\x00\ud800" + "長い名前" * 300
LABELS = tuple(f"{m}月" for m in (4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3))


def caption(key: str = "c", **words: str) -> Caption:
    said = {"title": "題", "description": "説明", "no_data": "まだ届いていません", "unknown": "不明"} | words
    return Caption(key=key, rule=RULE, **said)


def some_months(*months: ChartMonth, sources: tuple[str, ...] = ("電気", "ガス"), **words: str) -> Months:
    said = {"month": "月", "total": "計", "last_year": "前年度", "missing": "未着", "mark": "印"} | words
    return Months(caption=caption("m"), sources=sources, months=months, **said)


def a_year() -> Months:
    months = [ChartMonth(label, (D(1000 * n + 500), D(2000)), D(9000)) for n, label in enumerate(LABELS)]
    months[3] = ChartMonth("7月", (D(4000), None), D(8000))
    months[5] = ChartMonth("9月", (D(0), D(0)), None, mark="推")
    months[8] = ChartMonth("12月", (None, None))
    return some_months(*months)


def some_changes(**more: Any) -> Changes:
    parts = (("電気", D(-31234)), ("係数", D(12012)), ("ガス", D(-3000)))
    words = {"part": "内訳", "amount": "量", "change": "増減", "net": "増減計", "rise": "増", "fall": "減"}
    given = {"last_year": "前年度", "last": D(823456), "this_year": "今年度", "this": D(801234), "parts": parts}
    return Changes(caption=caption("w"), **words | given | more)  # type: ignore[arg-type]


VERDICTS = {"achieved": "達成", "not_achieved": "未達", "undeterminable": "判定不能"}


def a_path(*years: PathYear, **words: Any) -> TargetPath:
    said = {"year": "年度", "baseline": "基準", "allowed": "目標", "actual": "実績", "low": "下限", "high": "上限"}
    rest = said | {"verdict": "判定", "verdicts": VERDICTS} | words
    return TargetPath(caption=caption("p"), years=years, **rest)


PATH_YEARS = (
    PathYear(2013, "2013", baseline=Span(D(1200000), D(1250000)), allowed=Span(D(1200000), D(1250000))),
    PathYear(2022, "2022", None, Span(D(900000), D(950000)), Span(D(990000), D(990000)), "not_achieved"),
    PathYear(2023, "2023", None, Span(D(850000), D(900000)), Span(D(800000), D(840000)), "achieved"),
    PathYear(2024, "2024", None, Span(D(800000), D(850000)), Span(D(700000), None), "undeterminable"),
    PathYear(2030, "2030", None, Span(D(600000), D(625000))),
)


def against(actual: Span | None, allowed: Span | None = None, **words: str) -> AgainstAllowed:
    said = {"allowed_words": "目標水準", "low": "下限", "high": "上限"} | words
    return AgainstAllowed(caption=caption("i"), actual=actual, allowed=allowed, **said)


def a_spark(*values: Decimal | None) -> Spark:
    points = tuple(zip(LABELS, values, strict=False))
    return Spark(caption=caption("s"), points=points, month="月", value="量")


def svg_text(chart: Any, paper: Paper = WIDE) -> str:
    """Draw a chart of any kind."""
    kinds: dict[type, Callable[..., str]] = {
        Months: charts.months,
        Changes: charts.changes,
        TargetPath: charts.target_path,
        AgainstAllowed: charts.against_allowed,
    }
    return str(charts.spark(chart) if isinstance(chart, Spark) else kinds[type(chart)](chart, paper))


def drawn(chart: Any, paper: Paper = WIDE) -> ElementTree.Element:
    """Draw it and read it as XML."""
    return ElementTree.fromstring(svg_text(chart, paper))  # noqa: S314 - it is ours


EVERY: dict[str, Any] = {
    "months": a_year(),
    "no months": some_months(*(ChartMonth(label, (None, None)) for label in LABELS)),
    "eight sources": some_months(
        *(ChartMonth(label, tuple(D(n * 10**6) for n in range(8))) for label in LABELS),
        sources=tuple(f"エネルギー種別その{n}" for n in range(8)),
    ),
    "negative": some_months(ChartMonth("4月", (D(-5000), D(3000)), D(-100)), ChartMonth("5月", (D(-1), None))),
    "changes": some_changes(),
    "no changes": some_changes(last=None),
    "path": a_path(*PATH_YEARS),
    "no path": a_path(),
    "one year": a_path(PATH_YEARS[1]),
    "interval": against(Span(D(700000), D(780000)), Span(D(810000), D(815000))),
    "open interval": against(Span(D(700000), None), Span(D(810000), None)),
    "no interval": against(None),
    "spark": a_spark(D(3), D(5), None, D(4)),
    "no spark": a_spark(None, None),
}
EACH = pytest.mark.parametrize("name", EVERY)


def texts(svg: ElementTree.Element) -> list[ElementTree.Element]:
    return list(svg.iter(f"{SVG}text"))


def said(svg: ElementTree.Element) -> list[str]:
    """The words of a drawing as they are seen."""
    return ["".join([t.text or "", *((child.tail or "") for child in t)]) for t in texts(svg)]


def rects(svg: ElementTree.Element, fill: str) -> list[ElementTree.Element]:
    """The boxes of a pattern (or of a class), without those of the legend."""
    legend = {id(e) for g in svg.iter(f"{SVG}g") if g.get("class") == "chart-legend" for e in g.iter()}
    return [
        r
        for r in svg.iter(f"{SVG}rect")
        if id(r) not in legend and (str(r.get("fill", "")).endswith(f"-{fill})") or r.get("class") == fill)
    ]


def paths(svg: ElementTree.Element, css: str) -> list[str]:
    legend = {id(e) for g in svg.iter(f"{SVG}g") if g.get("class") == "chart-legend" for e in g.iter()}
    return [str(p.get("d")) for p in svg.iter(f"{SVG}path") if p.get("class") == css and id(p) not in legend]


def span_of(text: ElementTree.Element, seen: str, size: int) -> tuple[float, float]:
    """From where to where words reach: full width for what is not Latin, three quarters for the rest."""
    width = sum(size * (1 if ord(letter) > 0x2E7F else 0.75) for letter in seen)
    share = {"start": 0.0, "middle": 0.5, "end": 1.0}[re.findall(r"anchor-(\w+)", str(text.get("class")))[0]]
    left = float(str(text.get("x"))) - width * share
    return left, left + width


def assert_sound(svg: ElementTree.Element, size: int) -> None:
    """Numbers are numbers, boxes have no negative side, and all words lie inside the drawing."""
    _, _, width, height = (float(part) for part in str(svg.get("viewBox")).split())
    for element in svg.iter():
        for attribute, value in element.attrib.items():
            if attribute in ("x", "y", "width", "height"):
                assert re.fullmatch(r"-?\d+(\.\d{1,2})?", value), (attribute, value)
        if element.tag == f"{SVG}rect":
            assert float(str(element.get("width"))) >= 0 and float(str(element.get("height"))) >= 0
            for place, side, end in (("x", "width", width), ("y", "height", height)):
                first = float(element.get(place, "0"))
                assert first >= -0.01 and first + float(str(element.get(side))) <= end + 0.02
        if element.tag == f"{SVG}path":
            assert re.fullmatch(r"[MLHVhvalZ]( ?-?[\d.]+| ?[MLHVhvalZ])*", str(element.get("d"))), element.get("d")
    for text, seen in zip(texts(svg), said(svg), strict=True):
        left, right = span_of(text, seen, size)
        assert left >= -0.5 and right <= width + 0.5, seen
        assert size * 0.7 <= float(str(text.get("y"))) <= height, seen


@EACH
@pytest.mark.parametrize("paper", PAPERS, ids=("wide", "narrow"))
def test_a_drawing_is_named_and_carries_nothing_that_a_strict_policy_forbids(name: str, paper: Paper) -> None:
    svg = drawn(EVERY[name], paper)
    assert svg.tag == f"{SVG}svg" and svg.get("role") == "img"
    title, desc = svg[0], svg[1]
    assert (title.tag, title.text, desc.tag, desc.text) == (f"{SVG}title", "題", f"{SVG}desc", "説明")
    assert svg.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    ids = {e.get("id") for e in svg.iter()}
    for element in svg.iter():
        assert not {"style", "stroke", "href", "color"} & element.attrib.keys()
        assert not [a for a in element.attrib if a.startswith("on")]
        if fill := element.get("fill"):
            assert re.fullmatch(r"url\(#([\w-]+)\)", fill) and fill[5:-1] in ids
        assert element.tag.removeprefix(SVG) in ["svg", "title", "desc", "defs", "pattern", "rect", "path", "g", "text"]
    assert_sound(svg, 12 if isinstance(EVERY[name], Spark) else paper.size)


def test_ids_are_unique_on_a_page_with_every_chart_in_both_forms() -> None:
    chosen = [EVERY[name] for name in ("months", "changes", "path", "interval")]
    ids = [e.get("id") for chart in chosen for p in PAPERS for e in drawn(chart, p).iter() if e.get("id")]
    assert len(ids) == len(set(ids)) >= 16
    for key in ("a b", "1", '"><script>', "", "x-narrow"):
        with pytest.raises(ValueError, match="key"):
            drawn(replace(EVERY["months"], caption=caption(key)))


@EACH
def test_the_same_data_give_the_same_bytes(name: str) -> None:
    chart = EVERY[name]
    assert svg_text(chart) == svg_text(replace(chart))


@EACH
def test_an_empty_set_says_so_and_draws_nothing(name: str) -> None:
    for paper in PAPERS:
        svg = drawn(EVERY[name], paper)
        words, shapes = said(svg), [e for e in svg.iter() if e.tag in (f"{SVG}rect", f"{SVG}path")]
        assert (words == ["まだ届いていません"]) == (shapes == []) == name.startswith("no ")


def known_classes() -> set[str]:
    return {css for selector, _ in rules() for css in re.findall(r"\.([a-z][\w-]*)", selector)}


def test_every_class_of_a_drawing_stands_in_the_style_sheet() -> None:
    used = {
        css
        for chart in EVERY.values()
        for p in PAPERS
        for e in drawn(chart, p).iter()
        for css in e.get("class", "").split()
    }
    # handles for whoever styles a kind, without a look of their own
    handles = {
        "chart-months",
        "chart-changes",
        "chart-path",
        "chart-interval",
        "chart-legend",
        "chart-axis",
        "chart-verdicts",
    }
    assert used - handles <= known_classes() and {"chart-missing", "verdict-achieved", "ground-between"} <= used
    for name in PATTERNS:
        assert {f"ground-{name}", f"pattern-{name}"} <= known_classes()
    for paper, selector in zip(PAPERS, (r"\n\.chart-text", r"\n\.chart-narrow \.chart-text"), strict=True):
        assert re.search(rf"{selector} \{{[^}}]*font-size: {paper.size}px", STYLE), "sizes are the same in both places"


def scale_of(svg: ElementTree.Element) -> Callable[[Fraction], Fraction]:
    """From an amount (kg) to a height, from the words of the axis and where they stand."""
    [axis] = [g for g in svg.iter(f"{SVG}g") if g.get("class") == "chart-axis"]
    steps = [
        (Fraction(words.replace(",", "")), Fraction(str(t.get("y"))))
        for t, words in zip(texts(axis), said(axis), strict=True)
        if "anchor-end" in str(t.get("class"))
    ]
    (low, y0), (high, y1) = steps[0], steps[-1]
    return lambda amount: abs(y0 - y1) * amount / 1000 / (high - low)


@pytest.mark.parametrize("paper", PAPERS, ids=("wide", "narrow"))
def test_bars_are_as_high_as_their_amounts(paper: Paper) -> None:
    chart = a_year()
    svg = drawn(chart, paper)
    height_of = scale_of(svg)
    for n in range(2):
        bars = sorted(rects(svg, f"p{n}"), key=lambda r: float(str(r.get("x"))))
        amounts = [m.values[n] for m in chart.months if m.values[n]]
        assert len(bars) == len(amounts)
        for bar, amount in zip(bars, amounts, strict=True):
            assert abs(Fraction(str(bar.get("height"))) - height_of(Fraction(str(amount)))) < Fraction(3, 100)
    outlines = [d.split() for d in paths(svg, "chart-last")]
    lasts = [m.last for m in chart.months if m.last is not None]
    for outline, last in zip(outlines, lasts, strict=True):
        height = Fraction(outline[2]) - Fraction(outline[4])
        assert abs(height - height_of(Fraction(str(last)))) < Fraction(3, 100)
    nothing = Fraction(0)
    whole = sum((Fraction(str(r.get("height"))) for n in range(2) for r in rects(svg, f"p{n}")), nothing)
    told = sum((Fraction(str(value)) for m in chart.months for value in m.values if value is not None), nothing)
    assert abs(whole - height_of(told)) < 1


def test_a_missing_month_is_hatched_from_what_is_known_to_the_top_and_a_month_of_zero_is_not() -> None:
    svg = drawn(a_year())
    hatched = sorted(rects(svg, "missing"), key=lambda r: float(str(r.get("x"))))
    assert len(hatched) == 2, "July lacks a source and December all"
    tops = {str(r.get("y")) for r in hatched}
    partly, wholly = (Fraction(str(r.get("height"))) for r in hatched)
    assert len(tops) == 1 and wholly - partly - scale_of(svg)(Fraction(4000)) < Fraction(3, 100)
    assert said(svg).count("0.0") == 1, "September's zero is a figure; December's gap is none"
    assert "未着" in said(svg) and "未着" not in said(drawn(some_months(ChartMonth("4月", (D(1), D(2))))))
    assert len(paths(svg, "chart-last")) == 10, "no outline where last year is not known"
    july, september, december = (a_year().table().rows[n] for n in (3, 5, 8))
    assert july == ("7月", D("4.0"), "不明", "不明", D("8.0"), "")
    assert september == ("9月", D("0.0"), D("0.0"), D("0.0"), "不明", "推")
    assert december == ("12月", "不明", "不明", "不明", "不明", "")


def test_a_mark_stands_with_its_figures_and_more_sources_than_patterns_are_refused() -> None:
    assert "推" in said(drawn(a_year())) and "推" in said(drawn(a_year(), NARROW))
    with pytest.raises(ValueError, match="at most 8"):
        drawn(some_months(ChartMonth("4月", (D(1),) * 9), sources=tuple("123456789")))
    with pytest.raises(ValueError, match="per source"):
        drawn(some_months(ChartMonth("4月", (D(1),))))


@pytest.mark.parametrize("paper", PAPERS, ids=("wide", "narrow"))
def test_changes_lead_from_one_total_to_the_other(paper: Paper) -> None:
    svg = drawn(some_changes(), paper)
    widths = {name: [Fraction(str(r.get("width"))) for r in rects(svg, name)] for name in ("rise", "fall")}
    assert (len(widths["rise"]), len(widths["fall"])) == (1, 3)
    rise, (power, gas, net) = widths["rise"][0], widths["fall"]
    assert abs(power + gas - rise - net) < Fraction(5, 100)
    assert abs(rise / power - Fraction(12012, 31234)) < Fraction(1, 100)
    edges = [(Fraction(str(r.get("x"))), Fraction(str(r.get("width")))) for r in rects(svg, "fall")]
    assert abs(edges[0][0] - rects_x(svg, "rise")) < Fraction(2, 100), "a change begins where the one before it ended"
    ends = [x + width for x, width in edges]
    assert abs(ends[1] - rects_x(svg, "rise") - rise) < Fraction(2, 100), "so does the next"
    assert abs(ends[0] - ends[2]) < Fraction(2, 100), "the first and the net begin at last year's total"
    assert {"823.5", "801.2", "-31.2", "+12.0", "-3.0", "-22.2"} <= set(said(svg))
    last, this = rects(svg, "chart-before")[0], rects(svg, "p0")[0]
    share = Fraction(str(this.get("width"))) / Fraction(str(last.get("width")))
    assert abs(share - Fraction(801234, 823456)) < Fraction(1, 1000), "totals are drawn from zero"


def rects_x(svg: ElementTree.Element, fill: str) -> Fraction:
    return Fraction(str(rects(svg, fill)[0].get("x")))


def test_changes_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="add up"):
        drawn(some_changes(this=D(801235)))


def test_bars_of_a_path_end_where_their_spans_end_and_an_unknown_high_is_open() -> None:
    svg = drawn(a_path(*PATH_YEARS))
    height_of = scale_of(svg)
    lows = [Fraction(str(r.get("height"))) for r in rects(svg, "chart-actual")]
    for height, low in zip(lows, (990000, 800000, 700000), strict=True):
        assert abs(height - height_of(Fraction(low))) < Fraction(3, 100)
    between = [Fraction(str(r.get("height"))) for r in rects(svg, "chart-between")]
    for height, width in zip(between, (50000, 40000), strict=True):
        assert abs(height - height_of(Fraction(width))) < Fraction(3, 100)
    assert len(rects(svg, "missing")) == len(paths(svg, "chart-open")) == 1
    assert len(paths(svg, "chart-cap")) == 2 + 2 + 2 + 1, "an open end has no cap"
    [allowed] = paths(svg, "chart-allowed")
    assert allowed.count("L") == 4, "one unbroken line through five years"


def test_every_verdict_has_a_shape_and_a_word_of_its_own() -> None:
    assert VERDICTS.keys() == set(tables.words("verdict"))
    svg = drawn(a_path(*PATH_YEARS))
    shapes = {code: paths(svg, f"verdict-{code.replace('_', '-')}") for code in VERDICTS}
    assert [len(found) for found in shapes.values()] == [1, 1, 1]
    assert len({re.sub(r"-?[\d.]+", "", found[0]) for found in shapes.values()}) == 3, "told apart without colour"
    assert set(VERDICTS.values()) <= set(said(svg))
    assert "判定不能" not in said(drawn(a_path(*PATH_YEARS[:3])))


def test_a_year_without_an_allowed_amount_breaks_the_line() -> None:
    years = [*PATH_YEARS[:2], replace(PATH_YEARS[2], allowed=None), *PATH_YEARS[3:]]
    [allowed] = paths(drawn(a_path(*years)), "chart-allowed")
    assert allowed.count("M") == 2
    rows = a_path(*years).table().rows
    assert rows[2][3:5] == ("", "") and rows[3][6] == "不明" and rows[3][7] == "判定不能"


@pytest.mark.parametrize("paper", PAPERS, ids=("wide", "narrow"))
def test_an_interval_stands_on_its_side_of_what_is_allowed(paper: Paper) -> None:
    def places(chart: AgainstAllowed) -> tuple[float, float, float]:
        svg = drawn(chart, paper)
        [bar] = rects(svg, "chart-between") or rects(svg, "missing")
        allowed = float(paths(svg, "chart-allowed")[0].split()[1])
        left = float(str(bar.get("x")))
        return left, left + float(str(bar.get("width"))), allowed

    allowed = Span(D(810000), D(810000))
    left, right, line = places(against(Span(D(700000), D(780000)), allowed))
    assert left < right < line
    left, right, line = places(against(Span(D(820000), D(830000)), allowed))
    assert line < left < right
    left, right, line = places(against(Span(D(700000), None), allowed))
    assert left < line < right and right > paper.width * 0.9, "an unknown high reaches over everything"
    words = said(drawn(against(Span(D(700000), None), allowed), paper))
    assert {"下限 700.0 t", "上限 不明", "目標水準 810.0 t"} <= set(words)
    assert against(Span(D(700000), None), allowed).table().rows == ((D("700.0"), "不明", D("810.0"), D("810.0")),)
    assert against(None).table().rows == (("不明",) * 4,)


def test_a_high_below_its_low_is_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        Span(D(2), D(1))


def test_a_gap_breaks_the_spark_line_and_is_hatched() -> None:
    svg = drawn(a_spark(D(3), D(5), None, D(4), None, D(2)))
    [line] = paths(svg, "spark-line")
    assert (line.count("M"), line.count("L")) == (3, 1)
    assert len(rects(svg, "missing")) == 2
    assert len(paths(svg, "spark-dot")) == 2, "a month alone, and the last one"
    assert said(svg) == []


def test_hostile_names_stay_words() -> None:
    cap = dict.fromkeys(("title", "description", "no_data", "unknown"), HOSTILE)
    words = dict.fromkeys(("month", "total", "last_year", "missing", "mark"), HOSTILE)
    months = some_months(ChartMonth(HOSTILE, (D(1), None), D(2), HOSTILE), sources=(HOSTILE, "ガス"), **words)
    path_words = dict.fromkeys(("baseline", "allowed", "actual", "low", "high"), HOSTILE)
    years = [replace(year, label=HOSTILE) for year in PATH_YEARS]
    hostile = [
        months,
        some_changes(parts=((HOSTILE, D(-22222)),), last_year=HOSTILE, change=HOSTILE, net=HOSTILE, rise=HOSTILE),
        a_path(*years, verdicts=dict.fromkeys(VERDICTS, HOSTILE), **path_words),
        against(Span(D(1), None), Span(D(2), None), allowed_words=HOSTILE, low=HOSTILE, high=HOSTILE),
        replace(EVERY["no months"], caption=caption("n")),
        a_spark(D(1)),
    ]
    for chart in hostile:
        chart = replace(chart, caption=caption("h", **cap))  # noqa: PLW2901
        for paper in PAPERS:
            svg = drawn(chart, paper)
            assert not [e for e in svg.iter() if "script" in e.tag]
            assert_sound(svg, 12 if isinstance(chart, Spark) else paper.size)
            clean = HOSTILE.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
            assert svg[0].text == clean
            cut = [t for t in texts(svg) if len(t)]
            assert all(clean in str(t[0].text) for t in cut), "what was cut stands whole in a title"
    assert [t for t in texts(drawn(months)) if len(t)]


def test_figures_are_printed_as_in_japan_and_never_through_a_float() -> None:
    assert [number(D(v)) for v in ("1234.5", "1E+3", "-0.0", "0.10", "-1234567")] == [
        "1,234.5",
        "1,000",
        "0.0",
        "0.10",
        "-1,234,567",
    ]
    exact = Caption(key="x", title="", description="", no_data="", unknown="", rule=replace(RULE, digits=12, per=D(1)))
    value = D("12345678901234.123456789012")
    assert exact.printed(value) == "12,345,678,901,234.123456789012"
    assert exact.printed(D("0.1") + D("0.2"), signed=True) == "+0.300000000000"


@given(
    values=st.lists(st.decimals(-(10**15), 10**15, places=9), max_size=6),
    most=st.integers(2, 8),
)
@settings(deadline=None)
def test_steps_are_round_and_hold_zero_and_every_value(values: list[Decimal], most: int) -> None:
    steps = ticks(values, most)
    assert D(0) in steps and 2 <= len(steps) <= most + 1
    assert steps[0] <= min([D(0), *values]) and steps[-1] >= max([D(0), *values])
    gaps = {high - low for low, high in pairwise(steps)}
    assert len(gaps) == 1 and gaps.pop().normalize().as_tuple().digits in ((1,), (2,), (5,))
    if values and min(values) >= 0:
        assert steps[0] == 0, "an axis starts at zero"


AMOUNT = st.none() | st.decimals(-(10**12), 10**15, places=9)
WORDS = st.text(st.sampled_from("aAW0,<>&\"' \n\x00\ud800漢ひカ（…"), max_size=40)


@given(
    months=st.lists(
        st.builds(ChartMonth, WORDS, st.tuples(AMOUNT, AMOUNT, AMOUNT), AMOUNT, WORDS), min_size=1, max_size=13
    ),
    paper=st.sampled_from(PAPERS),
)
@settings(deadline=None, max_examples=60)
def test_any_months_are_sound(months: list[ChartMonth], paper: Paper) -> None:
    chart = some_months(*months, sources=("a", "b", "c"))
    svg = drawn(chart, paper)
    assert_sound(svg, paper.size)
    if any(v is not None for m in months for v in (*m.values, m.last)):
        assert len(rects(svg, "missing")) == sum(None in m.values for m in months)


POSITIVE = st.decimals(0, 10**15, places=9)
SPANS = st.builds(
    lambda low, more: Span(low, None if more is None else low + more), POSITIVE, st.none() | st.just(D(0)) | POSITIVE
)


@given(
    spans=st.lists(st.tuples(*(st.none() | SPANS,) * 3, st.sampled_from(["", *VERDICTS])), min_size=1, max_size=40),
    paper=st.sampled_from(PAPERS),
)
@settings(deadline=None, max_examples=60)
def test_any_path_and_interval_are_sound(spans: list[Any], paper: Paper) -> None:
    years = [PathYear(2013 + n, str(2013 + n), *row) for n, row in enumerate(spans)]
    svg = drawn(a_path(*years), paper)
    assert_sound(svg, paper.size)
    if any(span for row in spans for span in row[:3]):
        bars = [span for row in spans for span in (row[0], row[2]) if span is not None]
        assert len(paths(svg, "chart-open")) == sum(span.high is None for span in bars)
    for _, allowed, actual, _ in spans:
        assert_sound(drawn(against(actual, allowed), paper), paper.size)


@given(
    last=POSITIVE,
    parts=st.lists(st.tuples(WORDS, st.decimals(-(10**12), 10**12, places=9)), max_size=9),
    paper=st.sampled_from(PAPERS),
)
@settings(deadline=None, max_examples=60)
def test_any_changes_are_sound(last: Decimal, parts: list[tuple[str, Decimal]], paper: Paper) -> None:
    chart = some_changes(last=last, this=last + sum((v for _, v in parts), D(0)), parts=tuple(parts))
    svg = drawn(chart, paper)
    assert_sound(svg, paper.size)
    assert len(rects(svg, "rise")) + len(rects(svg, "fall")) == len(parts) + 1


@given(values=st.lists(AMOUNT, min_size=1, max_size=12))
@settings(deadline=None, max_examples=60)
def test_any_spark_is_sound(values: list[Decimal | None]) -> None:
    svg = drawn(a_spark(*values))
    assert_sound(svg, 12)
    if any(v is not None for v in values):
        assert len(rects(svg, "missing")) == values.count(None)


@EACH
def test_a_table_goes_into_csv_as_it_is(name: str) -> None:
    table = EVERY[name].table()
    assert all(len(row) == len(table.headers) for row in table.rows)
    file = io.StringIO()
    csv.writer(file).writerows([table.headers, *table.rows])
    read = list(csv.reader(io.StringIO(file.getvalue())))
    assert read == [list(table.headers), *([str(cell) for cell in row] for row in table.rows)]
    assert [[t.replace(",", "") for t in row] for row in table.texts()] == read[1:]


def read_png(picture: bytes) -> tuple[list[bytes], list[bytes]]:
    """Palette and lines of a PNG, read by hand."""
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    parts, place = {}, 8
    while place < len(picture):
        [length] = struct.unpack(">I", picture[place : place + 4])
        kind, body = picture[place + 4 : place + 8], picture[place + 8 : place + 8 + length]
        assert struct.unpack(">I", picture[place + 8 + length : place + 12 + length])[0] == zlib.crc32(kind + body)
        parts[kind], place = body, place + 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    assert height in (48, 52) and (depth, colour) == (8, 3)
    raw, palette = zlib.decompress(parts[b"IDAT"]), parts[b"PLTE"]
    lines = [raw[n * (width + 1) : (n + 1) * (width + 1)] for n in range(height)]
    assert len(raw) == height * (width + 1) and all(line[0] == 0 for line in lines)
    return [palette[n : n + 3] for n in range(0, len(palette), 3)], [line[1:] for line in lines]


def some_half_hours(*days: tuple[Decimal | None, ...], doubtful: Iterable[int] = ()) -> half_hours.HalfHours:
    whole = tuple(tuple(None if value is None else int(value * 10**6) for value in day) for day in days)
    words = {"step": "量", "slots": "コマ", "below_zero": "0未満", "doubtful_days": "疑わしい日", "more": "以上"}
    return half_hours.HalfHours(caption=caption("y"), days=whole, doubtful=frozenset(doubtful), **words)


def test_the_half_hours_of_a_year_are_pixels_and_what_is_missing_looks_like_no_amount() -> None:
    days: list[tuple[Decimal | None, ...]] = [tuple(D(1000 * n + slot) for slot in range(48)) for n in range(366)]
    days[100], days[101] = (None,) * 48, (D(-(10**6)),) + (D(0),) * 47
    chart = some_half_hours(*days)
    palette, lines = read_png(half_hours.png(chart))
    edge = half_hours.png(some_half_hours((D(0), D(100000)) * 24))
    assert max(line[0] for line in read_png(edge)[1]) == len(read_png(edge)[0]) - 3, "the most is in the last step"
    assert len(set(palette)) == len(palette) and {len(line) for line in lines} == {366}
    missing = {lines[slot][100] for slot in range(48)}
    others = {line[day] for line in lines for day in range(366) if day != 100}
    assert missing == {0, 1} and not missing & others
    assert all(lines[slot][100] != lines[slot + 1][100] for slot in range(47)), "checked, so seen without colour"
    assert [line[101] for line in lines] == [2] + [3] * 47, "below zero is told from zero"
    levels = [lines[0][day] for day in range(366) if day not in (100, 101)]
    assert levels == sorted(levels) and len(set(levels)) == len(palette) - 5
    shade = [0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2] for c in palette[3:-2]]
    assert shade == sorted(shade, reverse=True), "the more, the darker"
    edges = [float(step.split("–")[0].replace(",", "")) * 1000 for step, _ in chart.table().rows[:-2]]  # type: ignore[union-attr]
    for slot in (0, 13, 47):
        for day in (0, 7, 180, 365):
            step = sum(edge <= float(days[day][slot] or 0) for edge in edges) - 1
            assert lines[slot][day] == 3 + step
    rows = chart.table().rows
    assert sum(int(count) for _, count in rows) == 366 * 48
    assert rows[-2:] == (("0未満", D(1)), ("不明", D(48)))
    assert half_hours.png(chart) == half_hours.png(some_half_hours(*days))


def test_a_strip_runs_under_doubtful_days_and_their_amounts_do_not_stretch_the_steps() -> None:
    days = [(D(1000 * n),) * 48 for n in range(12)]
    slip = (D(10**9),) * 48
    plain, marked = some_half_hours(*days), some_half_hours(*days, slip, doubtful=[12])
    assert marked.edges() == plain.edges(), "a slip of a unit leaves the year its picture"
    palette, lines = read_png(half_hours.png(marked))
    assert [set(line) for line in lines[48:50]] == [{len(palette) - 2}] * 2
    assert all([place == len(palette) - 1 for place in line] == [False] * 12 + [True] for line in lines[50:])
    assert not {place for line in lines[:48] for place in line} & {len(palette) - 1, len(palette) - 2}
    rows = marked.table().rows
    assert rows[-1] == ("疑わしい日", D(1)) and str(rows[-4][0]).endswith("以上") and rows[-4][1] == D(3 * 48)
    assert len(read_png(half_hours.png(plain))[1]) == 48 and "以上" not in str(plain.table().rows)
    assert len(marked.swatches()) == len(rows) and len(plain.swatches()) == len(plain.table().rows)
    assert some_half_hours(slip, doubtful=[0]).edges()[-1] == D(10**6), "a year of doubt alone has the steps of its own"


def test_half_hours_without_a_day_or_with_a_short_day_are_refused() -> None:
    with pytest.raises(ValueError, match="no day"):
        half_hours.png(some_half_hours())
    with pytest.raises(ValueError, match="48"):
        some_half_hours((D(1),) * 46)
    palette, lines = read_png(half_hours.png(some_half_hours((None,) * 48)))
    assert {line[0] for line in lines} == {0, 1} and len(palette) > 3


def colours() -> dict[str, str]:
    """Every custom property of the style sheet, followed to its value."""
    known = dict(re.findall(r"--([\w-]+): ([^;]+);", STYLE))

    def followed(value: str) -> str:
        return re.sub(r"var\(--([\w-]+)\)", lambda m: followed(known[m[1]]), value)

    return {name: followed(value) for name, value in known.items()}


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: contrast ratio of two colours."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def rules() -> list[tuple[str, dict[str, str]]]:
    """Selector and declarations of each rule outside of forced colours, variables followed."""
    screen = re.sub(r"/\*.*?\*/", "", STYLE.split("@media (forced-colors")[0], flags=re.DOTALL)
    known = colours()
    found = []
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", screen):
        pairs = re.findall(r"(?<![\w-])([a-z-]+): ([^;]+);", body)
        found.append((selector.strip(), {k: re.sub(r"var\(--([\w-]+)\)", lambda m: known[m[1]], v) for k, v in pairs}))
    return found


def test_letters_and_charts_have_enough_contrast() -> None:
    assert round(contrast("#ffffff", "#000000"), 1) == 21
    seen = 0
    for selector, told in rules():
        ground = told.get("background", "#ffffff")
        if re.fullmatch(r"#[0-9a-f]{6}", told.get("color", "")) and ground.startswith("#"):
            assert contrast(told["color"], ground) >= 4.5, selector
            seen += 1
        if re.fullmatch(r"\.ground-(p\d|rise|fall)", selector):
            assert contrast(told["fill"], "#ffffff") >= 3, selector
        if "pattern-p0" in selector:
            assert told["stroke"] == "#ffffff", "patterns are white on their grounds"
        if selector.startswith(
            (".verdict", ".chart .verdict", ".chart-allowed", ".chart-last", ".spark-line", ".chart-cap")
        ):
            assert contrast(told.get("stroke") or told["fill"], "#ffffff") >= 3, selector
    assert seen > 20
    links = dict(rules())["a"]["color"]
    assert contrast(links, colours()["color-primitive-blue-50"]) >= 4.5, "a link in a row under the pointer"


def test_the_style_sheet_loads_nothing_names_what_it_uses_and_has_every_part() -> None:
    assert not re.search(r"@import|url\(|https?://(?!github\.com/digital-go-jp/design-tokens)|!important", STYLE)
    used, defined = set(re.findall(r"var\(--([\w-]+)\)", STYLE)), set(colours())
    assert used <= defined
    shades = {*half_hours.STEPS, *half_hours.MISSING, half_hours.BELOW_ZERO, half_hours.GROUND, half_hours.DOUBTFUL}
    assert {f"color-primitive-{name}" for name in shades} <= defined
    for part in ("forced-colors: active", "@media print", "size: A4", "max-width: 40rem", ":focus-visible"):
        assert part in STYLE
    parts = {"chip", "banner", "form-row", "error-summary", "steps", "table-wrap", "button", "half-hours"}
    assert parts <= known_classes()
    assert len(STYLE.splitlines()) <= 320 and max(map(len, STYLE.splitlines())) <= 140


@pytest.mark.skipif(BROWSER is None, reason="no Chromium, Chrome or Edge on this machine")
def test_a_real_browser_finds_no_breach_of_a_strict_policy(tmp_path: Path) -> None:
    page = tmp_path / "charts.html"
    policy = "default-src 'none'; style-src 'none'; script-src 'none'"
    body = "".join(svg_text(chart, paper) for chart in EVERY.values() for paper in PAPERS)
    head = f'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
    page.write_text(f"<html>{head}<title>x</title><body>{body}</body></html>", encoding="utf-8")
    assert told_by_the_browser(page, tmp_path / "browser") == ""
    page.write_text(page.read_text(encoding="utf-8").replace("<rect ", '<rect style="fill: red" ', 1), encoding="utf-8")
    assert "Content Security Policy" in told_by_the_browser(page, tmp_path / "browser"), "this test would see a breach"

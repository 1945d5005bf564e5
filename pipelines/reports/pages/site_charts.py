"""From rows of the published file to the charts of the pages: which months, which path, which changes.

The published file has a row for each kind of which days are expected in a month: one without any data is missing and never zero, and a kind
without a row is none of that month. Months that have not begun are not drawn.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import takewhile
from typing import Any

from markupsafe import Markup

from pipelines.ask.site import FacilityTold, Row
from pipelines.reports import charts
from pipelines.reports.chart_data import (
    ZERO,
    AgainstAllowed,
    Caption,
    Changes,
    ChartMonth,
    ChartTable,
    Months,
    PathYear,
    Span,
    Spark,
    TargetPath,
    exact_sum,
)
from pipelines.reports.chart_marks import FILLS, NARROW, WIDE, Paper
from pipelines.reports.pages.site_words import CSS, chip, say
from pipelines.rounding import rule_of
from pipelines.warehouse.answer import neutral


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart in both its forms, the table beside it, and the same for a spreadsheet."""

    title: str
    wide: Markup
    narrow: Markup
    table: ChartTable
    csv: bytes


def caption(kind: str, key: str, name: str, year: int | None = None) -> Caption:
    """Return the words of a chart."""
    return Caption(
        key=f"{kind}-{key}",
        title=say(f"site_{kind}_title", name=name, year=year),
        description=say(f"site_{kind}_told"),
        no_data=say("site_no_data"),
        unknown=say("site_unknown"),
        rule=rule_of("emissions"),
    )


def _figure(draw: Callable[[Any, Paper], Markup], chart: Any) -> Figure:  # noqa: ANN401 - a chart of any kind
    table = chart.table()
    return Figure(chart.caption.title, draw(chart, WIDE), draw(chart, NARROW), table, csv_of(table))


def csv_of(table: ChartTable) -> bytes:
    """Return a table as the CSV that a spreadsheet opens by a double click: marked as UTF-8, and no cell of it a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(neutral, table.headers))
    for row in table.rows:
        writer.writerow(f"{cell:f}" if isinstance(cell, Decimal) else neutral(cell) for cell in row)
    return text.getvalue().encode("utf-8-sig")


def months_of(year: int) -> Iterator[date]:
    """Yield the months of a fiscal year."""
    yield from (date(year + (n > 8), (n + 3) % 12 + 1, 1) for n in range(12))


def by_month(rows: Sequence[Row]) -> dict[date, dict[str, Row]]:
    """Return month -> kind -> row."""
    found: dict[date, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        found[row["month"]][row["source_type"]] = row
    return found


def amount_in(row: Row | None) -> Decimal | None:
    """Return what a month counts; none where days are expected and nothing of them has come."""
    if row is None:
        return ZERO
    is_missing = row["co2e_kg"] is None or (row["coverage"] == 0 and not row["co2e_kg"])
    return None if is_missing else Decimal(row["co2e_kg"])


def sum_in(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Return a sum; none where a part of it is missing."""
    return None if None in amounts else exact_sum(amount for amount in amounts if amount is not None)


def total_in(rows: dict[str, Row]) -> Decimal | None:
    """Return the sum of a month's kinds; none where one of them is missing."""
    return sum_in([amount_in(row) for row in rows.values()]) if rows else None


def kinds_of(rows: Sequence[Row], year: int) -> list[str]:
    """Return the kinds of a year, the largest first."""
    span = set(months_of(year))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["month"] in span:
            sums[row["source_type"]] += row["co2e_kg"] or ZERO
    return sorted(sums, key=lambda kind: (-sums[kind], kind))


def months(told: FacilityTold, key: str, year: int, today: date, names: Mapping[str, str]) -> Figure | None:
    """Draw the months of a year that have begun by kind, with last year's totals."""
    kinds = kinds_of(told.months, year)
    if not kinds:
        return None
    shown, rest = (kinds, []) if len(kinds) <= FILLS else (kinds[: FILLS - 1], kinds[FILLS - 1 :])
    rows = by_month(told.months)
    drawn = []
    for month in takewhile(lambda month: month <= today, months_of(year)):
        own, last = rows.get(month, {}), rows.get(month.replace(year=month.year - 1), {})
        values = [amount_in(own.get(kind)) for kind in shown]
        values += [sum_in([amount_in(own.get(kind)) for kind in rest])] if rest else []
        is_partly = any(row["coverage"] is not None and row["coverage"] < 1 and row["co2e_kg"] for row in own.values())
        mark = say("site_partly") if is_partly else ""
        label = f"{month.month}{say('site_month')}"
        drawn.append(ChartMonth(label, tuple(values), total_in(last), mark, str(month.month)))
    chart = Months(
        caption=caption("months", key, told.register["name"], year),
        sources=(*(names.get(kind, kind) for kind in shown), *([say("site_others")] if rest else [])),
        months=tuple(drawn),
        month=say("site_month"),
        total=say("site_total"),
        last_year=say("site_last_year"),
        missing=say("site_missing"),
        mark=say("site_mark"),
    )
    return _figure(charts.months, chart)


def against(told: FacilityTold, key: str, year: int) -> Figure | None:
    """Draw what a year's amount lies between, against what is allowed."""
    result = told.result(year)
    if result is None or result["actual_low_co2e_kg"] is None:
        return None
    chart = AgainstAllowed(
        caption=caption("against", key, told.register["name"], year),
        actual=_span(result, "actual"),
        allowed=_allowed(result),
        allowed_words=say("site_level"),
        low=say("site_low"),
        high=say("site_high"),
    )
    return _figure(charts.against_allowed, chart)


def _span(result: Row, what: str) -> Span | None:
    low, high = result[f"{what}_low_co2e_kg"], result[f"{what}_high_co2e_kg"]
    return None if low is None else Span(low, None if high is None else max(low, high))


def _allowed(result: Row) -> Span | None:
    low, high = result["allowed_co2e_kg"], result["allowed_high_co2e_kg"]
    return None if low is None else Span(low, None if high is None else max(low, high))


def target_path(results: Sequence[Row], name: str, key: str, *, is_internal: bool) -> Figure | None:
    """Draw the way from the baseline to the target year, under the target of the last result."""
    judged = [result for result in results if result["allowed_co2e_kg"] is not None and result["base_fy"] is not None]
    if not judged:
        return None
    last = judged[-1]
    years = [PathYear(last["base_fy"], str(last["base_fy"]), baseline=_span(last, "baseline"))]
    verdicts: dict[str, str] = {}
    for result in judged:
        if result["target_id"] != last["target_id"] or result["fiscal_year"] <= last["base_fy"]:
            continue
        sign = chip(result, is_internal=is_internal)
        verdict = str(result["verdict"]) if sign.css and result["verdict"] in CSS else ""
        verdicts |= {verdict: sign.words} if verdict else {}
        actual = None if result["year_state"] == "running" else _span(result, "actual")
        years.append(
            PathYear(result["fiscal_year"], str(result["fiscal_year"]), None, _allowed(result), actual, verdict)
        )
    if last["target_fy"] and last["reduction_rate"] is not None and last["target_fy"] > years[-1].year:
        keep = 1 - last["reduction_rate"]
        base = years[0].baseline
        goal = None if base is None else Span(base.low * keep, None if base.high is None else base.high * keep)
        years.append(PathYear(last["target_fy"], str(last["target_fy"]), allowed=goal))
    chart = TargetPath(
        caption=caption("path", key, name),
        years=tuple(years),
        verdicts=verdicts,
        year=say("site_year"),
        baseline=say("site_baseline"),
        allowed=say("site_level"),
        actual=say("site_value"),
        low=say("site_low"),
        high=say("site_high"),
        verdict=say("site_verdict"),
    )
    return _figure(charts.target_path, chart)


def changes(told: FacilityTold, key: str, year: int, names: Mapping[str, str]) -> Figure | None:
    """Draw the changes from last year by kind; none where a month of either year is not whole."""
    rows = by_month(told.months)
    sums: list[dict[str, Decimal]] = []
    for which in (year - 1, year):
        sums.append(defaultdict(Decimal))
        for month in months_of(which):
            if not rows.get(month) or any(row["coverage"] != 1 for row in rows[month].values()):
                return None
            for kind, row in rows[month].items():
                sums[-1][kind] += row["co2e_kg"] or ZERO
    before, after = sums
    parts = [(names.get(kind, kind), after[kind] - before[kind]) for kind in sorted({*before, *after})]
    moved = sorted((part for part in parts if part[1]), key=lambda part: part[1])
    chart = Changes(
        caption=caption("changes", key, told.register["name"], year),
        last_year=f"{year - 1}{say('site_year')}",
        last=exact_sum(before.values()),
        this_year=f"{year}{say('site_year')}",
        this=exact_sum(after.values()),
        parts=tuple(moved),
        part=say("site_part"),
        amount=say("site_value"),
        change=say("site_change"),
        net=say("site_net"),
        rise=say("site_rise"),
        fall=say("site_fall"),
    )
    return _figure(charts.changes, chart)


def spark(told: FacilityTold, key: str, last: date) -> Markup:
    """Draw the twelve months before the running one as a line."""
    rows = by_month(told.months)
    ends = [date(last.year + (last.month - 1 - n) // 12, (last.month - 1 - n) % 12 + 1, 1) for n in range(12, 0, -1)]
    points: list[tuple[str, Any]] = [(f"{m.year}-{m.month:02d}", total_in(rows.get(m, {}))) for m in ends]
    chart = Spark(
        caption=caption("spark", key, told.register["name"]),
        points=tuple(points),
        month=say("site_month"),
        value=say("site_value"),
    )
    return charts.spark(chart)

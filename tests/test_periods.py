"""Calendar rules."""

from __future__ import annotations

import contextlib
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import periods

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-04-01", date(2024, 4, 1)),
        ("2024/4/1", date(2024, 4, 1)),
        ("20240401", date(2024, 4, 1)),
        ("２０２４／４／１", date(2024, 4, 1)),
        ("2024年4月1日", date(2024, 4, 1)),
        ("令和6年4月1日", date(2024, 4, 1)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("R6.4.1", date(2024, 4, 1)),
        ("平成31年4月1日", date(2019, 4, 1)),
        ("平31.4.1", date(2019, 4, 1)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("45383", date(2024, 4, 1)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_dates_as_offices_write_them(text: str, day: date) -> None:
    assert periods.parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    ["2024-02-30", "2023-02-29", "R0.4.1", "令和1年4月1日", "2024-04-01T00:00+09:00", "2024-04-01Z", "4/1", "", "abc",
     "2024-04-01 25:00", "2024-13-01", "00001", "99999"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(periods.PeriodError):
        periods.parse_moment(text)


def test_24_00_is_the_next_midnight() -> None:
    assert periods.parse_moment("2020/07/31 24:00") == datetime(2020, 8, 1)
    assert periods.parse_moment("2020/07/31 00:30") == datetime(2020, 7, 31, 0, 30)


@pytest.mark.parametrize(("text", "month"), [("平成31年4月", 4), ("平31.4", 4), ("R6.12", 12), ("令和6年4月分", 4)])
def test_months(text: str, month: int) -> None:
    assert periods.parse_month(text).month == month


def test_a_heading_that_names_two_months_is_refused() -> None:
    with pytest.raises(periods.PeriodError):
        periods.parse_month("平成27年4月(3月使用分)")


@pytest.mark.parametrize(
    ("text", "year"), [("2024", 2024), ("令和6年度", 2024), ("FY2013", 2013), ("平成31年度", 2019)]
)
def test_fiscal_years(text: str, year: int) -> None:
    assert periods.parse_fiscal_year(text) == year


def test_the_edges_of_a_fiscal_year() -> None:
    assert periods.fiscal_year(date(2025, 3, 31)) == 2024
    assert periods.fiscal_year(date(2025, 4, 1)) == 2025
    assert periods.fiscal_year_end(2024) == date(2025, 4, 1)


@given(DAYS)
def test_every_day_lies_in_its_fiscal_year(day: date) -> None:
    year = periods.fiscal_year(day)
    assert periods.fiscal_year_start(year) <= day < periods.fiscal_year_end(year)


@given(st.integers(1990, 2090))
def test_a_fiscal_year_has_365_or_366_days(year: int) -> None:
    days = periods.fiscal_year_end(year) - periods.fiscal_year_start(year)
    assert days in (timedelta(365), timedelta(366))


@given(DAYS)
def test_wareki_reads_back(day: date) -> None:
    assert periods.parse_date(periods.to_wareki(day)) == day


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_an_error(text: str) -> None:
    with contextlib.suppress(periods.PeriodError):
        periods.parse_moment(text)

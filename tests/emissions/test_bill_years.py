"""A year counted by twelve bills is covered by bills that follow each other, whatever has come after the last of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest

from tests.making import City, one, rows_of

TWELVE = """
[[rules.year_rule]]
year_rule = "twelve_bills"
basis = "plan"
source = "試験"
"""
OIL = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}


def bills(meter: str, first: date, last: date, leave: tuple[int, ...] = ()) -> list[tuple[object, ...]]:
    """Bills of about a month from one reading day to the next; some left out."""
    rows: list[tuple[object, ...]] = []
    start, number = first, 0
    while start < last:
        end = (start.replace(day=1) + timedelta(days=31)).replace(day=first.day)
        if number not in leave:
            rows.append((meter, start, end, 100, "L"))
        start, number = end, number + 1
    return rows


MIDDLE = date(2022, 3, 10)  # reading days on the 10th: the year's bills end on 9 April to 9 March
FIRST, LATE, LATER = date(2022, 4, 1), date(2022, 3, 25), date(2022, 3, 26)
# name -> (bills, whole, days)
CASES: dict[str, tuple[list[tuple[object, ...]], bool, int]] = {
    "to the reading day in March": (bills("M0", MIDDLE, date(2026, 3, 1)), True, 365),
    "the last bill is not there": (bills("M1", MIDDLE, date(2026, 2, 1)), False, 337),
    "a bill is missing in the middle": (bills("M2", MIDDLE, date(2026, 3, 1), leave=(40,)), False, 365),
    "the next year's first bill is there": (bills("M3", MIDDLE, date(2026, 4, 1)), True, 365),
    "calendar months": (bills("M4", FIRST, date(2026, 4, 1)), True, 365),
    "calendar months, the last bill is not there": (bills("M5", FIRST, date(2026, 3, 1)), False, 334),
    "to the 25th": (bills("M6", LATE, date(2026, 3, 1)), True, 365),
    "to the 25th, the last bill is not there": (bills("M7", LATE, date(2026, 2, 1)), False, 337),
    "to the 26th, the last bill is not there": (bills("M8", LATER, date(2026, 2, 1)), False, 337),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    city = City(tmp_path_factory.mktemp("bills") / "city", extra=TWELVE)
    numbers = range(len(CASES))
    city.register("facilities", [{"facility_id": f"F{n}", "name": f"施設{n}", "operator_id": "OP"} for n in numbers])
    city.register("meters", [{"meter_id": f"M{n}", "facility_id": f"F{n}", **OIL} for n in numbers])
    for number, (rows, _, _) in enumerate(CASES.values()):
        city.bills(f"fuel/{number}.csv", rows)
    with city.built() as connection:
        yield connection


@pytest.mark.parametrize("number", range(len(CASES)), ids=list(CASES))
def test_coverage_of_the_year(made: duckdb.DuckDBPyConnection, number: int) -> None:
    _, whole, days = list(CASES.values())[number]
    found = one(
        made,
        "SELECT is_whole, bill_days FROM bill_years WHERE meter_id = ? AND basis = 'plan' AND fiscal_year = 2025",
        f"M{number}",
    )
    assert found == (whole, days)
    verdict, coverage = one(
        made,
        "SELECT verdict, coverage FROM facility_results WHERE facility_id = ? AND fiscal_year = 2025",
        f"F{number}",
    )
    assert (coverage == 1) is whole
    assert verdict == "not_achieved", "even 1,100 L are above 85 % of 1,200 L"


def test_a_year_of_too_few_days_is_asked_about(made: duckdb.DuckDBPyConnection) -> None:
    assert rows_of(made, "SELECT subject FROM flags WHERE rule_id = 'bill_year_length' ORDER BY 1") == [
        (f"M{number}",) for number, (_, _, days) in enumerate(CASES.values()) if days < 350
    ]


@pytest.mark.parametrize("until", [None, date(2025, 4, 1)], ids=["the rule ends", "the meter ends"])
def test_days_go_to_the_next_year_only_where_that_is_counted_by_bills(
    make_city: Callable[..., City], until: date | None
) -> None:
    city = make_city(extra=TWELVE if until else f"{TWELVE}valid_to = 2025-04-01\n")
    city.register("meters", [{"meter_id": "M1", "facility_id": "F1", **OIL, "valid_to": until or ""}])
    city.bills("fuel/a.csv", bills("M1", MIDDLE, date(2025, 3, 1) if until else date(2026, 4, 1)))
    with city.built("targets") as made:
        assert one(made, "SELECT is_whole, last_date FROM bill_years WHERE basis = 'plan' AND fiscal_year = 2024") == (
            True, date(2025, 3, 9),
        )  # fmt: skip
        days = """SELECT count(DISTINCT local_date) FROM days_to_count WHERE year_rule = 'twelve_bills' AND only_basis = 'plan'
            AND local_date BETWEEN '2025-03-10' AND '2025-03-31' AND fiscal_year = 2024"""
        assert one(made, days) == 22, "no other year takes them"
        assert one(made, "SELECT coverage FROM facility_results WHERE fiscal_year = 2024") == (
            Decimal("0.943152") if until else 1
        )


def test_a_base_year_that_keeps_its_days_to_the_end_of_march_is_asked_about(make_city: Callable[..., City]) -> None:
    city = make_city(extra=f"{TWELVE}valid_to = 2023-04-01\n").bills(
        "fuel/a.csv", bills("M1", MIDDLE, date(2026, 4, 1))
    )
    with city.built() as made:
        flags = "SELECT fiscal_year, message_en FROM flags WHERE rule_id = 'bill_year_length'"
        year, told = one(made, flags)
    assert year == 2022 and "387 days (2022-03-10 to 2023-03-31)" in told

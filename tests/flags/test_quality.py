"""Quality of interval data and bills: each rule from both sides of its edge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from tests.making import City, monthly, one, rows_of

METER = {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "interval"}
FIRST = date(2025, 6, 1)


def days(city: City, use: Callable[[int], object], count: int = 30, **meter: object) -> City:
    city.register("meters", [METER | meter])
    start = [FIRST + timedelta(days=n) for n in range(count)]
    return city.bills("bems/d.csv", [("M1", d, d + timedelta(days=1), use(n), "L") for n, d in enumerate(start)])


def flagged(city: City, rule_id: str) -> list[tuple[object, ...]]:
    with city.built() as made:
        return rows_of(made, f"SELECT evidence FROM flags WHERE rule_id = '{rule_id}'")


@pytest.mark.parametrize(("same", "expected"), [(4, 0), (5, 1)])
def test_a_meter_that_repeats_itself(city: City, same: int, expected: int) -> None:
    days(city, lambda n: 77 if 10 <= n < 10 + same else 50 + n)
    found = flagged(city, "flat_run")
    assert len(found) == expected
    if expected:
        assert '"days": 5' in str(found[0][0]) and "2025-06-11" in str(found[0][0])


def test_equal_days_with_a_gap_between_them_are_no_run(city: City) -> None:
    days(city, lambda n: 77 if n in (3, 4, 5, 7, 8) else 50 + n)
    assert flagged(city, "flat_run") == []


@pytest.mark.parametrize(("peak", "expected"), [(400, 0), (401, 1)])
def test_a_day_far_above_its_season(city: City, peak: int, expected: int) -> None:
    days(city, lambda n: peak if n == 12 else 100 - n % 7)
    assert len(flagged(city, "spike")) == expected


def test_of_a_few_days_nothing_is_said(city: City) -> None:
    days(city, lambda n: 9000 if n == 12 else 100 - n % 7, count=19)
    assert flagged(city, "spike") == []


@pytest.mark.parametrize(("billed", "expected"), [("2913", 0), ("2912", 1)])
def test_a_bill_is_held_against_the_intervals_of_its_days(city: City, billed: str, expected: int) -> None:
    days(city, lambda _: 100)  # 3,000 L in June; 3 % of 2,913 is 87.4, of 2,912 it is 87.36
    city.bills("fuel/bill.csv", [("M1", FIRST, "2025-07-01", billed, "L", "bill")], more=["reading_kind"])
    assert len(flagged(city, "bill_differs")) == expected
    with city.built() as made:
        found = one(
            made, "SELECT bill_quantity, interval_quantity, difference, is_within_tolerance FROM reconciliations"
        )
        assert found == (int(billed), 3000, 3000 - int(billed), not expected)
        assert one(made, "SELECT sum(quantity) FROM energy_by_meter_day") == 3000, "only one kind counts"


def test_a_bill_of_days_with_a_gap_is_not_compared(city: City) -> None:
    days(city, lambda _: 100, count=29)
    city.bills("fuel/bill.csv", [("M1", FIRST, "2025-07-01", 9000, "L", "bill")], more=["reading_kind"])
    with city.built() as made:
        assert rows_of(made, "SELECT * FROM reconciliations") == []


def test_half_hours_of_zero_are_valid_and_whole_days_are_not(city: City) -> None:
    city.register("meters", [METER | {"energy_type": "electricity", "unit": "kWh"}])
    stamps = [datetime(2025, 6, 1) + timedelta(minutes=30 * n) for n in range(96)]
    rows = [
        ("M1", s, s + timedelta(minutes=30), "0.1" if s.hour == 12 and s.day == 1 else "0.0", "kWh") for s in stamps
    ]
    city.bills("power/a.csv", rows)
    with city.built() as made:
        states = rows_of(
            made,
            """SELECT local_date, contains(coalesce(doubts, ''), 'zero_unchecked') FROM energy_by_meter_day
               WHERE quantity IS NOT NULL ORDER BY 1""",
        )
        assert states == [(date(2025, 6, 1), False), (date(2025, 6, 2), True)]
        assert one(made, "SELECT count(*) FROM quarantine") == 0


def test_what_replaced_what_and_when_stays_queryable(city: City) -> None:
    city.register("meters", [METER | {"reading_kind": "bill"}])
    first = ("M1", "2025-06-01", "2025-07-01", 100, "L", "provisional", 5000)
    city.bills("fuel/a.csv", [first], "2025-07-02 09:00", more=["stage", "amount_yen"])
    city.bills(
        "fuel/b.csv", [(*first[:3], 110, "L", "confirmed", 5500)], "2025-07-09 09:00", more=["stage", "amount_yen"]
    )
    with city.built() as made:
        found = one(made, "SELECT quantity, new_quantity, new_stage, known_to FROM superseded_readings")
        assert found == (100, 110, "confirmed", datetime(2025, 7, 9, 9))
        assert rows_of(made, "SELECT quantity, amount_yen FROM bills") == [(110, 5500)]


@pytest.mark.parametrize(("amount", "expected"), [(51, 0), (49, 1), (199, 0), (211, 1)])
def test_a_month_far_outside_its_season_is_asked_about(city: City, amount: int, expected: int) -> None:
    """31 days of August against months of 100: 100 / 31 to 100 / 30 a day, half of the lowest and twice the highest."""
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, m: amount if (y, m) == (2025, 8) else 100))
    assert len(flagged(city, "unusual_months")) == expected

"""Quality of interval data and bills: each rule from both sides of its edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import duckdb
import pytest

from tests.making import DEFAULTS, City, monthly, one, rows_of

METER = {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "interval"}
FIRST = date(2025, 6, 1)


def days(city: City, use: Callable[[int], object], count: int = 30, **meter: object) -> City:
    city.register("meters", [METER | meter])
    start = [FIRST + timedelta(days=n) for n in range(count)]
    return city.bills("bems/d.csv", [("M1", d, d + timedelta(days=1), use(n), "L") for n, d in enumerate(start)])


# facility -> what its meter says of each day from 1 June on, and for how many days
USE: dict[str, tuple[Callable[[int], int], int]] = {
    "four equal days": (lambda n: 77 if 10 <= n < 14 else 50 + n, 30),
    "five equal days": (lambda n: 77 if 10 <= n < 15 else 50 + n, 30),
    "five with a gap": (lambda n: 77 if n in (3, 4, 5, 7, 8) else 50 + n, 30),
    "a day four times its season": (lambda n: 400 if n == 12 else 100 - n % 7, 30),
    "a day above that": (lambda n: 401 if n == 12 else 100 - n % 7, 30),
    "of a few days": (lambda n: 9000 if n == 12 else 100 - n % 7, 19),
    "billed 2913": (lambda n: 99 + n % 2 * 2, 30),  # 3,000 L in June; 3 % of 2,913 is 87.4, of 2,912 it is 87.36
    "billed 2912": (lambda n: 99 + n % 2 * 2, 30),
}


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    city = City(tmp_path_factory.mktemp("houses") / "city")
    city.register("facilities", [{**DEFAULTS["facilities"][0], "facility_id": name} for name in USE])
    city.register("meters", [{**METER, "meter_id": name, "facility_id": name} for name in USE])
    for number, (name, (use, count)) in enumerate(USE.items()):
        start = [FIRST + timedelta(days=n) for n in range(count)]
        city.bills(f"bems/{number}.csv", [(name, d, d + timedelta(days=1), use(n), "L") for n, d in enumerate(start)])
    bills = [(name, FIRST, "2025-07-01", name[-4:], "L", "bill") for name in USE if name.startswith("billed")]
    city.bills("fuel/bills.csv", bills, more=["reading_kind"])
    with city.built() as made:
        yield made


@pytest.mark.parametrize(
    ("rule_id", "facility"),
    [("flat_run", "five equal days"), ("spike", "a day above that"), ("bill_differs", "billed 2912")],
)
def test_a_rule_flags_what_is_over_its_edge_and_nothing_else(
    houses: duckdb.DuckDBPyConnection, rule_id: str, facility: str
) -> None:
    ((named, evidence),) = rows_of(houses, "SELECT facility_id, evidence FROM flags WHERE rule_id = ?", rule_id)
    assert named == facility
    if rule_id == "flat_run":
        assert '"days": 5' in evidence and "2025-06-11" in evidence


def test_a_bill_is_held_against_the_intervals_of_its_days(houses: duckdb.DuckDBPyConnection) -> None:
    compared = "SELECT meter_id, bill_quantity, interval_quantity, difference, is_within_tolerance FROM reconciliations ORDER BY 1"
    assert rows_of(houses, compared) == [("billed 2912", 2912, 3000, 88, False), ("billed 2913", 2913, 3000, 87, True)]
    counted = "SELECT meter_id, sum(quantity) FROM energy_by_meter_day WHERE meter_id LIKE 'billed%' GROUP BY 1"
    assert dict(rows_of(houses, counted)) == {"billed 2912": 3000, "billed 2913": 3000}, "only one kind counts"


def test_a_bill_of_days_with_a_gap_is_not_compared(city: City) -> None:
    days(city, lambda _: 100, count=29)
    city.bills("fuel/bill.csv", [("M1", FIRST, "2025-07-01", 9000, "L", "bill")], more=["reading_kind"])
    with city.built("energy") as made:
        assert rows_of(made, "SELECT * FROM reconciliations") == []


def test_half_hours_of_zero_are_valid_and_whole_days_are_not(city: City) -> None:
    city.register("meters", [METER | {"energy_type": "electricity", "unit": "kWh"}])
    stamps = [datetime(2025, 6, 1) + timedelta(minutes=30 * n) for n in range(96)]
    rows = [
        ("M1", s, s + timedelta(minutes=30), "0.1" if s.hour == 12 and s.day == 1 else "0.0", "kWh") for s in stamps
    ]
    city.bills("power/a.csv", rows)
    with city.built("energy") as made:
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
    with city.built("readings") as made:
        found = one(made, "SELECT quantity, new_quantity, new_stage, known_to FROM superseded_readings")
        assert found == (100, 110, "confirmed", datetime(2025, 7, 9, 9))
        assert rows_of(made, "SELECT quantity, amount_yen FROM bills") == [(110, 5500)]


def test_a_month_far_outside_its_season_is_asked_about(city: City) -> None:
    """31 days of August against months of 100: 100 / 31 to 100 / 30 a day, half of the lowest and twice the highest."""
    amounts = {"51": False, "49": True, "199": False, "211": True}
    city.register("facilities", [{**DEFAULTS["facilities"][0], "facility_id": name} for name in amounts])
    city.register("meters", [{**METER, "reading_kind": "bill", "meter_id": n, "facility_id": n} for n in amounts])
    for name in amounts:
        august = {(2025, 8): int(name)}
        city.bills(f"fuel/{name}.csv", monthly(name, 2022, 2025, lambda y, m, august=august: august.get((y, m), 100)))
    with city.built() as made:
        found = {name for (name,) in rows_of(made, "SELECT facility_id FROM flags WHERE rule_id = 'unusual_months'")}
    assert found == {name for name, asked in amounts.items() if asked}

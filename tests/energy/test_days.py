"""Bills over days: conservation to the last digit, ties by date, missing days, doubts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.warehouse import database
from tests.making import City, monthly, one, rows_of, verdict

SQL = Path(__file__).parents[2] / "pipelines" / "energy" / "meter_days.sql"


def spread(readings: list[tuple[datetime, datetime, Decimal]]) -> list[tuple[date, Decimal]]:
    """Run meter_days.sql on readings of one meter."""
    connection = database.connect()
    connection.execute(
        """CREATE TABLE counted_readings (meter_id VARCHAR, reading_kind VARCHAR, time_band VARCHAR, started_at TIMESTAMP,
           ended_at TIMESTAMP, unit VARCHAR, quantity DECIMAL(18, 6), covers BOOLEAN, is_provisional BOOLEAN,
           is_estimate BOOLEAN, first_date DATE, last_date DATE, states_hours BOOLEAN, zero_file VARCHAR)"""
    )
    for start, end, quantity in readings:
        connection.execute(
            """INSERT INTO counted_readings VALUES ('M', 'bill', 'all', $1, $2, 'kWh', $3, true, false, false,
               CAST($1::TIMESTAMP AS DATE), CAST($2::TIMESTAMP - INTERVAL 1 MICROSECOND AS DATE), true, NULL)""",
            [start, end, quantity],
        )
    database.create_temp(connection, "long_readings", SQL.with_name("long_readings.sql"))
    text = database.sql_text(SQL)
    return connection.execute(f"SELECT local_date, quantity FROM ({text}) ORDER BY 1").fetchall()


def by_hand(start: datetime, end: datetime, quantity: Decimal) -> dict[date, Decimal]:
    """Largest remainder in whole millionths, ties by date, with exact fractions."""
    micro = int(quantity * 1_000_000)
    weights: dict[date, int] = {}
    day = start.date()
    while datetime.combine(day, datetime.min.time()) < end:
        midnight = datetime.combine(day, datetime.min.time())
        seconds = (min(end, midnight + timedelta(days=1)) - max(start, midnight)).total_seconds()
        weights[day] = int(seconds)
        day += timedelta(days=1)
    total = sum(weights.values())
    exact = {d: Fraction(micro * w, total) for d, w in weights.items()}
    given_out = {d: int(f) for d, f in exact.items()}
    rest = micro - sum(given_out.values())
    for d in sorted(exact, key=lambda d: (-(exact[d] - given_out[d]), d))[:rest]:
        given_out[d] += 1
    return {d: Decimal(n) / 1_000_000 for d, n in given_out.items()}


STARTS = st.datetimes(datetime(2023, 1, 1), datetime(2025, 1, 1)).map(lambda d: d.replace(microsecond=0))
AMOUNTS = st.decimals(0, 10**9, places=6)


@settings(max_examples=40, deadline=None)
@given(STARTS, st.integers(1, 70 * 86_400), AMOUNTS)
def test_a_reading_is_spread_exactly_as_by_hand(start: datetime, seconds: int, quantity: Decimal) -> None:
    end = start + timedelta(seconds=seconds)
    assert dict(spread([(start, end, quantity)])) == by_hand(start, end, quantity)


@settings(max_examples=40, deadline=None)
@given(st.dates(date(2023, 1, 1), date(2025, 1, 1)), st.integers(1, 400), AMOUNTS)
def test_a_bill_of_whole_days_is_spread_exactly_as_by_hand(first: date, days: int, quantity: Decimal) -> None:
    start = datetime.combine(first, datetime.min.time())
    end = start + timedelta(days=days)
    found = dict(spread([(start, end, quantity)]))
    assert found == by_hand(start, end, quantity)
    assert sum(found.values()) == quantity
    assert max(found.values()) - min(found.values()) <= Decimal("0.000001")


def test_the_rest_goes_to_the_earliest_days() -> None:
    found = spread([(datetime(2024, 2, 28), datetime(2024, 3, 2), Decimal("0.000007"))])
    assert [q * 1_000_000 for _, q in found] == [3, 2, 2]
    assert [d.day for d, _ in found] == [28, 29, 1], "a leap day is a day like any other"


def half_hours(day: date, values: list[object]) -> str:
    rows = ["meter_id,started_at,ended_at,quantity"]
    for number, value in enumerate(values):
        start = datetime.combine(day, datetime.min.time()) + timedelta(minutes=30 * number)
        rows.append(f"M1,{start},{start + timedelta(minutes=30)},{value}")
    return "\n".join([*rows, ""])


@pytest.fixture
def interval_city(city: City) -> City:
    meter = {
        "meter_id": "M1",
        "facility_id": "F1",
        "energy_type": "electricity",
        "unit": "kWh",
        "reading_kind": "interval",
    }
    return city.register("meters", [{**meter, "valid_from": "2024-04-01"}])


def state_on(made: duckdb.DuckDBPyConnection, day: str) -> tuple[str, str | None, Decimal | None]:
    found = one(made, "SELECT state, doubts, quantity FROM energy_by_meter_day WHERE local_date = ?", day)
    assert isinstance(found, tuple)
    return found


def test_a_day_with_one_half_hour_missing_is_missing_and_keeps_what_was_measured(interval_city: City) -> None:
    interval_city.file("power/a.csv", half_hours(date(2024, 4, 1), [1] * 47))
    interval_city.file("power/b.csv", half_hours(date(2024, 4, 2), [1] * 48))
    with interval_city.built("energy") as made:
        assert state_on(made, "2024-04-01")[::2] == ("missing", Decimal(47))
        assert state_on(made, "2024-04-02")[2] == 48
        assert state_on(made, "2024-04-03")[::2] == ("missing", None)


def test_a_whole_day_of_zeros_is_doubtful_and_single_zeros_are_not(interval_city: City) -> None:
    interval_city.file("power/a.csv", half_hours(date(2024, 4, 1), [0] * 48))
    interval_city.file("power/b.csv", half_hours(date(2024, 4, 2), [0] * 47 + ["0.1"]))
    with interval_city.built("energy") as made:
        assert "zero_unchecked" in (state_on(made, "2024-04-01")[1] or "")
        assert "zero" not in (state_on(made, "2024-04-02")[1] or "")


def test_a_zero_bill_is_a_statement(city: City) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda _, month: 0 if month in (6, 7, 8) else 100))
    with city.built("targets") as made:
        assert one(made, "SELECT count(*) FROM energy_by_meter_day WHERE state = 'doubtful'") == 0
        assert verdict(made, "F1", 2025)[0] == "not_achieved"


def test_a_provisional_reading_is_doubted_once_its_year_is_closed(city: City) -> None:
    rows = [
        (*row, "速報" if row[1] >= date(2026, 3, 1) else "確報")
        for row in monthly("M1", 2022, 2026, lambda year, _: 100 if year < 2025 else 60)
        if row[2] <= date(2026, 6, 1)
    ]
    city.bills("fuel/a.csv", rows, more=["stage"])
    with city.built("targets") as made:
        doubted = one(
            made, "SELECT min(local_date), max(local_date) FROM energy_by_meter_day WHERE doubts LIKE '%provisional%'"
        )
        assert doubted == (date(2026, 3, 1), date(2026, 3, 31))
        assert verdict(made, "F1", 2025) == ("undeterminable", {"provisional_reading"})
        assert verdict(made, "F1", 2024)[0] == "not_achieved"


def test_deliveries_count_only_with_a_closing_statement(city: City) -> None:
    meter = {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "delivery"}
    city.register("meters", [meter])
    rows = [
        ("M1", "2024-04-05", "2024-04-06", 500, "L"),
        ("M1", "2024-04-20", "2024-04-21", 300, "L"),
        ("M1", "2024-04-01", "2024-05-01", 0, "L"),  # no further delivery in April
        ("M1", "2024-05-10", "2024-05-11", 200, "L"),
    ]
    city.bills("fuel/a.csv", rows)
    with city.built("energy") as made:
        april = "SELECT count(*), sum(quantity) FROM energy_by_meter_day WHERE month(local_date) = 4 AND year(local_date) = 2024"
        assert one(made, april) == (30, 800)
        assert one(
            made, april + " AND state IN ('measured', 'doubtful') AND coalesce(doubts, '') NOT LIKE '%delivery%'"
        ) == (30, 800)
        may = one(made, "SELECT state, doubts FROM energy_by_meter_day WHERE local_date = '2024-05-10'")
        assert may[0] == "doubtful" and "delivery_not_closed" in may[1]
        assert one(made, "SELECT count(*) FROM readings WHERE known_to IS NOT NULL") == 0


def test_the_kind_named_by_the_register_counts_and_the_other_reconciles(city: City) -> None:
    meter = {"meter_id": "M1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh"}
    city.register(
        "meters",
        [
            {**meter, "reading_kind": "bill", "valid_to": "2024-04-02"},
            {**meter, "reading_kind": "interval", "valid_from": "2024-04-02"},
        ],
    )
    city.bills("power/bill.csv", [("M1", "2024-04-01", "2024-05-01", 3000, "kWh", "bill")], more=["reading_kind"])
    text = (
        half_hours(date(2024, 4, 2), [1] * 48)
        .replace("quantity", "quantity,reading_kind")
        .replace(",1\n", ",1,interval\n")
    )
    city.file("power/slots.csv", text)
    with city.built("energy") as made:
        found = rows_of(
            made,
            """SELECT local_date, reading_kind, quantity FROM energy_by_meter_day
               WHERE local_date BETWEEN '2024-04-01' AND '2024-04-03' ORDER BY 1""",
        )
        assert found == [
            (date(2024, 4, 1), "bill", 100), (date(2024, 4, 2), "interval", 48), (date(2024, 4, 3), "interval", None),
        ]  # fmt: skip
        assert one(made, "SELECT sum(quantity) FROM meter_days WHERE reading_kind = 'bill'") == 3000


def test_a_multiplier_is_applied_exactly(city: City) -> None:
    meter = {"meter_id": "M1", "facility_id": "F1", "energy_type": "electricity", "unit": "MWh", "reading_kind": "bill"}
    city.register("meters", [{**meter, "multiplier": "60"}])
    city.bills("power/a.csv", [("M1", "2024-04-01", "2024-05-01", "1.234567", "MWh")])
    with city.built("energy") as made:
        assert one(made, "SELECT sum(quantity), any_value(unit) FROM energy_by_meter_day WHERE quantity > 0") == (
            Decimal("74074.02"), "kWh",
        )  # fmt: skip


def test_silence_is_missing_from_the_base_year_on(city: City) -> None:
    with city.built("energy") as made:
        days = one(
            made, "SELECT count(*), min(local_date), max(local_date) FROM energy_by_meter_day WHERE state = 'missing'"
        )
        assert days == ((date(2026, 6, 15) - date(2022, 4, 1)).days, date(2022, 4, 1), date(2026, 6, 14))


def test_a_closed_facility_owes_no_data(make_city: Callable[..., City]) -> None:
    city = make_city()
    city.register(
        "facilities",
        [{"facility_id": "F1", "name": "x", "operator_id": "OP", "opened_on": "2022-10-01", "closed_on": "2023-10-01"}],
    )
    with city.built("energy") as made:
        assert one(made, "SELECT count(*) FROM energy_by_meter_day WHERE expected") == 365

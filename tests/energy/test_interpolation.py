"""Short gaps filled from similar days: the estimate by hand, both sides of every edge, and the removal promise."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.making import DEFAULTS, City, broken, one, rows_of

METER = {
    "meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "interval",
    "daily_limit": 400,
}  # fmt: skip
Days = dict[date, object]


def use(day: date) -> int:
    """What the meter uses: 100 on workdays and a little more late in the month, 40 on Saturdays, 20 on Sundays."""
    return {5: 40, 6: 20}.get(day.weekday(), 100 + day.day)


def year(first: int, level: int = 1) -> Days:
    start = date(first, 4, 1)
    return {d: use(d) * level for d in (start + timedelta(days=n) for n in range(365 if first != 2023 else 366))}


def write(city: City, days: Days, **meter: object) -> City:
    city.register("meters", [METER | meter])
    rows = [("M1", d, d + timedelta(days=1), q, meter.get("unit", "L")) for d, q in days.items()]
    return city.bills("bems/days.csv", rows)


def usual(city: City, take: tuple[date, ...] = (), **meter: object) -> City:
    """Four years of days, the last at half the level, without some."""
    days = {d: q for y in (2022, 2023, 2024) for d, q in year(y, 2).items()} | year(2025)
    return write(city, {d: q for d, q in days.items() if d not in take}, **meter)


GAP = date(2025, 6, 11)  # a Wednesday


def filled_in(made: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    assert broken(made) == {}
    return rows_of(
        made,
        "SELECT local_date, quantity, low_quantity, high_quantity, similar_days FROM interpolated_days ORDER BY 1",
    )


def filled(city: City) -> list[tuple[Any, ...]]:
    with city.built("energy") as made:
        return filled_in(made)


def test_a_short_gap_is_filled_with_the_median_of_similar_days_and_stated_bounds(city: City) -> None:
    usual(city, (GAP, GAP + timedelta(days=1)))
    near = [GAP + timedelta(days=n) for n in range(-28, 29)]
    similar = sorted(use(d) for d in near if d.weekday() < 5 and d not in (GAP, GAP + timedelta(days=1)))
    with city.built("targets") as made:
        assert filled_in(made)[0] == (GAP, statistics.median_low(similar), 0, 400, len(similar))
        row = one(made, f"SELECT state, quantity, high_quantity FROM energy_by_meter_day WHERE local_date = '{GAP}'")
        assert row == ("interpolated", statistics.median_low(similar), 400)
        assert one(made, "SELECT coverage FROM facility_results WHERE fiscal_year = 2025") < 1


@pytest.fixture(scope="module")
def with_gap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The usual city without the day of the gap."""
    with usual(City(tmp_path_factory.mktemp("with_gap") / "city"), (GAP,)).built() as made:
        yield made


def test_the_verdict_uses_the_bounds_and_says_so(with_gap: duckdb.DuckDBPyConnection) -> None:
    found = one(
        with_gap,
        """SELECT verdict, reasons, actual_low_co2e_kg, actual_high_co2e_kg FROM facility_results WHERE fiscal_year = 2025""",
    )
    per_litre = Decimal(
        one(
            with_gap,
            f"SELECT co2e_kg FROM emissions_by_meter_day WHERE basis = 'plan' AND local_date = '{GAP + timedelta(days=2)}'",
        )
    ) / use(GAP + timedelta(days=2))
    measured = sum(use(d) for d in year(2025) if d != GAP)
    assert found[:2] == ("achieved", "interpolated")
    assert abs(found[2] - measured * per_litre) < Decimal("0.001")
    assert abs(found[3] - (measured + 400) * per_litre) < Decimal("0.001")


def test_the_explanation_tells_filled_days_apart(with_gap: duckdb.DuckDBPyConnection) -> None:
    from pipelines.ask.explain import FacilityQuestion, explain
    from pipelines.findings import explain_reason

    told = explain(with_gap, FacilityQuestion("F1", 2025, None, "plan"))
    coverage = one(with_gap, "SELECT coverage FROM facility_results WHERE fiscal_year = 2025")
    assert [(s["good_days"], s["interpolated_days"], s["missing_days"]) for s in told["sources"]] == [(364, 1, 0)]
    assert told["total"]["coverage"] == coverage, "the year's, as the list of facilities shows it"
    assert "?" not in explain_reason("interpolated", "ja") and "?" not in explain_reason("baseline:zero_day", "en")


def test_what_is_filled_and_what_is_not(city: City) -> None:
    cases: dict[str, tuple[int, dict[str, object], int]] = {
        "two days": (2, {}, 2),
        "three days of a month": (3, {}, 0),
        "no limit known": (2, {"daily_limit": ""}, 0),
        "a limit below what is measured": (2, {"daily_limit": 110}, 0),
    }
    city.register("meters", [{**METER, **meter, "meter_id": name} for name, (_, meter, _) in cases.items()])
    days = {d: q for y in (2022, 2023, 2024) for d, q in year(y, 2).items()} | year(2025)
    for number, (name, (gap, *_)) in enumerate(cases.items()):
        taken = [GAP + timedelta(days=n) for n in range(gap)]
        rows = [(name, d, d + timedelta(days=1), q, "L") for d, q in days.items() if d not in taken]
        city.bills(f"bems/{number}.csv", rows)
    june = "SELECT meter_id, count(*) FROM interpolated_days WHERE local_date BETWEEN '2025-06-01' AND '2025-06-30' GROUP BY 1"
    with city.built("energy") as made:
        assert broken(made) == {}
        assert dict(rows_of(made, june)) == {name: expected for name, (_, _, expected) in cases.items() if expected}


def test_nothing_is_filled_without_enough_similar_days(city: City) -> None:
    saturday = date(2025, 6, 14)
    others = [saturday + timedelta(days=7 * n) for n in (-4, -3, -2, -1, 1, 2, 3, 4)]
    usual(city, (saturday, *[d for d in others if d.month != 6]))  # three Saturdays of June are left
    assert [row[0] for row in filled(city) if row[0].month == 6] == []


def test_a_month_that_is_not_over_is_not_filled(make_city: Callable[..., City]) -> None:
    city = make_city(date(2025, 6, 30))
    usual(city, (GAP,))
    assert [row for row in filled(city) if row[0] == GAP] == []
    city = make_city(date(2025, 7, 1))
    usual(city, (GAP,))
    assert [row[0] for row in filled(city) if row[0] == GAP] == [GAP]


def test_what_is_there_but_doubtful_is_bounded_and_never_filled(city: City) -> None:
    days = {d: q for y in (2022, 2023, 2024) for d, q in year(y, 2).items()} | year(2025) | {GAP: 0}
    write(city, days)
    with city.built("targets") as made:
        assert filled_in(made) == []
        row = one(
            made,
            f"SELECT state, doubts, quantity, low_quantity, high_quantity FROM energy_by_meter_day WHERE local_date = '{GAP}'",
        )
        assert row == ("doubtful", "zero_day", 0, 0, 400)
        assert one(made, "SELECT verdict, reasons FROM facility_results WHERE fiscal_year = 2025") == (
            "achieved",
            "zero_day",
        )


def test_more_than_the_limit_is_doubted_and_told(city: City) -> None:
    days = {d: q for y in (2022, 2023, 2024) for d, q in year(y, 2).items()} | year(2025)
    uses = {"over": 401, "at it": 400}
    city.register("meters", [{**METER, "meter_id": meter} for meter in uses])
    for number, (meter, most) in enumerate(uses.items()):
        rows = [(meter, d, d + timedelta(days=1), q, "L") for d, q in (days | {GAP: most}).items()]
        city.bills(f"bems/{number}.csv", rows)
    doubtful = (
        "SELECT meter_id, local_date, low_quantity, high_quantity FROM energy_by_meter_day WHERE doubts = 'over_limit'"
    )
    with city.built("energy") as made:
        assert rows_of(made, doubtful) == [("over", GAP, 0, 400)]


def test_contracted_power_limits_electricity(city: City) -> None:
    city.register("contracts", [{"meter_id": "M1", "supplier_no": "Z1", "supplier": "試験電力", "contract_kw": 20}])
    usual(city, (GAP,), energy_type="electricity", unit="kWh", daily_limit="")
    assert filled(city)[0][3] == 480


@pytest.mark.parametrize("seed", range(3))
def test_taking_days_away_never_makes_a_year_achieved(city: City, seed: int) -> None:
    """Zeros, days over the limit and gaps are drawn; then days go, one after another: each state is a facility of its own."""
    chance = random.Random(seed)
    days = {d: q for y in (2022, 2023, 2024) for d, q in year(y, 2).items()} | year(2025)
    for level in (0, 401, 390):
        for _ in range(chance.randint(0, 2)):
            days[chance.choice([d for d in days if d >= date(2025, 4, 1)])] = level
    target = {
        "subject_kind": "facility", "basis": "plan", "base_fy": 2022, "target_fy": 2025,
        "reduction_rate": chance.choice(["0.49", "0.47", "0.45"]), "path": "linear", "path_status": "adopted",
        "adopted_on": "2022-04-01",
    }  # fmt: skip
    states = range(7)
    city.register("facilities", [{**DEFAULTS["facilities"][0], "facility_id": f"F{n}"} for n in states])
    city.register("meters", [{**METER, "meter_id": f"M{n}", "facility_id": f"F{n}"} for n in states])
    city.register("targets", [{**target, "target_id": f"T{n}", "subject_id": f"F{n}"} for n in states])
    for number in states:
        rows = [(f"M{number}", d, d + timedelta(days=1), q, "L") for d, q in days.items()]
        city.bills(f"bems/{number}.csv", rows)
        month = chance.choice([date(2025, 6, 1), date(2025, 9, 1)])
        near = [d for d in days if (d.year, d.month) == (month.year, month.month)]
        for day in chance.sample(near, chance.randint(1, 2)):
            del days[day]
    results = "SELECT target_id, verdict = 'achieved' FROM target_results WHERE fiscal_year = 2025 ORDER BY target_id"
    with city.built("targets") as made:
        told = rows_of(made, results)
    assert [target for target, _ in told] == [f"T{n}" for n in states]
    seen = [achieved for _, achieved in told]
    assert seen == sorted(seen, reverse=True), seen

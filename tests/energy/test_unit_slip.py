"""The unit-slip check: tested from both sides of its edge, and monotone when data are taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import pairwise

import duckdb
import pytest

from tests.making import DEFAULTS, City, monthly, one, rows_of, verdict


def doubts(made: object) -> list[tuple[str, str]]:
    return rows_of(made, "SELECT CAST(valid_from AS VARCHAR), rule_id FROM meter_doubts ORDER BY 1")  # type: ignore[arg-type] # a connection


EDGES = {0.1: True, 10: True, 16: True, 17: False, 600: False, 601: True, 100_000: True}


def test_both_sides_of_the_edge(city: City) -> None:
    """30 days in June against 31 around it: the bounds are lowest / 6 and highest x 6 of the days' means."""
    kerosene = {"facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**kerosene, "meter_id": f"M{n}"} for n in range(len(EDGES))])
    for n, amount in enumerate(EDGES):
        june = {(2024, 6): amount}
        city.bills(
            f"fuel/{n}.csv", monthly(f"M{n}", 2022, 2025, lambda year, month, june=june: june.get((year, month), 100))
        )
    with city.built("energy") as made:
        slips = "SELECT meter_id FROM meter_doubts WHERE rule_id = 'unit_slip' AND valid_from = '2024-06-01'"
        found = {meter for (meter,) in rows_of(made, slips)}
    assert {amount: f"M{n}" in found for n, amount in enumerate(EDGES)} == EDGES


def test_a_slip_is_seen_on_the_bill_even_when_it_crosses_months(city: City) -> None:
    rows = [
        ("M1", date(y, m, 15), date(y + (m == 12), m % 12 + 1, 15), 0.1 if (y, m) == (2024, 5) else 100, "L")
        for y in range(2022, 2026)
        for m in range(1, 13)
    ]
    city.bills("fuel/a.csv", rows)
    with city.built("energy") as made:
        assert doubts(made) == [("2024-05-15", "unit_slip")]


def test_two_slipped_years_do_not_vouch_for_each_other(city: City) -> None:
    rows = monthly("M1", 2022, 2025, lambda year, month: 0.1 if year in (2024, 2025) and month == 6 else 100)
    city.bills("fuel/a.csv", rows)
    with city.built("energy") as made:
        assert doubts(made) == [("2024-06-01", "unit_slip"), ("2025-06-01", "unit_slip")]


def test_a_season_is_no_slip(city: City) -> None:
    season = {12: 900, 1: 1000, 2: 950, 3: 500, 4: 100, 11: 400, 10: 50}
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda _, month: season.get(month, 0)))
    with city.built("energy") as made:
        assert doubts(made) == []


def test_a_first_year_has_nothing_to_compare_with(make_city: Callable[..., City]) -> None:
    city = make_city(today=date(2023, 6, 15))
    city.bills("fuel/a.csv", monthly("M1", 2022, 2022, 100))
    with city.built("energy") as made:
        assert {rule for _, rule in doubts(made)} == {"unit_slip_unchecked"}
        assert one(made, "SELECT DISTINCT state FROM energy_by_meter_day WHERE quantity > 0") == "doubtful"


def test_a_swapped_meter_is_compared_through_its_supply_point(city: City) -> None:
    meter = {"facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill", "supply_point": "SP1"}
    city.register(
        "meters",
        [
            {**meter, "meter_id": "M1", "valid_to": "2025-04-01"},
            {**meter, "meter_id": "M2", "valid_from": "2025-04-01"},
        ],
    )
    city.bills("fuel/a.csv", monthly("M1", 2022, 2024, 100) + monthly("M2", 2025, 2025, 100))
    with city.built("targets") as made:
        assert doubts(made) == []
        assert verdict(made, "F1", 2025)[1] == set()


def test_taking_the_honest_years_away_never_makes_a_slip_trusted(city: City) -> None:
    kerosene = {"facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    kept = {"all": [2022, 2023, 2024], "first": [2022, 2024], "second": [2023, 2024], "none": [2024]}
    city.register("meters", [{**kerosene, "meter_id": name} for name in kept])
    for name, years in kept.items():
        rows = monthly(name, 2022, 2024, lambda y, m: 0.1 if (y, m) == (2024, 6) else 100)
        city.bills(f"fuel/{name}.csv", [r for r in rows if r[1].year - (r[1].month < 4) in years])
    with city.built("energy") as made:
        found = rows_of(made, "SELECT DISTINCT meter_id FROM meter_doubts WHERE valid_from = '2024-06-01'")
    assert {meter for (meter,) in found} == set(kept)


def daily(meter: str, value: Callable[[date], float]) -> list[tuple[object, ...]]:
    """A row a day from April 2022 to March 2026."""
    days = [date(2022, 4, 1) + timedelta(days=n) for n in range(4 * 365 + 1)]
    return [(meter, day, day + timedelta(days=1), round(value(day) * (1 + day.day / 100), 2), "kWh") for day in days]


def test_weeks_of_zeros_are_doubted_day_by_day_and_a_slip_beside_them_is_still_a_slip(city: City) -> None:
    """Four weeks without data in June 2024 move its mean below a sixth; what was used on the other days was usual, or a tenth."""
    meter = {"facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "interval"}
    city.register("meters", [{**meter, "meter_id": name} for name in ("usual", "slipped", "weekdays")])

    def without_weeks(used: float) -> Callable[[date], float]:
        june = {day: 0 if day < 28 else used for day in range(1, 31)}
        return lambda day: june[day.day] if (day.year, day.month) == (2024, 6) else 100

    def on_weekdays(day: date) -> float:
        return 0 if day.weekday() > 4 else 10 if (day.year, day.month) == (2024, 6) else 100

    for name, value in (("usual", without_weeks(100)), ("slipped", without_weeks(10)), ("weekdays", on_weekdays)):
        city.bills(f"power/{name}.csv", daily(name, value))
    with city.built("energy") as made:
        found = rows_of(made, "SELECT meter_id, CAST(valid_from AS VARCHAR), rule_id FROM meter_doubts ORDER BY ALL")
        zero_days = one(
            made, "SELECT count(*) FROM energy_by_meter_day WHERE meter_id = 'usual' AND state = 'doubtful'"
        )
    june = "2024-06-01"
    assert found == [
        ("slipped", june, "unit_slip"),
        ("slipped", june, "zero_day"),
        ("usual", june, "zero_day"),
        ("weekdays", june, "unit_slip"),
    ]
    assert zero_days == 27


def three_years(
    meter: str, day: int, slip: Callable[[int, int], float] = lambda _year, _month: 1
) -> list[tuple[object, ...]]:
    """Bills that cover FY2023 to FY2025 and no day more, read on a day of each month; ``slip`` of (year, month) of their end."""
    ends = [date(y, m, day) for y in range(2023, 2027) for m in range(1, 13)]
    ends = [end for end in ends if date(2023, 4, 1) <= end <= (date(2026, 4, 1) if day == 1 else date(2026, 4, day))]
    level = {12: 75, 1: 80, 2: 78, 3: 70}
    return [
        (meter, since, until, round(level.get(since.month, 60) * slip(until.year, until.month), 3), "L")
        for since, until in pairwise([date(2023, 3, day)] * (day > 1) + ends)
    ]


SLIPS_OF_THREE: dict[str, Callable[[int, int], float]] = {
    "sound": lambda _year, _month: 1,
    "a first month x 10": lambda y, m: 10 if (y, m) == (2024, 5) else 1,
    "a last month x 0.1": lambda y, m: 0.1 if (y, m) == (2025, 4) else 1,
    "a year x 10": lambda y, m: 10 if (2024, 4) < (y, m) <= (2025, 4) else 1,
    "the last year x 0.1": lambda y, m: 0.1 if (y, m) > (2025, 4) else 1,
}


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    city = City(tmp_path_factory.mktemp("three") / "city")
    target = {**DEFAULTS["targets"][0], "base_fy": 2023}
    city.register("targets", [target])
    names = [f"{name}/{day}" for name in SLIPS_OF_THREE for day in (1, 16)]
    city.register("facilities", [{**DEFAULTS["facilities"][0], "facility_id": name} for name in names])
    oil = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**oil, "meter_id": name, "facility_id": name} for name in names])
    for number, name in enumerate(names):
        what, _, day = name.partition("/")
        city.bills(f"fuel/{number}.csv", three_years(name, int(day), SLIPS_OF_THREE[what]))
    with city.built("targets") as made:
        yield made


@pytest.mark.parametrize("day", [1, 16])
def test_three_whole_years_give_verdicts_without_an_answer(three: duckdb.DuckDBPyConnection, day: int) -> None:
    """The months at the edges of the data have fellows too: those beside them widen the range only where they are there."""
    for year in (2024, 2025):
        assert verdict(three, f"sound/{day}", year) == ("not_achieved", set()), year


@pytest.mark.parametrize("day", [1, 16])
@pytest.mark.parametrize("slip", [name for name in SLIPS_OF_THREE if name != "sound"])
def test_a_slip_in_one_of_three_years_is_still_doubted(three: duckdb.DuckDBPyConnection, slip: str, day: int) -> None:
    slipped = {row[1] for row in three_years("M", day, SLIPS_OF_THREE[slip])} & {
        row[1]
        for row, plain in zip(three_years("M", day, SLIPS_OF_THREE[slip]), three_years("M", day), strict=True)
        if row[3] != plain[3]
    }
    found = rows_of(
        three, "SELECT valid_from FROM meter_doubts WHERE meter_id = ? AND rule_id LIKE 'unit_slip%'", f"{slip}/{day}"
    )
    assert slipped and slipped <= {since for (since,) in found}


# ---------------------------------------------------------------- beside low months

SEASONS: dict[str, dict[int, float]] = {
    # litres of a month by what a building heats: the months not named use 2
    "heating": {11: 100, 12: 500, 1: 600, 2: 520, 3: 220, 4: 40},
    "a single month": {1: 600},
}
SLIPS = {
    # (season, month, factor): is it seen
    ("heating", 3, 0.1): True, ("heating", 3, 0.001): True, ("heating", 12, 0.1): True, ("heating", 2, 0.1): True,
    ("heating", 4, 10): True, ("heating", 11, 10): True,
    ("heating", 4, 0.1): False, ("heating", 3, 0.5): False, ("heating", 3, 2): False, ("heating", 4, 0.2): False,
    ("a single month", 1, 0.1): True, ("a single month", 1, 0.001): True,
}  # fmt: skip


@pytest.fixture(scope="module", params=["bill", "interval"])
def seasonal(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A meter for each slip, in 2024, beside four other years that agree within 30 %."""
    city = City(tmp_path_factory.mktemp("seasonal") / "city")
    meter = {"facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": request.param}
    city.register("meters", [{**meter, "meter_id": f"M{n}"} for n in range(len(SLIPS))])
    weather = {2022: 1.0, 2023: 1.3, 2024: 1.1, 2025: 0.9}
    for n, (season, month, factor) in enumerate(SLIPS):

        def used(year: int, of_year: int, season: str = season, month: int = month, factor: float = factor) -> str:
            slipped = factor if (year, of_year) == (2024, month) else 1
            return f"{SEASONS[season].get(of_year, 2) * weather[year] * slipped:.4f}"

        rows = monthly(f"M{n}", 2022, 2025, used)
        if request.param == "interval":
            rows = [
                (
                    meter_id,
                    start + timedelta(days=d),
                    start + timedelta(days=d + 1),
                    f"{float(amount) / days:.5f}",
                    unit,
                )
                for meter_id, start, end, amount, unit in rows
                for days in [(end - start).days]
                for d in range(days)
            ]
        city.bills(f"fuel/{n}.csv", rows)
    with city.built("energy") as made:
        yield made


@pytest.mark.parametrize("slip", list(SLIPS), ids=str)
def test_a_tenth_of_a_high_month_beside_low_ones_is_seen(
    seasonal: duckdb.DuckDBPyConnection, slip: tuple[str, int, float]
) -> None:
    """A tenth of March lies among the Aprils; what the edge of the season or a mild winter does is no slip."""
    found = rows_of(
        seasonal,
        "SELECT valid_from, rule_id FROM meter_doubts WHERE meter_id = ? AND rule_id LIKE 'unit_slip%'",
        f"M{list(SLIPS).index(slip)}",
    )
    month = date(2024 + (slip[1] < 4), slip[1], 1)
    assert found == ([(month, "unit_slip")] if SLIPS[slip] else [])

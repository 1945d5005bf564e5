"""A fall that earns 達成 is looked at: both sides of each edge, many facilities in one city."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest

from tests.making import City, monthly, rows_of

OIL = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
Amount = Callable[[int, int], int]


def step(level: int, first: tuple[int, int] = (2025, 4)) -> Amount:
    """100 a month, and from one month on another level."""
    return lambda fiscal_year, month: level if (fiscal_year + (month < 4), month) >= first else 100


CASES: dict[str, tuple[Amount, bool]] = {
    "down by half at once": (step(50), True),
    "down by a quarter": (step(75), False),
    "down by half, years ago": (step(50, (2023, 4)), False),
    "down by half over the years": (lambda year, month: 100 - 16 * (year - 2022), False),
    "down by half with a measure": (step(50), False),
    "down by half under a new contract": (step(50), False),
    "up": (step(130), False),
    "one of two meters ends and nothing follows": (lambda year, _: 0 if year == 2025 else 100, True),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    city = City(tmp_path_factory.mktemp("falls") / "city")
    numbers = range(len(CASES))
    city.register("facilities", [{"facility_id": f"F{n}", "name": f"施設{n}", "operator_id": "OP"} for n in numbers])
    city.register("measures", [{"facility_id": "F4", "from": "2025-04-01", "kind": "LED"}])
    city.register("contracts", [{"meter_id": "M5", "supplier": "S", "valid_from": "2025-03-01"}])
    ended = {"meter_id": "M7B", "facility_id": "F7", **OIL}
    meters = [{"meter_id": f"M{n}", "facility_id": f"F{n}", **OIL} for n in numbers]
    city.register("meters", [*meters[:-1], meters[-1] | {"valid_to": "2025-04-01"}, ended])
    for number, (amount, _) in enumerate(CASES.values()):
        city.bills(f"fuel/{number}.csv", monthly(f"M{number}", 2022, 2024 if number == 7 else 2025, amount))
    city.bills("fuel/7b.csv", monthly("M7B", 2022, 2025, 50))
    with city.built() as connection:
        yield connection


@pytest.mark.parametrize("number", range(len(CASES)), ids=list(CASES))
def test_a_fall_is_asked_about(made: duckdb.DuckDBPyConnection, number: int) -> None:
    found = rows_of(made, "SELECT 1 FROM flags WHERE rule_id = 'fall_unexplained' AND facility_id = ?", f"F{number}")
    assert bool(found) is list(CASES.values())[number][1]


def test_the_verdict_stays(made: duckdb.DuckDBPyConnection) -> None:
    assert rows_of(made, "SELECT verdict FROM facility_results WHERE facility_id = 'F0' AND fiscal_year = 2025") == [
        ("achieved",)
    ]

"""Activities get the rules of meters: slips, zeros and limits against their own seasons, many sources in one city."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import duckdb
import pytest

from tests.making import City, one, rows_of

Amounts = Callable[[int, int], object]


def usual(changes: dict[tuple[int, int], object], level: object = 100) -> Amounts:
    return lambda year, month: changes.get((year, month), level)


# name -> (register row, amounts by calendar year and month, the doubts expected: rule and fiscal year)
MONTHLY: dict[str, tuple[dict[str, object], Amounts, set[tuple[str, int]]]] = {
    "usual": ({}, usual({}), set()),
    "a slip of the unit": ({}, usual({(2025, 8): 100_000}), {("unit_slip", 2025)}),
    "a slip in the base year": ({}, usual({(2022, 8): 1000}), {("unit_slip", 2022)}),
    "five times": ({}, usual({(2025, 8): 500}), set()),
    "a zero no other year has": ({}, usual({(2025, 8): 0}), {("zero_day", 2025)}),
    "zeros of every year": ({}, usual({(y, 8): 0 for y in range(2022, 2026)}), set()),
    "more than the plant can do": ({"daily_limit": 4}, usual({(2025, 8): 200}), {("over_limit", 2025)}),
}
# the same by fiscal year: events of a substance, and a stock
YEARLY: dict[str, tuple[dict[str, object], dict[int, object], set[tuple[str, int]]]] = {
    "a stock": ({"activity": "car_ac_hfc", "unit": "台", "substance": "HFC-134a"}, dict.fromkeys(range(2022, 2026), 30), set()),
    "a stock in dozens": (
        {"activity": "car_ac_hfc", "unit": "台", "substance": "HFC-134a"}, {2022: 30, 2023: 31, 2024: 30, 2025: 2}, {("unit_slip", 2025)},
    ),
    "a stock of none": (
        {"activity": "car_ac_hfc", "unit": "台", "substance": "HFC-134a"}, {2022: 30, 2023: 31, 2024: 30, 2025: 0}, {("zero_day", 2025)},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    city = City(tmp_path_factory.mktemp("activities") / "city")
    sources: list[dict[str, object]] = []
    lines: list[str] = []
    for number, (row, amounts, _) in enumerate(MONTHLY.values()):
        sources.append(
            {
                "activity_source_id": f"A{number}",
                "facility_id": "F1",
                "activity": "incin_continuous",
                "unit": "t",
                "frequency": "month",
            }
            | row
        )
        for n in range(48):
            year, month = 2022 + (n + 3) // 12, (n + 3) % 12 + 1
            lines.append(
                f"A{number},{year}-{month:02}-01,{year + (month == 12)}-{month % 12 + 1:02}-01,{amounts(year, month)},t"
            )
    for number, (row, years, _) in enumerate(YEARLY.values()):
        sources.append({"activity_source_id": f"Y{number}", "facility_id": "F1", "frequency": "year"} | row)
        lines += [f"Y{number},{year}-04-01,{year + 1}-04-01,{amount},{row['unit']}" for year, amount in years.items()]
    city.register("activity_sources", sources)
    for part in range(2):  # two files, so that each year has its own witness
        head = "activity_source_id,started_on,ended_on,quantity,unit"
        city.file(f"plants/{part}.csv", "\n".join([head, *lines[part::2], ""]))
    with city.built() as connection:
        yield connection


def standing(made: duckdb.DuckDBPyConnection, source: str) -> set[tuple[str, int]]:
    return set(
        rows_of(
            made, "SELECT rule_id, fiscal_year FROM doubts WHERE source_kind = 'activity' AND source_id = ?", source
        )
    )


@pytest.mark.parametrize("number", range(len(MONTHLY)), ids=list(MONTHLY))
def test_monthly_figures(made: duckdb.DuckDBPyConnection, number: int) -> None:
    assert standing(made, f"A{number}") == list(MONTHLY.values())[number][2]


@pytest.mark.parametrize("number", range(len(YEARLY)), ids=list(YEARLY))
def test_yearly_figures(made: duckdb.DuckDBPyConnection, number: int) -> None:
    assert standing(made, f"Y{number}") == list(YEARLY.values())[number][2]


def test_a_doubtful_month_of_a_plant_lies_between_nothing_and_its_capacity(made: duckdb.DuckDBPyConnection) -> None:
    low, high, states = one(
        made,
        """SELECT sum(low_quantity), sum(high_quantity), list(DISTINCT state) FROM activity_days
           WHERE activity_source_id = 'A6' AND month(local_date) = 8 AND year(local_date) = 2025""",
    )
    assert (low, high, states) == (0, Decimal(31 * 4), ["doubtful"])
    assert one(made, "SELECT limit_cell FROM doubts WHERE source_id = 'A1'") == "activity_sources.csv daily_limit"

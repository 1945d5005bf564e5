"""Each flag from both sides, with its numbers, its sentence in both languages and its owner."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.making import City, monthly, one, rows_of

KEROSENE = Decimal("2.48948333333333")  # kg of CO2 of a litre in the plan: 36.7 x 0.0185 x 44/12, to 14 places


Litres = Callable[[int, int], int | None]
METER = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
POWER = {"energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}
LAST = ("2026-04-01", "2026-06-15", 150)
# facility -> its bills from FY2022 to FY2025
BILLS: dict[str, Litres] = {
    "well": lambda y, _: 100 if y == 2022 else 60,
    "over": lambda _y, _m: 1000,
    "over with a gap": lambda y, m: None if (y, m) == (2025, 5) else 1000,
    "missing": lambda y, m: None if (y, m) == (2025, 9) else 60,
    "no factor": lambda _y, _m: 60,
    "slip": lambda y, m: 100_000 if (y, m) == (2023, 8) else 100,
    "zeros": lambda _y, _m: None,
}
# what a second meter of a facility says beside 100 L a month, and whether the two are told to be one
BESIDE: dict[str, tuple[dict[tuple[int, int], int], bool]] = {
    "alike": ({(2025, 5): 101, (2025, 6): 98}, True),
    "alike once": ({(2025, 5): 101, (2025, 6): 95}, False),  # two meters that happened to agree once
    "apart": ({(2025, 5): 96}, False),
}


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A facility for each case of BILLS and BESIDE, with a meter of its name; the second of a supply point is its other."""
    city = City(tmp_path_factory.mktemp("houses") / "city")
    names = [*BILLS, *BESIDE]
    city.register("facilities", [{"facility_id": name, "name": name, "operator_id": "OP"} for name in names])
    kinds = {"no factor": POWER, "zeros": {**METER, "reading_kind": "interval"}}
    meters = [{"meter_id": name, "facility_id": name, **kinds.get(name, METER)} for name in names]
    meters += [{"meter_id": f"other {name}", "facility_id": name, **METER} for name in BESIDE]
    city.register("meters", meters)
    for number, (name, litres) in enumerate(BILLS.items()):
        city.bills(f"fuel/{number}.csv", monthly(name, 2022, 2025, litres, str(kinds.get(name, METER)["unit"])))
        if name in ("well", "missing"):
            city.bills(f"fuel/{number}-last.csv", [(name, *LAST, "L")])
    for number, (name, (other, _)) in enumerate(BESIDE.items()):
        city.bills(f"fuel/beside{number}.csv", monthly(name, 2022, 2025, 100))
        city.bills(
            f"fuel/other{number}.csv", monthly(f"other {name}", 2025, 2025, lambda y, m, of=other: of.get((y, m)))
        )
    hours = [f"2025-05-0{day} {hour:02}:00" for day in (1, 2) for hour in range(24)]
    rows = [("zeros", at, f"{at[:11]}{int(at[11:13]) + 1:02}:00", 0 if at[9] == "2" else 1, "L") for at in hours]
    city.bills("bems/a.csv", rows)
    with city.built() as made:
        yield made


def flags(connection: duckdb.DuckDBPyConnection, facility: str = "F1") -> dict[str, dict[str, Any]]:
    rows = rows_of(
        connection,
        """SELECT rule_id, fiscal_year, co2e_at_stake_kg, evidence, message_ja, message_en, owner_post, state FROM flags
           WHERE coalesce(facility_id, ?1) = ?1""",
        facility,
    )
    found = {}
    for rule, year, stake, evidence, ja, en, post, state in rows:
        assert "{" not in ja + en and ja != en
        assert (post, state) == ("エネルギー管理責任者", "open")
        found[rule] = {"year": year, "stake": stake, "numbers": json.loads(evidence), "ja": ja, "en": en}
    return found


def test_nothing_is_flagged_where_all_is_well(houses: duckdb.DuckDBPyConnection) -> None:
    assert flags(houses, "well") == {}


def test_over_the_path_tells_by_how_many_tonnes(houses: duckdb.DuckDBPyConnection) -> None:
    found = flags(houses, "over")["over_path"]
    used = 12_000 * KEROSENE
    allowed = used * (1 - Decimal("0.4") * 3 / 8)  # FY2025: three of the eight years from 2022 to 2030
    assert (found["year"], round(found["stake"], 3)) == (2025, round(used - allowed, 3))
    assert found["numbers"]["excess_t"] == pytest.approx(float(used - allowed) / 1000)
    assert "4.5 t" in found["ja"] and "4.5 t" in found["en"], "12,000 L x 2.489 kg x 15 % = 4.481 t"
    assert "以上" not in found["ja"] and "at least" not in found["en"], "all of the year is known"


def test_over_the_path_of_a_year_with_a_gap_says_at_least(houses: duckdb.DuckDBPyConnection) -> None:
    found = flags(houses, "over with a gap")["over_path"]
    assert "tCO2e 以上で" in found["ja"] and "at least" in found["en"]


@pytest.mark.parametrize(("today", "late"), [(date(2026, 6, 29), False), (date(2026, 7, 1), True)])
def test_a_bill_is_late_after_the_setting_and_not_before(
    make_city: Callable[..., City], today: date, late: bool
) -> None:
    city = make_city(today)  # bills end on 1 May: 60 days later is 30 June
    city.bills("fuel/a.csv", [*monthly("M1", 2022, 2025, 60), ("M1", "2026-04-01", "2026-05-01", 60, "L")])
    with city.built() as made:
        assert ("data_missing" in flags(made)) is late


def test_missing_data_tell_days_place_and_tonnes(houses: duckdb.DuckDBPyConnection) -> None:
    found = flags(houses, "missing")["data_missing"]
    assert found["numbers"]["missing_days"] == 30
    assert (found["numbers"]["first"], found["numbers"]["last"]) == ("2025-09-01", "2025-09-30")
    assert abs(found["stake"] - 60 * KEROSENE) < 5, "about a month's kerosene"
    assert "missing" in found["ja"] and "30" in found["ja"]


def test_no_factor_names_the_meter_and_no_tonnes(houses: duckdb.DuckDBPyConnection) -> None:
    found = flags(houses, "no factor")["no_factor"]
    assert found["stake"] is None and found["numbers"]["sources"] == "no factor"
    assert "registers/contracts.csv" in found["ja"] and "registers/contracts.csv" in found["en"], "what to enter where"


def test_no_target(city: City) -> None:
    target = {
        "target_id": "T", "subject_kind": "facility", "subject_id": "F9", "basis": "plan", "base_fy": 2022,
        "target_fy": 2030, "reduction_rate": "0.4", "path": "linear", "path_status": "adopted", "adopted_on": "2022-04-01",
    }  # fmt: skip
    others = [{"facility_id": f, "name": f, "operator_id": "OP"} for f in ("F1", "F9")]
    city.register("facilities", others).register("targets", [target])
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 60))
    with city.built() as made:
        year = "SELECT co2e_kg FROM emissions_by_facility_fiscal_year WHERE fiscal_year = 2025 AND basis = 'plan'"
        flagged = rows_of(made, "SELECT facility_id, co2e_at_stake_kg FROM flags WHERE rule_id = 'no_target'")
        assert flagged == [("F1", one(made, f"{year} AND facility_id = 'F1'"))]


def test_a_slip_is_flagged_whatever_its_year(houses: duckdb.DuckDBPyConnection) -> None:
    found = flags(houses, "slip")["unit_slip"]
    assert found["year"] == 2023 and found["numbers"]["ratio"] == pytest.approx(1000, rel=0.05), (
        "a day's mean against the median of the season"
    )
    assert abs(found["stake"] - 99_900 * KEROSENE) < 500


def test_whole_days_of_zeros_with_nothing_to_compare_with(houses: duckdb.DuckDBPyConnection) -> None:
    found = flags(houses, "zeros")["zero_unchecked"]["numbers"]
    assert (found["days"], found["sources"], found["periods"]) == (1, "zeros", "2025-05-02..2025-05-02")


def test_a_flag_keeps_its_id_and_first_day(make_city: Callable[..., City]) -> None:
    city = make_city(date(2026, 6, 15))
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 1000))
    city.publish()
    statement = "SELECT flag_id, opened_at FROM flags WHERE rule_id = 'over_path'"
    with duckdb.connect(str(city.paths.published), read_only=True) as made:
        first = one(made, statement)
    city.today = date(2026, 6, 20)
    with city.built() as made:
        assert one(made, statement) == first == (first[0], date(2026, 6, 15))


@pytest.mark.parametrize("facility", BESIDE)
def test_one_supply_point_entered_as_two_meters_is_told(houses: duckdb.DuckDBPyConnection, facility: str) -> None:
    found = flags(houses, facility).get("counted_twice")
    assert (found is not None) is BESIDE[facility][1]
    assert found is None or (found["year"], found["numbers"]["months"]) == (2025, 2)

"""What a yearly total of an earlier year counts and no source or total of a later year speaks of leaves that year open: never a saving."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from tests.making import City, broken, monthly, one, rows_of, verdict
from tests.yearly_totals import FACILITIES, KEROSENE, METERS, TARGET, near, of_department, stated, total

GAS_OIL: dict[str, Any] = {"energy_type": "diesel", "unit": "L"}
LEFT = "type_left_out"


BASE = (
    total(rounding=0),
    total(quantity=1000, rounding=0, **GAS_OIL),
)  # 1,200 L of kerosene and 1,000 L of diesel in FY2013
LATER = (total(2024, 720, 0), total(2025, 720, 0))
# facility -> its totals, and its meters: of kerosene with bills from FY2021 on unless it says otherwise
CASES: dict[str, tuple[tuple[dict[str, object], ...], list[dict[str, object]]]] = {
    "silent": (BASE, [{}]),
    "zero": ((*BASE, *(total(year, 0, 0, **GAS_OIL) for year in range(2014, 2026))), [{}]),
    "meter ended": (BASE, [{}, {**GAS_OIL, "valid_to": "2014-04-01"}]),
    "meter": (BASE, [{}, GAS_OIL]),
    "totals without diesel": ((*BASE, *LATER), [{"valid_to": "2013-04-01"}]),
    "totals of both": (
        (*BASE, *LATER, *(total(y, 800, 0, **GAS_OIL) for y in (2024, 2025))), [{"valid_to": "2013-04-01"}],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    city = City(tmp_path_factory.mktemp("judged") / "city")
    city.register("facilities", [{**FACILITIES[0], "facility_id": name, "department": name} for name in CASES])
    city.register("targets", [TARGET, of_department("silent")])
    city.register("yearly_totals", [row | {"facility_id": name} for name, (rows, _) in CASES.items() for row in rows])
    city.register("meters", [
        {**METERS[0], "meter_id": f"{name}/{n}", "facility_id": name, **said}
        for name, (_, meters) in CASES.items() for n, said in enumerate(meters)
    ])  # fmt: skip
    for number, (name, (rows, _)) in enumerate(CASES.items()):
        if LATER[0] not in rows:
            city.bills(f"fuel/{number}.csv", monthly(f"{name}/0", 2021, 2025, 60))
    with city.built() as made:
        assert broken(made) == {}
        yield made


def test_a_type_of_the_base_year_that_nothing_speaks_of_later_is_missing(judged: duckdb.DuckDBPyConnection) -> None:
    found = verdict(judged, "silent", 2024)
    department_too = one(judged, "SELECT verdict FROM target_results WHERE fiscal_year = 2024 AND target_id = 'silent'")
    low, high = one(judged, """SELECT actual_low_co2e_kg, actual_high_co2e_kg FROM facility_results
        WHERE facility_id = 'silent' AND fiscal_year = 2024""")  # fmt: skip
    asked = rows_of(
        judged,
        "SELECT fiscal_year, message_ja FROM flags WHERE rule_id = ? AND coalesce(facility_id, 'silent') = 'silent'",
        LEFT,
    )
    assert found[0] == department_too == "undeterminable" and LEFT in found[1]
    assert near(low, 720 * KEROSENE) and high is None
    [(year, ja)] = asked
    assert year == 2025 and "軽油" in ja and "yearly_totals" in ja and "FY2013" in ja


@pytest.mark.parametrize("told", ["zero", "meter ended", "meter"])
def test_a_total_of_zero_or_a_meter_of_the_type_says_what_became_of_it(
    judged: duckdb.DuckDBPyConnection, told: str
) -> None:
    found = verdict(judged, told, 2024)
    assert LEFT not in found[1]
    assert found[0] == ("undeterminable" if told == "meter" else "achieved"), (
        "the meter's days are missing by themselves"
    )


def test_a_judged_year_of_totals_needs_each_type(judged: duckdb.DuckDBPyConnection) -> None:
    """All of FY2024 is known by totals, of which one leaves diesel out."""
    found, reasons = verdict(judged, "totals without diesel", 2024)
    assert found == "undeterminable" and LEFT in reasons
    assert LEFT not in verdict(judged, "totals of both", 2024)[1]


def test_a_facility_of_which_only_its_base_year_is_known_is_no_saving_of_the_city(city: City) -> None:
    """F2 has a total of FY2013 and nothing later: the city must not be judged without it, before it has been closed."""
    city.register("facilities", FACILITIES[:2]).register("meters", METERS[:1]).register("targets", [TARGET])
    city.register("yearly_totals", [total(rounding=0), stated("100", 0, facility_id="F2")])
    city.bills("fuel/1.csv", monthly("M1", 2021, 2025, 60))
    with city.built() as made:
        assert one(made, "SELECT verdict FROM target_results WHERE fiscal_year = 2024") == "undeterminable"
        assert broken(made) == {}
    city.register("facilities", [FACILITIES[0], {**FACILITIES[1], "closed_on": "2020-04-01"}])
    with city.built() as made:
        assert one(made, "SELECT verdict FROM target_results WHERE fiscal_year = 2024") == "achieved"
        assert broken(made) == {}


def test_a_type_of_a_departments_total_is_looked_for_at_all_its_facilities(city: City) -> None:
    city.register("facilities", FACILITIES[:2]).register("meters", METERS[:2])
    city.register("targets", [of_department("管財課")])
    city.register("yearly_totals", [total(quantity=2400, rounding=0, department="管財課"),
        total(quantity=1000, rounding=0, department="管財課", **GAS_OIL)])  # fmt: skip
    for n in (1, 2):
        city.bills(f"fuel/{n}.csv", monthly(f"M{n}", 2021, 2025, 60))
    judged = "SELECT verdict, reasons FROM target_results WHERE fiscal_year = 2024"
    with city.built() as made:
        found, reasons = one(made, judged)
        assert broken(made) == {}
    assert found == "undeterminable" and LEFT in reasons
    city.register("meters", [*METERS[:2], {**METERS[1], **GAS_OIL, "meter_id": "D2", "valid_to": "2014-04-01"}])
    with city.built() as made:
        assert one(made, judged)[0] == "achieved"
        assert broken(made) == {}


SINCE_2016 = {"meter_id": "D1", "valid_from": "2016-04-01", **GAS_OIL}
NOT_TOLD = "SELECT facility_id, fiscal_year, severity, message_ja, message_en FROM findings WHERE rule_id = 'type_not_told_then'"


@pytest.mark.parametrize(
    ("more", "meter", "is_told"),
    [
        ([], SINCE_2016, True),
        ([total(quantity=0, rounding=0, **GAS_OIL)], SINCE_2016, False),
        ([total(quantity=900, rounding=0, **GAS_OIL)], SINCE_2016, False),
        ([total(quantity=0, rounding=0, department="管財課", **GAS_OIL)], SINCE_2016, False),
        ([], {**SINCE_2016, "valid_from": ""}, False),
    ],
    ids=["left out", "none used", "some used", "its department's", "missing by itself"],
)
def test_a_type_that_the_base_year_leaves_out_is_told_and_changes_nothing(
    city: City, more: list[dict[str, object]], meter: dict[str, object], is_told: bool
) -> None:
    """Diesel counts from FY2021 on, and the totals of FY2013 speak of kerosene only."""
    city.register("facilities", FACILITIES[:1]).register("meters", [METERS[0], {**METERS[0], **meter}])
    city.register("targets", [TARGET]).register("yearly_totals", [total(rounding=0), *more])
    city.bills("fuel/1.csv", monthly("M1", 2021, 2025, 60) + monthly("D1", 2021, 2025, 10))
    with duckdb.connect(str(city.publish()), read_only=True) as made:
        found = rows_of(made, NOT_TOLD)
        judged = verdict(made, "F1", 2024)
    if not is_told:
        assert found == []
        return
    [(facility, year, severity, ja, en)] = found
    assert (facility, year, severity) == ("F1", 2013, "info")
    assert (
        "軽油" in ja
        and "diesel" in en
        and all("FY2021" in text and "2013" in text and "yearly_totals" in text for text in (ja, en))
    )
    assert "type_not_told_then" not in str(judged)

"""A department target binds the departments of one operator: two operators may both have a 総務課."""

from __future__ import annotations

import pytest

from pipelines.registers import checks, read
from tests.making import DEFAULTS, City, monthly, rows_of

TARGET = DEFAULTS["targets"][0] | {"subject_kind": "department", "subject_id": "管財課"}
PLAIN = {"department": "管財課", "opened_on": "2010-04-01"}


def two_operators(city: City, **target: object) -> City:
    city.register("operators", [{"operator_id": o, "name": o} for o in ("OP", "WATER")])
    city.register("facilities", [
        {"facility_id": "F1", "name": "a", "operator_id": "OP", **PLAIN},
        {"facility_id": "F2", "name": "b", "operator_id": "WATER", **PLAIN},
    ])  # fmt: skip
    city.register("meters", [
        {"meter_id": m, "facility_id": f, "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
        for m, f in (("M1", "F1"), ("M2", "F2"))
    ])  # fmt: skip
    return city.register("targets", [TARGET | target])


def problems(city: City) -> str:
    try:
        read.read(city.paths.registers, checks.of_city(city.paths.settings))
    except read.RegisterError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("operator", "facility", "litres"), [("OP", "F1", 70), ("WATER", "F2", 300)])
def test_a_target_binds_the_department_of_its_operator_only(
    city: City, operator: str, facility: str, litres: int
) -> None:
    two_operators(city, operator_id=operator)
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, _: 100 if y == 2022 else 70))
    city.bills("fuel/b.csv", monthly("M2", 2022, 2025, 300))
    with city.built("targets") as made:
        under = rows_of(made, "SELECT facility_id FROM facility_results WHERE target_id = 'T' AND fiscal_year = 2025")
        (low,) = rows_of(made, "SELECT actual_low_co2e_kg FROM target_results WHERE fiscal_year = 2025")
        (own,) = rows_of(
            made,
            """SELECT co2e_kg FROM emissions_by_facility_fiscal_year
               WHERE facility_id = ? AND fiscal_year = 2025 AND basis = 'plan'""",
            facility,
        )
    assert under == [(facility,)] and low == own and litres


def test_a_name_that_two_operators_have_needs_the_operator_and_both_are_named(city: City) -> None:
    told = problems(two_operators(city))
    assert "targets.csv 2行目" in told and "OP" in told and "WATER" in told and "operator_id" in told


def test_a_department_that_moved_to_another_operator_is_one_department(city: City) -> None:
    two_operators(city)
    city.register("facilities", [{"facility_id": "F1", "name": "a", "operator_id": "OP", **PLAIN}])
    city.register("meters", DEFAULTS["meters"])
    moved = {"facility_id": "F1", "valid_from": "2024-04-01", "operator_id": "WATER"}
    city.register("facility_periods", [moved])
    assert problems(city) == ""
    city.register("facilities", [
        {"facility_id": "F1", "name": "a", "operator_id": "OP", **PLAIN},
        {"facility_id": "F2", "name": "b", "operator_id": "OP", **PLAIN},
    ])  # fmt: skip
    assert "WATER" in problems(city), "F2 stayed, so both have it"


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ({"operator_id": "WATER"}, ""),
        ({"operator_id": "NONE"}, "NONE"),
        ({"operator_id": "OP", "subject_id": "税務課"}, "税務課"),
        ({"operator_id": "OP", "subject_kind": "facility", "subject_id": "F1"}, "operator_id"),
        ({"operator_id": "OP", "subject_kind": "operator", "subject_id": "OP"}, ""),
    ],
)
def test_the_operator_of_a_target_must_fit(city: City, target: dict[str, object], told: str) -> None:
    found = problems(two_operators(city, **target))
    assert (told in found) and (found == "") is (told == "")

"""Registers that do not hold together are refused with file, line, value and what to do; all problems at once."""

from __future__ import annotations

import pytest

from pipelines.registers import checks, read
from tests.making import DEFAULTS, City


def problems(city: City) -> str:
    with pytest.raises(read.RegisterError) as refused:
        read.read(city.paths.registers, checks.of_city(city.paths.settings))
    return str(refused.value)


def test_the_default_city_is_sound(city: City) -> None:
    read.read(city.paths.registers, checks.of_city(city.paths.settings))


def test_a_missing_register_is_named(city: City) -> None:
    (city.folder / "registers" / "meters.csv").unlink()
    assert "meters.csv" in problems(city)


def test_a_misspelt_register_or_column_is_not_silently_none(city: City) -> None:
    city.register("contract", [{"meter_id": "M1"}])
    city.register("facilities", [{"facility_id": "F1", "name": "x", "operator_id": "OP", "opend_on": "2020-04-01"}])
    told = problems(city)
    assert "contracts.csv" in told and "opened_on" in told


def test_extra_columns_are_a_finding(city: City) -> None:
    city.register("operators", [{"operator_id": "OP", "name": "x", "fax": "1"}])
    found = read.read(city.paths.registers)
    assert [f.rule_id for f in found.findings] == ["register_unknown_column"]


@pytest.mark.parametrize(
    ("name", "row", "told"),
    [
        ("facilities", {"facility_id": "F2", "name": "x", "operator_id": "OP9"}, "OP9"),
        ("meters", {"meter_id": "M2", "facility_id": "F9", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}, "F9"),
        ("meters", {"meter_id": "M2", "facility_id": "F1", "energy_type": "petrol", "unit": "L", "reading_kind": "bill"}, "petrol"),
        ("meters", {"meter_id": "M2", "facility_id": "F1", "energy_type": "electricity", "unit": "m3", "reading_kind": "bill"}, "m3"),
        ("meters", {"meter_id": "M2", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bills"}, "bills"),
        ("meters", {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}, "2行目"),
        ("targets", {**DEFAULTS["targets"][0], "target_id": "T2", "reduction_rate": "50"}, "0.5"),
        ("targets", {**DEFAULTS["targets"][0], "target_id": "T2", "base_fy": "2031"}, "基準年度"),
        ("targets", {**DEFAULTS["targets"][0], "target_id": "T2", "path": "milestones", "milestones": "2025-0.3"}, "2025-0.3"),
        ("targets", {**DEFAULTS["targets"][0], "target_id": "T2", "adopted_on": "2022-02-30"}, "2022-02-30"),
        ("appointments", {"operator_id": "OP", "post": "管理人", "person_id": "P9", "appointed_on": "2020-04-01"}, "管理人"),
        (
            "meters",
            {"meter_id": "M2", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill", "role": "sub"},
            "親計器",
        ),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_place(city: City, name: str, row: dict[str, object], told: str) -> None:
    city.register(name, [*DEFAULTS[name], row])
    text = problems(city)
    assert told in text and f"{name}.csv" in text and "行目" in text


def test_all_problems_come_at_once(city: City) -> None:
    city.register("operators", [{"operator_id": "", "name": "x"}, {"operator_id": "OP", "name": ""}])
    city.register("facilities", [{"facility_id": "F1", "name": "", "operator_id": "OP"}])
    told = problems(city)
    assert told.count("operators.csv") == 2 and "facilities.csv 2行目 name" in told


def test_shares_must_sum_to_one_on_every_day(city: City) -> None:
    city.register("facilities", [*DEFAULTS["facilities"], {"facility_id": "F2", "name": "b", "operator_id": "OP"}])
    shares = [
        {"meter_id": "M1", "facility_id": "F1", "share": "0.6", "valid_from": "2020-04-01"},
        {"meter_id": "M1", "facility_id": "F2", "share": "0.4", "valid_from": "2021-04-01"},
    ]
    city.register("meter_shares", shares)
    assert "0.6" in problems(city)
    shares[1]["valid_from"] = "2020-04-01"
    city.register("meter_shares", shares)
    read.read(city.paths.registers, checks.of_city(city.paths.settings))


def test_overlapping_validity_of_a_meter_is_refused(city: City) -> None:
    meter = DEFAULTS["meters"][0]
    city.register("meters", [{**meter, "valid_to": "2024-04-02"}, {**meter, "valid_from": "2024-04-01"}])
    assert "重なります" in problems(city)


def test_a_circle_of_parents_is_refused(city: City) -> None:
    meter = DEFAULTS["meters"][0]
    city.register(
        "meters",
        [
            {**meter, "role": "sub", "parent_meter_id": "M2"},
            {**meter, "meter_id": "M2", "role": "sub", "parent_meter_id": "M1"},
        ],
    )
    assert "循環" in problems(city)


def test_wareki_and_cp932_are_read(city: City) -> None:
    text = "facility_id,name,operator_id,opened_on\nF1,本庁舎,OP,令和2年4月1日\n"
    (city.folder / "registers" / "facilities.csv").write_bytes(text.encode("cp932"))
    found = read.read(city.paths.registers)
    assert str(found["facilities"][0]["opened_on"]) == "2020-04-01"

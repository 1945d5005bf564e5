"""Marks beside a verdict: a factor of the city's own, and another way of counting than in the base year."""

from __future__ import annotations

import pytest

from tests.making import DEFAULTS, City, monthly, rows_of

RULE = '\n[[rules.{name}]]\n{says}\nvalid_from = {since}\nsource = "試験"\n'
LEAFLET = {"energy_type": "kerosene", "gas": "CO2", "value": "2.49", "unit": "t-CO2/kL", "document": "試験市計画 12頁"}


def marks(city: City, table: str = "facility_results") -> dict[int, str | None]:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    with city.built("targets") as made:
        return dict(rows_of(made, f"SELECT fiscal_year, method_marks FROM {table} WHERE fiscal_year < 2026 ORDER BY 1"))


def ruled(city: City, name: str, says: str, since: str) -> City:
    toml = city.folder / "city.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + RULE.format(name=name, says=says, since=since), encoding="utf-8")
    return city


def test_without_rules_of_the_city_there_is_no_mark(city: City) -> None:
    assert marks(city) == {2023: None, 2024: None, 2025: None}


@pytest.mark.parametrize("table", ["facility_results", "target_results"])
def test_a_factor_of_the_city_that_came_after_the_base_year_is_another_method(city: City, table: str) -> None:
    city.register("own_factors", [{**LEAFLET, "valid_from": "2024-04-01"}])
    assert marks(city, table) == {2023: None, 2024: "method_changed;own_factor", 2025: "method_changed;own_factor"}


def test_a_factor_of_the_city_in_all_years_is_marked_and_no_change(city: City) -> None:
    city.register("own_factors", [LEAFLET])
    assert marks(city) == dict.fromkeys((2023, 2024, 2025), "own_factor")


def test_a_factor_of_the_city_in_the_base_year_alone_is_a_change(city: City) -> None:
    city.register("own_factors", [{**LEAFLET, "valid_to": "2023-04-01"}])
    assert marks(city) == dict.fromkeys((2023, 2024, 2025), "method_changed")


@pytest.mark.parametrize(
    ("name", "says"),
    [("plan_method", 'operator_id = "OP"\nplan_method = "shk_deemed"'), ("year_rule", 'year_rule = "twelve_bills"')],
)
def test_a_rule_that_begins_after_the_base_year_is_told_and_one_that_says_the_usual_is_not(
    city: City, name: str, says: str
) -> None:
    usual = says.replace("shk_deemed", "shikorei").replace("twelve_bills", "by_day")
    assert marks(ruled(city.copied(city.folder.with_name("usual")), name, usual, "2025-04-01")) == dict.fromkeys(
        (2023, 2024, 2025)
    )
    assert marks(ruled(city, name, says, "2025-04-01")) == {2023: None, 2024: None, 2025: "method_changed"}


def test_a_base_amount_that_was_published_is_no_method_of_ours(city: City) -> None:
    city.register(
        "targets", [{**DEFAULTS["targets"][0], "subject_kind": "facility", "subject_id": "F1", "base_co2e_t": "3"}]
    )
    city.register("own_factors", [{**LEAFLET, "valid_from": "2024-04-01"}])
    assert marks(city) == {2023: None, 2024: "own_factor", 2025: "own_factor"}

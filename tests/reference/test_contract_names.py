"""A supplier or menu of a contract that no list knows is told with the nearest names; what a list has is not."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.ask import factors
from pipelines.findings import rules
from pipelines.reference import contract_names
from tests.making import City, rows_of

POWER = {"meter_id": "M1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}
OWN = {
    "supplier_no": "Z0001", "supplier": "試験電力株式会社", "area_or_menu": "みどりプラン", "kind": "menu", "energy_type": "electricity",
    "activity_fy": 2025, "basic": "0.0004", "unit": "t-CO2/kWh", "source": "試験",
}  # fmt: skip


def told(city: City, **contract: str) -> list[tuple[str, str]]:
    city.register("meters", [POWER]).register("contracts", [{"meter_id": "M1", **contract}])
    with factors.opened(city.folder, None) as connection:
        found = contract_names.findings(connection)
    return [(f.rule_id, rules()[f.rule_id].sentence("ja", f.numbers)) for f in found]


@pytest.fixture
def listed(city: City) -> City:
    return city.register("supplier_factors", [OWN])


@pytest.mark.parametrize(
    "contract",
    [
        {"supplier_no": "Z0001", "supplier": "試験電力株式会社", "menu": "みどりプラン"}, {"supplier_no": "Z0001", "menu": "残差"},
        {"supplier": "試験電力株式会社"}, {"menu": "代替値"}, {"supplier_no": "A0009"}, {"supplier_no": "A0009", "supplier": "しけん"},
    ],
)  # fmt: skip
def test_what_a_list_or_the_city_has_is_not_asked_about(listed: City, contract: dict[str, str]) -> None:
    assert told(listed, **contract) == []


@pytest.mark.parametrize(
    ("contract", "rule_id", "near"),
    [
        ({"supplier_no": "Z0010", "supplier": "試験電力(株)"}, "contract_supplier_unlisted", "Z0001 試験電力株式会社"),
        ({"supplier_no": "Z00O1"}, "contract_supplier_unlisted", "Z0001 試験電力株式会社"),
        ({"supplier": "試験電カ"}, "contract_supplier_unlisted", "Z0001 試験電力株式会社"),
        ({"supplier_no": "A0009", "supplier": "試験電力㈱"}, "contract_supplier_differs", "Z0001 試験電力株式会社"),
        ({"supplier_no": "Z0001", "menu": "みどりブラン"}, "contract_menu_unlisted", "みどりプラン"),
    ],
)
def test_a_slip_is_told_with_the_nearest_name(listed: City, contract: dict[str, str], rule_id: str, near: str) -> None:
    ((found, sentence),) = told(listed, **contract)
    assert found == rule_id and near in sentence and "M1" in sentence


def test_the_night_tells_the_slip_and_the_line_that_would_give_the_factor(city: City) -> None:
    city.register("meters", [POWER]).register(
        "contracts", [{"meter_id": "M1", "supplier_no": "Q9", "supplier": "ない電力", "menu": "残差"}]
    )
    city.bills("power/a.csv", [("M1", "2024-04-01", "2024-05-01", 100, "kWh")])
    with city.built() as made:
        found: dict[str, Any] = dict(
            rows_of(made, "SELECT rule_id, message_ja FROM findings WHERE subject NOT LIKE '%shk%'")
        )
    assert "Q9 ない電力" in found["contract_supplier_unlisted"]
    for cell in ("登録番号=Q9", "供給事業者=ない電力", "種別=残差", "活動年度=2024", "単位=t-CO2/kWh", "残差"):
        assert cell in found["factor_missing"], cell


def test_city_gas_has_no_substitute_in_the_plan_and_that_is_said(city: City) -> None:
    city.register("meters", [{**POWER, "energy_type": "city_gas", "unit": "m3"}])
    city.register("contracts", [{"meter_id": "M1", "menu": "代替値"}])
    city.bills("gas/a.csv", [("M1", "2024-04-01", "2024-05-01", 100, "m3")])
    with city.built() as made:
        found = dict(
            rows_of(
                made, "SELECT split_part(subject, '/', 2), message_ja FROM findings WHERE rule_id = 'factor_missing'"
            )
        )
        shk = rows_of(made, "SELECT DISTINCT choice FROM emissions_by_source_day WHERE basis = 'shk_basic'")
    assert set(found) == {"plan"} and "代替値はSHKだけ" in found["plan"] and "own_factors.csv" in found["plan"]
    assert shk == [("legal_substitute",)]

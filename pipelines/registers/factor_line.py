"""The line that would give a factor which lacks: what to write into supplier_factors.csv, cell by cell, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines import tables
from pipelines.registers import spoken
from pipelines.texts import label

REGISTER = "supplier_factors"
CITY_GAS = "city_gas"
KIND_OF_MENU = {"残差": "residual", "事業者全体": "whole_company_reference", "代替値": "national_substitute"}
UNITS = {"electricity": "t-CO2/kWh", CITY_GAS: "t-CO2/千m3"}
OF_HEAT = "t-CO2/GJ"


def to_write(lacking: Mapping[str, Any], fiscal_year: int, language: str) -> str:
    """Return what to do where no list has a factor.

    Args:
        lacking: energy_type, basis, and supplier_no, supplier, menu as the contract names them.
        fiscal_year: The year of use.
        language: ``ja`` or ``en``.
    """
    menu, energy_type = lacking["menu"] or None, lacking["energy_type"]
    if menu == "代替値" and energy_type == CITY_GAS and lacking["basis"] == "plan":
        return label("no_substitute_in_plan", language).format(year=fiscal_year)
    kind = KIND_OF_MENU.get(menu or "", "menu" if menu else "single")
    cells = {
        "supplier_no": lacking["supplier_no"] or "", "supplier": lacking["supplier"] or "",
        "area_or_menu": menu if kind == "menu" else "", "kind": _spoken("kind", kind, language),
        "energy_type": _spoken("energy_type", energy_type, language), "activity_fy": str(fiscal_year), "basic": "…", "adjusted": "…",
        "unit": UNITS.get(energy_type, OF_HEAT), "source": "…",
    }  # fmt: skip
    table = tables.table(REGISTER)
    named = (
        f"{spoken.headings(table, column)[0] if language == 'ja' else column}={cell}"
        for column, cell in cells.items()
        if cell
    )
    return label("factor_line", language).format(year=fiscal_year, line=", ".join(named))


def _spoken(column: str, word: str, language: str) -> str:
    return spoken.usual(REGISTER, column).get(word, word) if language == "ja" else word

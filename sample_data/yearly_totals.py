"""What is left of FY2013 at the facilities whose bills of that year are gone: yearly totals as a document prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from sample_data import places

YEAR = 2013
FIRST, END = date(YEAR, 4, 1), date(YEAR + 1, 4, 1)
# How a printed figure is rounded: the register's word -> how a decimal does it.
ROUNDINGS = {"half_up": ROUND_HALF_UP, "cut": ROUND_DOWN}
PER_PRINTED = {"千kWh": 1000}


@dataclass(frozen=True, slots=True)
class Document:
    """A table of FY2013: of which facilities, whether only their department's sum, and in which unit and step each type is printed."""

    title: str
    facilities: tuple[str, ...]
    per_page: int
    first_page: int
    printed: Mapping[str, tuple[str, str]]
    rounding_rule: str = "half_up"
    of_department: str = ""


DOCUMENTS = (
    Document(
        "平成25年度 学校施設エネルギー使用量一覧（見本）",
        tuple(f"F{n:03}" for n in range(26, 38)),
        per_page=6,
        first_page=2,
        printed={
            "electricity": ("千kWh", "0.1"),
            "kerosene": ("L", "1"),
            "city_gas": ("m3", "1"),
            "lpg": ("m3", "1"),
        },
    ),
    Document(
        "生涯学習施設の概要 平成26年版（見本）",
        ("F006", "F008"),
        per_page=1,
        first_page=11,
        printed={"electricity": ("kWh", "100"), "kerosene": ("L", "10")},
        rounding_rule="cut",
    ),
    Document(
        "平成25年度 水道事業年報（見本）",
        ("F039", "F040"),
        per_page=2,
        first_page=38,
        printed={"electricity": ("千kWh", "1")},
        of_department="水道課",
    ),
)


def is_gone(facility_id: str, last: date) -> bool:
    """Whether a bill that ends with a day was thrown away when its years of keeping were over."""
    return last < END and any(facility_id in document.facilities for document in DOCUMENTS)


def register(use: Mapping[str, Mapping[date, float]]) -> list[dict[str, object]]:
    """Return the rows of yearly_totals, from the daily use of each meter."""
    return [row for document in DOCUMENTS for row in _rows(document, use)]


def _rows(document: Document, use: Mapping[str, Mapping[date, float]]) -> list[dict[str, object]]:
    sums: dict[tuple[str, str], float] = {}
    for meter in places.meters():
        if meter.facility_id in document.facilities and meter.valid_from < END:
            of_year = sum(quantity for day, quantity in use[meter.meter_id].items() if FIRST <= day < END)
            key = ("" if document.of_department else meter.facility_id, meter.energy_type)
            sums[key] = sums.get(key, 0.0) + of_year
    found: list[dict[str, object]] = []
    for (facility, energy_type), quantity in sums.items():
        unit, step = document.printed[energy_type]
        position = document.facilities.index(facility) if facility else 0
        found.append(
            {
                "fiscal_year": YEAR,
                "facility_id": facility,
                "department": document.of_department,
                "operator_id": "",
                "energy_type": energy_type,
                "quantity": printed(quantity / PER_PRINTED.get(unit, 1), Decimal(step), document.rounding_rule),
                "unit": unit,
                "rounding": step,
                "rounding_rule": document.rounding_rule,
                "document": document.title,
                "page": document.first_page + position // document.per_page,
            }
        )
    return found


def printed(quantity: float, step: Decimal, rounding_rule: str) -> Decimal:
    """A quantity as it is printed in steps."""
    return (Decimal(str(quantity)) / step).quantize(Decimal(1), rounding=ROUNDINGS[rounding_rule]) * step

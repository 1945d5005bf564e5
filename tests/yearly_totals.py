"""Yearly totals (年計) for tests: rows of the register, and four facilities of two departments whose base year has no bills."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from tests.making import DEFAULTS, City, monthly

KEROSENE = Fraction("36.7") / 1000 * Fraction("0.0185") * Fraction(44, 12) * 1000  # kg a litre; plan: GJ/kL, tC/GJ


def facilities(count: int) -> list[dict[str, str]]:
    """F1, F2, ...: the first two of one department, the others of another."""
    return [
        {"facility_id": f"F{n}", "name": f"施設{n}", "operator_id": "OP", "department": "管財課" if n < 3 else "教育課",
         "opened_on": "1990-04-01"}
        for n in range(1, count + 1)
    ]  # fmt: skip


def meters(count: int) -> list[dict[str, str]]:
    """M1, M2, ...: the kerosene of each facility."""
    of = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    return [{"meter_id": f"M{n}", "facility_id": f"F{n}", **of} for n in range(1, count + 1)]


FACILITIES, METERS = facilities(4), meters(4)
TARGET = DEFAULTS["targets"][0] | {"base_fy": 2013, "adopted_on": "2015-03-31", "target_fy": 2030}


def total(year: int = 2013, quantity: object = 1200, rounding: object = 1, **more: object) -> dict[str, object]:
    """A row of the register; of kerosene of F1 unless told otherwise."""
    of = {} if {"department", "operator_id"} & set(more) else {"facility_id": "F1"}
    figure = {"energy_type": "kerosene", "quantity": quantity, "unit": "L", "rounding": rounding}
    return {"fiscal_year": year, **of, **figure, "document": "エネルギー使用量集計表", "page": "3"} | more


def stated(co2e_t: object, rounding: object = 1, **more: object) -> dict[str, object]:
    """A row that states the emissions of all types together."""
    return total(2013, "", rounding, **({"energy_type": "", "unit": "", "co2e_t": co2e_t} | more))


def houses(city: City, count: int = 4) -> City:
    """Facilities with a meter each, and a target against FY2013."""
    return (
        city.register("facilities", facilities(count)).register("meters", meters(count)).register("targets", [TARGET])
    )


def with_bills(city: City, count: int = 4) -> City:
    """Facilities with bills from FY2021 on, and a target against FY2013."""
    houses(city, count)
    for n in range(1, count + 1):
        city.bills(f"fuel/{n}.csv", monthly(f"M{n}", 2021, 2025, 60))
    return city


def of_department(name: str) -> dict[str, object]:
    """The target for a department."""
    return TARGET | {"target_id": name, "subject_kind": "department", "subject_id": name}


def near(found: Decimal | None, wanted: Fraction) -> bool:
    """Equal but for the rounding of the ninth place of each day and step."""
    return found is not None and abs(Fraction(found) - wanted) < Fraction(1, 10**5)

"""Every energy type, basis and fiscal year 2010-2026: from the facts by hand, by ``convert``, by a night; one golden table.

The golden file states kg CO2 and primary GJ of 1,000 usual units, a line per run of years with the same figures. A
changed factor shows as a changed line: it is to be reviewed, never to be written anew without looking.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import pytest

from pipelines.ask.convert import Converted, QuantityQuestion, convert_all
from pipelines.reference.load import FOLDER
from tests import by_hand
from tests.making import City, rows_of

FACTS = Path(__file__).parents[3] / "shared" / "facts"
GOLDEN = Path(__file__).with_name("golden_fuels.csv")
YEARS = range(2010, 2027)
BASES = ("plan", "shk_basic", "shk_adjusted")
QUANTITY = Decimal("1234.567891")
needs_facts = pytest.mark.skipif(not FACTS.is_dir(), reason="shared/facts is not beside this checkout")

Row = dict[str, str]
Figures = tuple[Fraction | None, Fraction | None, Fraction | None]  # kg CO2 plan, kg CO2 SHK, GJ of one usual unit


def table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


TYPES = {row["energy_type"]: row for row in table(FOLDER / "energy_types.csv")}
# how many of the table's units one usual unit (L, kg, Nm3, m3, kWh, GJ) is
NORMAL_TO_AMBIENT = 1 / (Fraction("273.15") / Fraction("298.15") * 100 / Fraction("101.325"))
IN_TABLE = {
    "kL": Fraction(1, 1000), "t": Fraction(1, 1000), "L": Fraction(1), "kg": Fraction(1), "m3": Fraction(1),
    "thousand_Nm3": Fraction(1, 1000), "thousand_m3_SATP": NORMAL_TO_AMBIENT / 1000,
}  # fmt: skip


def carbon(row: Row) -> Fraction:
    """tC/GJ x GJ per table unit x 44/12 x table units: kg of CO2 of one usual unit."""
    return Fraction(row["gj_per_unit"]) * Fraction(row["tc_per_gj"]) * 44 / 12 * 1000 * IN_TABLE[row["unit"]]


class Facts:
    """The figures of one usual unit, worked out from the verified facts alone."""

    def __init__(self) -> None:
        self.plan = {r["fuel_key"]: r for r in table(FACTS / "municipal_fuels_shikorei.csv") if r["mj_per_unit"]}
        self.older = {r["fuel_key"]: r for r in table(FACTS / "fuels_shk_until_fy2022.csv")}
        self.newer = {r["fuel_key"]: r for r in table(FACTS / "fuels_shk_from_fy2023.csv")}
        self.act = {r["fuel_key"]: r for r in table(FACTS / "shoene_heat_values.csv")}
        self.primary = table(FACTS / "primary_energy_electricity_heat.csv")
        self.heat = table(FACTS / "heat_co2.csv")

    def figures(self, energy_type: str, year: int) -> Figures:
        return self._plan(energy_type, year), self._shk(energy_type, year), self._gj(energy_type, year)

    def _plan(self, energy_type: str, year: int) -> Fraction | None:
        if TYPES[energy_type]["usual_unit"] == "GJ":
            return self._heat("plan_heat", year)
        row = self.plan.get(TYPES[energy_type]["plan_key"].split(" ")[0])
        if row is None or not row["in_force_from"] <= f"{year}-10-01" <= (row["in_force_to"] or "9"):
            return None
        return Fraction(row["mj_per_unit"]) * Fraction(row["kgc_per_mj"]) * 44 / 12 * IN_TABLE[row["unit"]]

    def _shk(self, energy_type: str, year: int) -> Fraction | None:
        if TYPES[energy_type]["usual_unit"] == "GJ":
            return self._heat("steam_industrial" if energy_type == "steam_industrial" else "heat_other", year)
        key = TYPES[energy_type]["shk_key_to_fy2022" if year <= 2022 else "shk_key_from_fy2023"]
        row = (self.older if year <= 2022 else self.newer).get(key)
        if row is None or (key == "city_gas" and row["unit"] != "thousand_Nm3"):
            return None
        return carbon(row)

    def _heat(self, key: str, year: int) -> Fraction | None:
        for row in self.heat:
            fits = (row["valid_activity_fy_from"] or "0") <= str(year) <= (row["valid_activity_fy_to"] or "9")
            if row["key"] == key and fits:
                return Fraction(row["value"]) * 1000  # t per GJ and kg per MJ are the same number
        return None

    def _gj(self, energy_type: str, year: int) -> Fraction | None:
        words = TYPES[energy_type]["energy_act_key"].replace(";", "").replace(",", "").split(" ")
        if energy_type == "electricity":
            words = ["elec_other" if year <= 2022 else "elec_grid"]
        for row in self.primary:
            fits = (row["valid_fy_from"] or "0") <= str(year) <= (row["valid_fy_to"] or "9")
            if row["key"] == words[0] and fits:
                return Fraction(row["value"]) / (1000 if "kWh" in row["unit"] else 1)
        if energy_type == "solar_self_use":
            return Fraction(0)  # not counted before FY2023
        fact = self.act.get(words[0]) if len(words) == 1 else None
        value = fact and fact["gj_per_unit_until_fy2022" if year <= 2022 else "gj_per_unit_from_fy2023"]
        if not fact or not value or fact["unit"] not in IN_TABLE:  # the Act's gas volumes: condition not read
            return None
        return Fraction(value) * IN_TABLE[fact["unit"]]


NO_FIGURES = ("fuel_unspecified", "water")


def by_facts() -> dict[tuple[str, int], Figures]:
    facts = Facts()
    return {(word, year): facts.figures(word, year) for word in TYPES if word not in NO_FIGURES for year in YEARS}


def from_golden() -> dict[tuple[str, int], tuple[str, str, str]]:
    return {
        (row["energy_type"], year): (row["plan_co2_kg"], row["shk_co2_kg"], row["energy_gj"])
        for row in table(GOLDEN)
        for year in range(int(row["from_fy"]), int(row["to_fy"]) + 1)
    }


def lines(figures: dict[tuple[str, int], Figures]) -> list[Row]:
    """The golden file's rows: 1,000 usual units, runs of years with the same figures."""
    texts = {
        key: tuple(text(by_hand.times(Decimal(1000), f) if f is not None else None) for f in figures[key])
        for key in figures
    }
    made = []
    for word in dict.fromkeys(key[0] for key in figures):
        for (plan, shk, gj), run in groupby(YEARS, key=lambda year: texts[word, year]):
            years = list(run)
            made.append(
                {
                    "energy_type": word, "name_ja": TYPES[word]["name_ja"], "unit": f"1000 {TYPES[word]['usual_unit']}",
                    "from_fy": str(years[0]), "to_fy": str(years[-1]), "plan_co2_kg": plan, "shk_co2_kg": shk, "energy_gj": gj,
                }
            )  # fmt: skip
    return made


def text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


@needs_facts
def test_the_golden_table_is_what_the_facts_say() -> None:
    assert lines(by_facts()) == table(GOLDEN)


def expected(stated: str, quantity: Decimal) -> Decimal | None:
    """What a quantity must come to, from the golden figure of 1,000 units where that is exact, by hand otherwise."""
    return None if stated == "" else quantity / 1000 * Decimal(stated)


@needs_facts
def test_convert_gives_every_figure_of_the_facts_and_no_other() -> None:
    figures = by_facts()
    keys = [(word, year, basis) for word, year in figures for basis in BASES]
    questions = [
        QuantityQuestion(
            QUANTITY,
            TYPES[w]["usual_unit"].replace("GJ", "GJ(二次)") if w == "electricity" else TYPES[w]["usual_unit"],
            w,
            date(y, 10, 1),
            b,
        )
        for w, y, b in keys
    ]
    for (word, year, basis), answer in zip(keys, convert_all(questions), strict=True):
        plan, shk, gj = figures[word, year]
        co2 = plan if basis == "plan" else shk
        if word == "solar_self_use":
            assert isinstance(answer, Converted) and answer.co2e_kg["CO2"] is None and answer.reason == "not_in_basis"
        elif co2 is None:
            assert not isinstance(answer, Converted), (word, year, basis, answer)
            continue
        else:
            assert isinstance(answer, Converted), (word, year, basis, str(answer))
            assert answer.co2e_kg["CO2"] == by_hand.times(QUANTITY, co2), (word, year, basis)
        assert answer.energy_gj == (None if gj is None else by_hand.times(QUANTITY, gj)), (word, year)


def test_a_night_gives_every_figure_of_the_golden_table_and_no_other(make_city: Callable[..., City]) -> None:
    golden = from_golden()
    words = list(dict.fromkeys(word for word, _ in golden))
    city = make_city().register(
        "meters",
        [
            {
                "meter_id": w,
                "facility_id": "F1",
                "energy_type": w,
                "unit": TYPES[w]["usual_unit"],
                "reading_kind": "bill",
            }
            for w in words
        ],
    )
    city.bills(
        "fuel/a.csv", [(w, f"{y}-10-01", f"{y}-10-02", 1000, TYPES[w]["usual_unit"]) for w, y in golden if y < 2026]
    )
    with city.built("emissions") as made:
        found = rows_of(
            made,
            """SELECT e.meter_id, fiscal_year_of(e.local_date), p.co2e_kg, s.co2e_kg, a.co2e_kg, e.energy_gj
            FROM energy_by_meter_day AS e
            LEFT JOIN emissions_by_source_day AS p ON p.source_id = e.meter_id AND p.local_date = e.local_date AND p.basis = 'plan'
            LEFT JOIN emissions_by_source_day AS s ON s.source_id = e.meter_id AND s.local_date = e.local_date AND s.basis = 'shk_basic'
            LEFT JOIN emissions_by_source_day AS a ON a.source_id = e.meter_id AND a.local_date = e.local_date AND a.basis = 'shk_adjusted'
            WHERE e.quantity IS NOT NULL""",
        )
    assert {(w, y) for w, y, *_ in found} == {key for key in golden if key[1] < 2026}
    for word, year, plan, basic, adjusted, gj in found:
        assert basic == adjusted
        assert (text(plan), text(basic), text(gj)) == golden[word, year], (word, year)

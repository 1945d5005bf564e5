"""The reference: every row has a source, validity and edition; facts that lie beside the checkout are all in it."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import globalwarmingpotentials as gwp_library
import pytest

from pipelines import texts, units
from pipelines.reference import load

FACTS = Path(__file__).parents[3] / "shared" / "facts"
HERE = load.FOLDER
needs_facts = pytest.mark.skipif(not FACTS.is_dir(), reason="shared/facts is not beside this checkout")


def table(name: str, folder: Path = HERE) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("name", ["emission_factors.csv", "heat_contents.csv", "gwp.csv", "densities.csv"])
def test_every_row_has_a_known_source_and_a_unit(name: str) -> None:
    known = {row["source_id"] for row in table("sources.csv")}
    for row in table(name):
        assert set(row["source_id"].split(";")) <= known and row["source_id"], row
        assert row.get("valid_to", "") == "" or row.get("valid_from", "") < row["valid_to"], row
        if "unit" in row:
            for part in row["unit"].split("/"):
                assert units.canonical(part) == part, row


def test_sources_are_all_used() -> None:
    used = set()
    for path in HERE.glob("*.csv"):
        if path.name != "sources.csv":
            used |= {s for row in table(path.name) for s in (row.get("source_id") or "").split(";")}
    assert {row["source_id"] for row in table("sources.csv")} - used == set()


def test_factor_rules_name_tables_that_exist() -> None:
    heat = {(row["heat_table"], row["key"]) for row in table("heat_contents.csv")}
    factors = {(row["factor_table"], row["key"]) for row in table("emission_factors.csv")}
    for rule in table("factor_rules.csv"):
        if rule["method"] == "table":
            pool = heat if rule["basis"] == "energy_act" else factors
            assert (rule["factor_table"], rule["key"]) in pool, rule


def test_the_keys_of_an_energy_type_are_what_its_rules_say() -> None:
    """energy_types.csv gives the key in every table; factor_rules.csv must choose just that one, period by period."""
    columns = {"plan": ("plan_key",) * 2, "energy_act": ("energy_act_key",) * 2}
    columns |= dict.fromkeys(("shk_basic", "shk_adjusted"), ("shk_key_to_fy2022", "shk_key_from_fy2023"))
    for row in table("energy_types.csv"):
        for basis, (older, newer) in columns.items():
            rules = [
                r for r in table("factor_rules.csv") if (r["energy_type"], r["basis"]) == (row["energy_type"], basis)
            ]
            for year in range(2010, 2027):
                day = str(date(year, 4, 1))
                fitting = [r for r in rules if (r["valid_from"] or "0") <= day < (r["valid_to"] or "9")]
                stated = row[older if year <= 2022 else newer]
                tabled = {r["key"] for r in fitting if r["method"] == "table"}
                assert not stated or fitting, (row["energy_type"], basis, year)
                assert stated or not tabled, (row["energy_type"], basis, year)
                words = set(stated.replace(",", " ").replace(";", " ").split())
                assert all(key in words or key == "plan_heat" for key in tabled), (row["energy_type"], basis, tabled)


def test_warming_potentials_agree_with_an_independent_table() -> None:
    """AR2, AR4 and AR5 values against the package globalwarmingpotentials; the ordinance rounds none of these."""
    names = {
        "CH4": "CH4",
        "N2O": "N2O",
        "SF6": "SF6",
        "NF3": "NF3",
        "HFC-134a": "HFC134a",
        "HFC-32": "HFC32",
        "HFC-125": "HFC125",
    }
    reports = {"AR2": "SARGWP100", "AR4": "AR4GWP100", "AR5": "AR5GWP100"}
    compared = 0
    for row in table("gwp.csv"):
        if row["gas"] in names and row["assessment"] in reports:
            expected = gwp_library.data[reports[row["assessment"]]].get(names[row["gas"]])
            if expected is not None:
                assert Decimal(row["value"]) == Decimal(str(expected)), row
                compared += 1
    assert compared >= 20


# ------------------------------------------------------------------ against the facts


def day_after(text: str) -> str:
    return str(date.fromisoformat(text) + timedelta(1)) if text else ""


def fiscal(text: str, after: int = 0) -> str:
    return f"{int(text) + after}-04-01" if text else ""


@needs_facts
@pytest.mark.parametrize(
    ("name", "until"), [("fuels_shk_until_fy2022.csv", "to2022"), ("fuels_shk_from_fy2023.csv", "from2023")]
)
def test_every_shk_fuel_of_the_facts(name: str, until: str) -> None:
    heat = {row["heat_content_id"]: row for row in table("heat_contents.csv")}
    factors = {row["factor_id"]: row for row in table("emission_factors.csv")}
    for fact in table(name, FACTS):
        h, f = heat[f"heat/shk_fuels/{until}/{fact['fuel_key']}"], factors[f"shk_fuels/{until}/{fact['fuel_key']}"]
        assert (h["value"], h["unit"], f["value"]) == (fact["gj_per_unit"], f"GJ/{fact['unit']}", fact["tc_per_gj"])
        validity = (fiscal(fact["valid_activity_fy_from"]), fiscal(fact["valid_activity_fy_to"], 1))
        assert (h["valid_from"], h["valid_to"]) == (f["valid_from"], f["valid_to"]) == validity


@needs_facts
def test_every_plan_fuel_of_the_facts() -> None:
    heat = {row["heat_content_id"]: row for row in table("heat_contents.csv")}
    factors = {row["factor_id"]: row for row in table("emission_factors.csv")}
    for fact in table("municipal_fuels_shikorei.csv", FACTS):
        if not fact["mj_per_unit"]:
            assert any("3条1項1号イ" in gap["where"] for gap in table("gaps.csv"))
            continue
        h, f = heat[f"heat/plan_fuels/{fact['fuel_key']}"], factors[f"plan_fuels/{fact['fuel_key']}"]
        assert (h["value"], f["value"]) == (fact["mj_per_unit"], fact["kgc_per_mj"])
        assert (h["valid_from"], h["valid_to"]) == (fact["in_force_from"], day_after(fact["in_force_to"]))


@needs_facts
def test_every_energy_act_value_of_the_facts() -> None:
    heat = {row["heat_content_id"]: row["value"] for row in table("heat_contents.csv")}
    for fact in table("shoene_heat_values.csv", FACTS):
        assert heat[f"heat/energy_act/from2023/{fact['fuel_key']}"] == fact["gj_per_unit_from_fy2023"]
        assert heat.get(f"heat/energy_act/to2022/{fact['fuel_key']}", "") == fact["gj_per_unit_until_fy2022"]
    for fact in table("primary_energy_electricity_heat.csv", FACTS):
        period = "to2022" if fact["valid_fy_to"] else "from2023" if fact["valid_fy_from"] else "all"
        assert heat[f"heat/energy_act/{period}/{fact['key']}"] == fact["value"]


@needs_facts
@pytest.mark.parametrize("name", ["electricity_suppliers_result_fy2024.csv", "electricity_history.csv"])
def test_every_electricity_row_of_the_facts(name: str) -> None:
    found = {
        (r["result_fy"], r["supplier"], r["kind"], r["menu"], r["variant"]): r
        for r in table("emission_factors.csv")
        if r["factor_table"] == "electricity"
    }
    for fact in table(name, FACTS):
        for variant in ("basic", "adjusted"):
            key = (fact["result_fy"], fact["supplier_ja"], fact["kind"], fact["menu"], variant)
            if fact[variant] == "":
                assert key not in found, "a value that the facts do not have must stay absent"
                continue
            row = found[key]
            assert (row["value"], row["valid_from"]) == (fact[variant], fiscal(fact["applies_to_activity_fy"]))
            assert (row["status"] == "provisional") == ("provisional edition" in fact["note"])


@needs_facts
@pytest.mark.parametrize(
    ("name", "factor_table"),
    [("city_gas_suppliers_result_fy2025.csv", "city_gas"), ("heat_suppliers_result_fy2024.csv", "heat")],
)
def test_every_gas_and_heat_supplier_of_the_facts(name: str, factor_table: str) -> None:
    found: dict[tuple[str, str, str], list[str]] = {}
    for r in table("emission_factors.csv"):
        if r["factor_table"] == factor_table:
            found.setdefault((r["supplier_no"], r["menu"], r["variant"]), []).append(r["value"])
    for fact in table(name, FACTS):
        for variant in ("basic", "adjusted"):
            assert fact[variant] in found[fact["supplier_no"], fact["area_menu_ja"], variant], fact


@needs_facts
def test_every_activity_vehicle_and_warming_potential_of_the_facts() -> None:
    factors = {row["factor_id"]: row for row in table("emission_factors.csv")}
    for fact in table("other_gases_shikorei.csv", FACTS):
        assert factors[f"plan_activities/{fact['key']}/{fact['gas']}"]["value"] == fact["value"]
    for fact in table("vehicles_ch4_n2o.csv", FACTS):
        for gas, column in (("CH4", "kgch4_per_km"), ("N2O", "kgn2o_per_km")):
            assert factors[f"plan_activities/vehicle_{int(fact['row']):02d}/{gas}"]["value"] == fact[column]
    potentials = {row["gwp_id"]: row for row in table("gwp.csv")}
    for fact in table("gwp.csv", FACTS):
        if fact["gas"] == "CO2":
            continue
        plan = potentials[f"gwp/plan/{fact['basis']}/{fact['gas']}"]
        shk = potentials[f"gwp/shk/{fact['basis']}/{fact['gas']}"]
        assert plan["value"] == shk["value"] == fact["gwp"]
        assert (plan["valid_from"], plan["valid_to"]) == (fact["in_force_from"], day_after(fact["in_force_to"]))
        assert shk["valid_from"] == fiscal(fact["shk_activity_fy_from"])


@needs_facts
def test_the_other_tables_of_the_facts_are_whole() -> None:
    added = [row for row in table("additions_2026.csv", FACTS) if row["kind"] in ("training", "announced")]
    assert len(table("posts.csv")) == len(table("shoene_roles_deadlines.csv", FACTS)) + len(added)
    assert len(table("report_tables.csv")) == len(table("periodic_report_tables.csv", FACTS))
    assert len(table("published_totals.csv")) == len(table("kawasaki.csv", FACTS))
    words = {row["energy_type"] for row in table("energy_types.csv", FACTS)}
    ours = {row["energy_type"]: row for row in table("energy_types.csv")}
    assert words <= set(ours)
    named = {row[column] for row in ours.values() for column in row if column.endswith(("_key", "2022", "2023"))}
    tables_of_fuels = (
        "shoene_heat_values",
        "fuels_shk_until_fy2022",
        "fuels_shk_from_fy2023",
        "municipal_fuels_shikorei",
    )
    for name in tables_of_fuels:  # every fuel of the three tables can be registered
        assert {row["fuel_key"] for row in table(f"{name}.csv", FACTS)} <= named, name
    gaps = {(row["what"], row["basis"]) for row in table("gaps.csv")}
    assert {(row["what"], row["basis"]) for row in table("gaps.csv", FACTS)} <= gaps


def test_a_gap_is_told_in_both_languages_with_the_same_years() -> None:
    kana = re.compile("[ぁ-んァ-ヶ一-龠]")
    for row in table("gaps.csv"):
        for key in ("what", "where", "remedy"):
            told = row[f"{key}_ja"]
            assert kana.search(told) and not kana.search(re.sub("（?施行令.*|様式第九", "", row[key])), (key, row)
            assert set(re.findall(r"20\d\d", told)) <= set(
                re.findall(r"20\d\d", " ".join(row[k] for k in ("what", "where", "remedy")))
            ), told
        assert re.findall(r"20\d\d-\d\d-\d\d", row["where"]) == re.findall(r"20\d\d-\d\d-\d\d", row["where_ja"]), row


def test_every_note_that_people_are_shown_is_told_in_japanese() -> None:
    """Words of another alphabet are left where they name a unit, a gas, a row or an address; no number is lost."""
    named = re.compile(
        r"https?://\S+|(?:kg|t)CO2(?:/\w*)?|kJ/kWh|kg/MJ|m3/kg|heat/substitute|HFC-134a|\b(?:SHK|Nm3|kPa|bar|GJ|kL|m3)\b|\bR[\d.]+",
        re.ASCII,
    )
    shown = {
        row["note"]
        for name in ("emission_factors", "heat_contents", "densities", "gwp")
        for row in table(f"{name}.csv")
    }
    assert len(shown) > 80
    for note in shown:
        told = texts.note(note, "ja")
        assert not re.search("[A-Za-z]{2}", named.sub("", told)), (note, told)
        wanted = re.sub(r"\(?shoene\S+|\(shikorei\S+|REI25|0 degC, 1 atm|25 degC, 1 bar|_SATP|CO2", "", note)
        assert set(re.findall(r"\d[\d.,]*\d", wanted)) <= set(re.findall(r"\d[\d.,]*\d", told)), (note, told)
    assert texts.note("as filed by the company; ", "en") == "as filed by the company"
    assert texts.note("調整後は; unknown words", "ja") == "調整後は。unknown words"


def test_what_the_gaps_list_is_absent() -> None:
    factors = table("emission_factors.csv")
    steam_2023 = [
        r
        for r in factors
        if r["factor_table"] == "heat_table" and r["valid_from"] <= "2023-04-01" < (r["valid_to"] or "9")
    ]
    assert {r["key"] for r in steam_2023} == {"plan_heat"}, "SHK heat of FY2023 was not read"
    assert not [r for r in table("gwp.csv") if r["gas"] == "SF6" and r["assessment"] == "AR4"]
    gas_2024 = [r for r in factors if r["factor_table"] == "city_gas" and r["kind"] != "national_substitute"]
    assert min(r["valid_from"] for r in gas_2024) == "2025-04-01"

"""The generated documents: every factor with its source, and the statement of the method (算定方法書).

Reads the published file and the settings; writes ``pages/factors.html`` and ``pages/method.html``.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines import rounding
from pipelines.findings import explain_reason
from pipelines.history import chain
from pipelines.reports.pages import page
from pipelines.reports.plain_text import plain
from pipelines.settings.city import CityFolder, Thresholds
from pipelines.texts import word
from pipelines.warehouse import query

FACTORS = """
SELECT f.factor_id AS id, f.factor_table, f.name_ja, f.supplier_no, f.supplier, f.menu, f.variant, f.gas, f.value, f.unit,
    f.valid_from, f.valid_to, f.edition, f.status, f.source_id, f.source_place AS place, f.note,
    EXISTS (SELECT 1 FROM factor_choices AS c WHERE c.factor_id = f.factor_id AND NOT c.is_extended)
        OR EXISTS (SELECT 1 FROM activity_choices AS a WHERE a.factor_id = f.factor_id) AS used
FROM emission_factors AS f
ORDER BY f.factor_table, f.supplier_no, f.key, f.menu NULLS FIRST, f.variant, f.gas, f.valid_from, f.factor_id
"""
HEAT = """
SELECT h.heat_content_id AS id, 'heat_contents' AS factor_table, h.name_ja, NULL AS supplier_no, h.supplier, h.area AS menu,
    h.time_band AS variant, NULL AS gas, h.value, h.unit, h.valid_from, h.valid_to, h.edition, h.status, h.source_id,
    h.source_place AS place, h.note,
    EXISTS (SELECT 1 FROM energy_choices AS c WHERE c.heat_content_id = h.heat_content_id)
        OR EXISTS (SELECT 1 FROM factor_choices AS c WHERE c.heat_content_id = h.heat_content_id AND NOT c.is_extended) AS used
FROM heat_contents AS h
ORDER BY h.heat_table, h.key, h.valid_from, h.heat_content_id
"""
DENSITIES = """
SELECT d.density_id AS id, 'densities' AS factor_table, d.energy_type AS name_ja, NULL AS supplier_no, d.supplier,
    d.area_or_menu AS menu, NULL AS variant, NULL AS gas, d.value, d.unit, d.valid_from, d.valid_to, NULL AS edition,
    'confirmed' AS status, d.source_id, NULL AS place, d.note,
    EXISTS (SELECT 1 FROM factor_choices AS c WHERE c.density_id = d.density_id) AS used
FROM densities AS d ORDER BY d.density_id
"""
GWP = """
SELECT g.gwp_id AS id, 'gwp' AS factor_table, g.name_ja, NULL AS supplier_no, g.gas AS supplier, g.assessment AS menu,
    g.basis AS variant, g.gas, g.value, '' AS unit, g.valid_from, g.valid_to, g.assessment AS edition, 'confirmed' AS status,
    g.source_id, g.source_place AS place, g.note,
    EXISTS (SELECT 1 FROM factor_choices AS c WHERE c.gwp_id = g.gwp_id)
        OR EXISTS (SELECT 1 FROM activity_choices AS a WHERE a.gwp_id = g.gwp_id) AS used
FROM gwp AS g ORDER BY g.gas, g.basis, g.valid_from
"""
RULES = """
SELECT r.*, e.name_ja FROM factor_rules AS r JOIN energy_types AS e ON e.energy_type = r.energy_type
ORDER BY r.energy_type, r.basis, r.valid_from NULLS FIRST, r.time_band
"""
COUNTS = """
SELECT (SELECT count(*) FROM facilities) AS facilities, (SELECT count(*) FROM operators) AS operators,
    (SELECT count(DISTINCT meter_id) FROM meters) AS meters,
    (SELECT count(DISTINCT activity_source_id) FROM activity_sources) AS activities,
    (SELECT CAST(value AS DECIMAL(9, 4)) FROM heat_contents WHERE key = 'crude_oil_equivalent') AS crude,
    (SELECT CAST(value AS INTEGER) FROM thresholds WHERE threshold_id = 'day_tariff_from') AS day_from,
    (SELECT CAST(value AS INTEGER) FROM thresholds WHERE threshold_id = 'day_tariff_to') AS day_to,
    (SELECT version FROM publications ORDER BY rowid DESC LIMIT 1) AS version,
    (SELECT today FROM publications ORDER BY rowid DESC LIMIT 1) AS today
"""
GROUPS = {
    "plan_fuels": ("実行計画の燃料", "fuels of the plan"),
    "shk_fuels": ("SHKの燃料", "fuels of the SHK report"),
    "electricity": ("電気", "electricity"),
    "city_gas": ("都市ガス", "city gas"),
    "heat": ("熱（供給事業者）", "heat, by supplier"),
    "heat_table": ("熱（法令の表）", "heat, by law"),
    "plan_activities": ("その他のガスの活動", "other gases"),
    "heat_contents": ("単位発熱量・一次換算係数", "heat contents and primary energy"),
    "densities": ("密度", "densities"),
    "gwp": ("地球温暖化係数", "warming potentials"),
}
# The rules about days that the statement quotes, in the order a reader meets them.
HANDLING = (
    "missing_data", "interpolated", "zero_day", "zero_unchecked", "over_limit", "standstill", "bill_differs", "unit_slip",
    "unit_slip_unchecked", "register_turn_unchecked", "provisional_reading", "delivery_not_closed", "displaces_several", "two_values",
    "equal_rows", "no_longer_sent", "held_back", "readings_after_validity", "readings_before_validity", "outside_life",
    "collecting", "check_failed",
    "no_contract", "no_factor_row", "two_factors", "not_in_table", "no_heat_content", "no_density", "gas_condition",
    "unknown_fuel", "unit_and_factor", "no_gwp", "provisional_factor", "deduction_unknown", "no_burnt_fraction",
    "partial_year", "no_base_year", "no_source", "no_target", "two_targets", "running_year",
)  # fmt: skip


def write(city: CityFolder) -> list[Path]:
    """Write both pages and return their paths.

    Raises:
        QueryError: nothing has been published yet.
    """
    with query.opened(city.published) as connection:
        counts = query.dicts(connection, COUNTS)[0]
        sources = {
            row["source_id"]: _link(row) for row in query.dicts(connection, "FROM reference_sources ORDER BY source_id")
        }
        gaps = query.dicts(connection, "FROM gaps")
        common = {
            "city": city.settings.city,
            "today": counts["today"],
            "gaps": gaps,
            "head": chain.head_told(city.history),
        }
        factors = [
            _factor(row, sources) for text in (FACTORS, HEAT, DENSITIES, GWP) for row in query.dicts(connection, text)
        ]
        method = _method(connection, city, counts)
    groups = [
        {"ja": ja, "en": en, "rows": [f for f in factors if f["factor_table"] == name]}
        for name, (ja, en) in GROUPS.items()
    ]
    used = [factor for factor in factors if factor["used"]]
    return [
        page.write(city.pages / "factors.html", "factors_page.html", **common, groups=groups, used=used),
        page.write(city.pages / "method.html", "method_page.html", **common, **method, sources=list(sources.values())),
    ]


def _factor(row: dict[str, Any], sources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    whose = [row["supplier_no"], row["supplier"] or row["name_ja"], row["menu"], row["variant"], row["gas"]]
    named = [sources[key] for key in (row["source_id"] or "").split(";") if key in sources]
    value = plain(row["value"]) if isinstance(row["value"], Decimal) else row["value"]
    return row | {
        "whose": " ".join(dict.fromkeys(str(part) for part in whose if part and part not in ("both", "-"))),
        "value": value,
        "sources": named,
    }


def _method(connection: duckdb.DuckDBPyConnection, city: CityFolder, counts: dict[str, Any]) -> dict[str, Any]:
    by_rule: dict[str, list[str]] = {}
    for output, name in rounding.outputs().items():
        by_rule.setdefault(name, []).append(word(f"output_{output}", "ja") if output.isascii() else output)
    shown = city.settings.reports.sign
    thresholds = city.settings.thresholds.model_dump()
    return {
        **{
            key: counts[key]
            for key in ("facilities", "operators", "meters", "activities", "version", "crude", "day_from", "day_to")
        },
        "rules": query.dicts(connection, RULES),
        "gwp": [
            row | {"value": plain(row["value"])}
            for row in query.dicts(connection, "FROM gwp ORDER BY gas, basis, valid_from NULLS FIRST")
        ],
        "short_gap": thresholds["interpolated_days_per_month"],
        "handling": [{"id": key, "ja": explain_reason(key, "ja"), "en": explain_reason(key, "en")} for key in HANDLING],
        "quality": query.dicts(connection, "FROM quality_rules ORDER BY effect, rule_id"),
        "rounding": [
            {"outputs": "・".join(names), "ja": rounding.rules()[key].ja, "en": rounding.rules()[key].en}
            for key, names in by_rule.items()
        ],
        "sign": {language: rounding.sign_name(shown, language) for language in ("ja", "en")},
        "city_rules": [
            row | {"only": " ".join(str(row[k]) for k in ("basis", "operator_id", "energy_type") if row[k])}
            for row in query.dicts(connection, "FROM method_rules ORDER BY rule_id")
        ],
        "thresholds": [
            {"name": name, "value": thresholds[name], "what": described.description or ""}
            for name, described in Thresholds.model_fields.items()
        ],
    }


def _link(row: dict[str, Any]) -> dict[str, Any]:
    url = str(row["url"])
    return {"title": row["title_ja"], "url": url, "link": url.startswith(("https://", "http://"))}

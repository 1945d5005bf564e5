"""The generated documents: every factor with its source, and the statement of the method (算定方法書).

Reads the published file and the settings; writes ``factors.html`` and ``method.html`` in both folders of pages.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines import rounding
from pipelines.ask import select
from pipelines.findings import explain_reason
from pipelines.history import chain
from pipelines.reports.pages import page
from pipelines.reports.plain_text import plain
from pipelines.settings.city import CityFolder, Thresholds
from pipelines.texts import LANGUAGES, note, word
from pipelines.warehouse import query

# The SELECTs that list figures, in the order in which the page lists their tables.
FACTORS = ("method_factors", "method_heat_contents", "method_densities", "method_gwp")
# The groups of the factors' page, in its order; a word of the catalogue names each.
GROUPS = (
    "plan_fuels",
    "own_fuels",
    "shk_fuels",
    "electricity",
    "city_gas",
    "heat",
    "heat_table",
    "plan_activities",
    "heat_contents",
    "densities",
    "gwp",
)
# The rules about days that the statement quotes, in the order a reader meets them.
HANDLING = (
    "missing_data", "interpolated", "zero_day", "zero_unchecked", "over_limit", "standstill", "bill_differs", "unit_slip",
    "unit_slip_unchecked", "register_turn_unchecked", "provisional_reading", "delivery_not_closed", "displaces_several", "two_values",
    "equal_rows", "no_longer_sent", "held_back", "readings_after_validity", "readings_before_validity", "outside_life",
    "collecting", "check_failed",
    "no_contract", "no_factor_row", "two_factors", "not_in_table", "no_heat_content", "no_density", "gas_condition",
    "unknown_fuel", "unit_and_factor", "no_gwp", "provisional_factor", "deduction_unknown", "no_burnt_fraction",
    "partial_year", "no_base_year", "no_floor_area", "no_source", "no_target", "two_targets", "running_year",
    "yearly_total", "yearly_total_size", "yearly_total_unchecked", "yearly_total_differs", "yearly_total_divided",
    "base_year_by_department",
)  # fmt: skip

TOLD_OF_GAPS = ("what", "where", "remedy")


def write(city: CityFolder) -> list[Path]:
    """Write both pages and return their paths in the folder for everybody.

    Raises:
        QueryError: nothing has been published yet.
    """
    with query.opened(city.published) as connection:
        counts = select.rows(connection, "method_counts")[0]
        sources = {row["source_id"]: _link(row) for row in select.rows(connection, "method_sources")}
        gaps = [_gap(row) for row in select.rows(connection, "method_gaps")]
        common = {
            "today": counts["today"],
            "gaps": gaps,
            "head": chain.head_told(city.history),
        }
        factors = [_factor(row, sources) for name in FACTORS for row in select.rows(connection, name)]
        method = _method(connection, city, counts)
    groups = [
        {
            **{language: word(f"group_{name}", language) for language in LANGUAGES},
            "rows": [f for f in factors if f["factor_table"] == name],
        }
        for name in GROUPS
    ]
    used = [factor for factor in factors if factor["used"]]
    return [
        page.write(city, "factors.html", "factors_page.html", **common, groups=groups, used=used),
        page.write(city, "method.html", "method_page.html", **common, **method, sources=list(sources.values())),
    ]


def _factor(row: dict[str, Any], sources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    whose = [row["supplier_no"], row["supplier"] or row["name_ja"], row["menu"], row["variant"], row["gas"]]
    named = [sources[key] for key in (row["source_id"] or "").split(";") if key in sources]
    value = plain(row["value"]) if isinstance(row["value"], Decimal) else row["value"]
    return row | {
        "whose": " ".join(dict.fromkeys(str(part) for part in whose if part and part not in ("both", "-"))),
        "value": value,
        "sources": named,
        **{f"note_{language}": note(row["note"], language) for language in LANGUAGES},
    }


def _method(connection: duckdb.DuckDBPyConnection, city: CityFolder, counts: dict[str, Any]) -> dict[str, Any]:
    by_rule: dict[str, list[str]] = {}
    for output, name in rounding.outputs().items():
        if output not in city.settings.reports.rounding:
            by_rule.setdefault(name, []).append(word(f"output_{output}", "ja") if output.isascii() else output)
    own = {name: city.settings.reports.document(name) for name in city.settings.reports.rounding}
    shown = city.settings.reports.sign
    thresholds = city.settings.thresholds.model_dump()
    return {
        **{
            key: counts[key]
            for key in ("facilities", "operators", "meters", "activities", "version", "crude", "day_from", "day_to")
        },
        "rules": select.rows(connection, "method_factor_rules"),
        "gwp": [row | {"value": plain(row["value"])} for row in select.rows(connection, "method_warming")],
        "short_gap": thresholds["interpolated_days_per_month"],
        "handling": [{"id": key, "ja": explain_reason(key, "ja"), "en": explain_reason(key, "en")} for key in HANDLING],
        "quality": select.rows(connection, "method_quality"),
        "rounding": [
            {"outputs": "・".join(names), "ja": rounding.rules()[key].ja, "en": rounding.rules()[key].en}
            for key, names in by_rule.items()
        ]
        + [
            {"outputs": name, "ja": told.sentence("ja"), "en": told.sentence("en")}
            for name, told in own.items()
            if told
        ],
        "sign": {language: rounding.sign_name(shown, language) for language in ("ja", "en")},
        "city_rules": [
            row | {"only": " ".join(str(row[k]) for k in ("basis", "operator_id", "energy_type") if row[k])}
            for row in select.rows(connection, "method_city_rules")
        ],
        "thresholds": [
            {"name": name, "value": thresholds[name], "what": described.description or ""}
            for name, described in Thresholds.model_fields.items()
        ],
    }


def _gap(row: dict[str, Any]) -> dict[str, Any]:
    """Both languages; a file published before the gaps were told in Japanese has the English alone."""
    names = [name.strip().replace(" ", "_") for name in row["basis"].split(",")]
    return {
        **{key: row[key] for key in TOLD_OF_GAPS},
        **{f"{key}_ja": row.get(f"{key}_ja") or row[key] for key in TOLD_OF_GAPS},
        "basis": row["basis"],
        "basis_ja": "・".join(word(name, "ja") for name in names),
    }


def _link(row: dict[str, Any]) -> dict[str, Any]:
    url = str(row["url"])
    return {"title": row["title_ja"], "url": url, "link": url.startswith(("https://", "http://"))}

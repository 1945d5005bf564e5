"""The generated documents: every factor with its source, every clause, every rule of the city; nothing from outside."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import duckdb
import pytest

from pipelines import rounding
from pipelines.findings import explain_reason
from pipelines.reports.pages import documents
from pipelines.settings.city import CityFolder, Thresholds
from pipelines.texts import LANGUAGES
from tests.making import City, rows_of


@pytest.fixture(scope="module")
def written(sample_folder: Path) -> dict[str, str]:
    paths = documents.write(CityFolder(sample_folder))
    return {path.name: unescape(path.read_text(encoding="utf-8")) for path in paths}


def test_every_factor_stands_on_the_page_with_value_and_source(
    written: dict[str, str], sample: duckdb.DuckDBPyConnection
) -> None:
    page = written["factors.html"]
    ids = rows_of(
        sample,
        """SELECT factor_id FROM emission_factors UNION ALL SELECT heat_content_id FROM heat_contents
        UNION ALL SELECT density_id FROM densities UNION ALL SELECT gwp_id FROM gwp""",
    )
    assert len(ids) > 1000
    assert [i for (i,) in ids if f"<code>{i}</code>" not in page] == []
    used = {i for (i,) in rows_of(sample, "SELECT DISTINCT factor_id FROM emissions_by_source_day")}
    top = page[: page.index("<details>")]
    assert [i for i in used if f"<code>{i}</code>" not in top] == []
    for (url,) in rows_of(
        sample,
        """SELECT DISTINCT s.url FROM emission_factors AS f JOIN reference_sources AS s
            ON list_contains(string_split(f.source_id, ';'), s.source_id)""",
    ):
        assert url in page


def test_the_statement_of_the_method_names_every_clause_rule_gap_and_rounding(
    written: dict[str, str], sample: duckdb.DuckDBPyConnection
) -> None:
    page = written["method.html"]
    for statement in ("SELECT DISTINCT clause FROM factor_rules", "SELECT rule_id FROM method_rules", "SELECT source FROM method_rules",
                      "SELECT DISTINCT remedy FROM gaps", "SELECT where_ja FROM gaps",
                      "SELECT title_ja FROM reference_sources"):  # fmt: skip
        assert [text for (text,) in rows_of(sample, statement) if text not in page] == [], statement
    assert all(rounding.rules()[name].ja in page for name in rounding.outputs().values())
    assert all(f"<code>{name}</code>" in page for name in Thresholds.model_fields)
    assert "44/12" in page and "達成" in page and "判定不能" in page


def test_every_reason_for_a_day_or_year_is_explained_in_the_statement(sample: duckdb.DuckDBPyConnection) -> None:
    seen = rows_of(
        sample, "SELECT DISTINCT unnest(string_split(reasons, ';')) FROM facility_results WHERE reasons IS NOT NULL"
    )
    told = {reason.removeprefix("baseline:") for (reason,) in seen}
    assert told and told <= set(documents.HANDLING)


def test_a_reason_stands_without_the_numbers_of_a_case(sample: duckdb.DuckDBPyConnection) -> None:
    """Verdicts, marks of days and the statement name rules without their case: no blank (``?``) is left where numbers would stand."""
    rules = {rule for (rule,) in rows_of(sample, "SELECT rule_id FROM quality_rules")}
    fractions = {f"composition_{name}" for name in ("basis_unknown", "no_moisture", "too_few", "more")}
    told = {*documents.HANDLING, *rules, *fractions}
    assert [rule for rule in sorted(told) for lang in LANGUAGES if re.search(r"\?|{", explain_reason(rule, lang))] == []


def test_the_pages_need_nothing_from_outside_and_escape_what_people_wrote(written: dict[str, str], city: City) -> None:
    for page in written.values():
        assert not re.search(r"<(script|img|iframe)|src=|@import|url\(", page)
        assert re.findall(r"<link[^>]*>", page) == ['<link rel="stylesheet" href="site.css">']
        assert 'href="validation.html"' in page
    city.register("facilities", [{"facility_id": "F1", "name": "<b>庁舎</b>", "operator_id": "OP"}])
    city.register("contracts", [{"meter_id": "M1", "supplier": "<script>alert(1)</script>"}])
    factor = {"supplier": "<script>alert(1)</script>", "kind": "single", "energy_type": "electricity", "activity_fy": 2024,
              "basic": "0.0004", "adjusted": "0.0004", "unit": "t-CO2/kWh", "source": "<img src=x>"}  # fmt: skip
    city.register("supplier_factors", [factor])
    city.publish()
    for path in documents.write(city.paths):
        text = path.read_text(encoding="utf-8")
        assert "<script>" not in text and "<img" not in text

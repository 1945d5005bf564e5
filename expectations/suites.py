"""The suites: reference, readings, results. Rules as code, in the order the data flows."""

from __future__ import annotations

import great_expectations.expectations as gxe

from expectations.check import Check, rows_that
from expectations.contracts import contract
from pipelines.warehouse.invariants import INVARIANTS


def reference_suite() -> list[Check]:
    """Factors, heat contents and warming potentials: sourced, dated, positive, never two for one use."""
    return [
        *(
            check
            for name in ("reference_sources", "emission_factors", "heat_contents", "gwp", "quality_rules")
            for check in contract(name)
        ),
        Check(
            "emission_factors",
            gxe.ExpectColumnValuesToBeBetween(column="value", min_value=0),
            "係数は負でない",
            "no factor is negative",
        ),
        Check(
            "emission_factors",
            rows_that("validity", "SELECT * FROM {batch} WHERE valid_from >= valid_to"),
            "有効期間の終わりは初めより後",
            "validity ends after it begins",
        ),
        Check(
            "emission_factors",
            rows_that(
                "sourced",
                """WITH f AS (SELECT * FROM {batch})
                   SELECT f.* FROM f WHERE f.origin = 'reference' AND (f.source_id IS NULL OR EXISTS (
                   SELECT 1 FROM (SELECT unnest(string_split(f.source_id, ';')) AS id) AS s
                   WHERE s.id NOT IN (SELECT source_id FROM reference_sources)))""",
            ),
            "公表係数には出典がある",
            "every published factor has a source",
        ),
        Check(
            "emission_factors",
            rows_that(
                "one_per_use",
                """WITH f AS (SELECT * FROM {batch}) SELECT a.factor_id, b.factor_id AS other FROM f AS a JOIN f AS b
                   ON a.factor_table = b.factor_table AND a.key = b.key AND a.gas = b.gas
                   AND a.kind = 'table' AND b.kind = 'table' AND a.factor_id < b.factor_id
                   AND coalesce(a.valid_from, DATE '0001-01-01') < coalesce(b.valid_to, DATE '9999-12-31')
                   AND coalesce(b.valid_from, DATE '0001-01-01') < coalesce(a.valid_to, DATE '9999-12-31')""",
            ),
            "法令の表の係数は同じ期間に一つ",
            "one table factor per key, gas and day",
        ),
        Check(
            "emission_factors",
            rows_that(
                "suspicious_city_factor",
                """SELECT * FROM {batch} WHERE origin = 'city' AND unit LIKE 't_CO2/kWh' AND value > 0.002""",
            ),
            "市が登録した電気の係数は 0.002 t-CO2/kWh 以下（単位の取り違えの疑い）",
            "electricity factors entered by the city are at most 0.002 t-CO2/kWh (a unit slip?)",
            is_invariant=False,
        ),
        Check(
            "gwp",
            gxe.ExpectColumnValuesToBeBetween(column="value", min_value=1),
            "温暖化係数は1以上",
            "warming potentials are at least 1",
        ),
    ]


def readings_suite() -> list[Check]:
    """What was taken in: periods, times of knowledge, and what a person should look at."""
    return [
        *(
            check
            for name in ("source_files", "readings", "register_states", "activity_readings", "quarantine")
            for check in contract(name)
        ),
        Check(
            "readings",
            gxe.ExpectColumnValuesToBeBetween(column="quantity", min_value=0),
            "数量は負でない",
            "no quantity is negative",
        ),
        Check(
            "readings",
            rows_that("periods", "SELECT * FROM {batch} WHERE ended_at <= started_at OR known_to < known_from"),
            "期間と把握日時の前後が正しい",
            "periods and times of knowledge run forward",
        ),
        Check(
            "readings",
            rows_that(
                "two_values_in_one_file",
                # of two values for one period at most one is in use, so only periods with a superseded one are looked at
                """SELECT r.meter_id, r.reading_kind, r.time_band, r.started_at, r.ended_at, r.source_sha256 FROM {batch} AS r
                   SEMI JOIN (SELECT meter_id, started_at FROM {batch} WHERE known_to IS NOT NULL) AS s
                   ON s.meter_id = r.meter_id AND s.started_at = r.started_at
                   GROUP BY ALL HAVING count(DISTINCT r.quantity) > 1""",
            ),
            "一つのファイルが同じ期間に異なる値を述べない",
            "no file states two values for one period",
            is_invariant=False,
        ),
        Check(
            "readings",
            rows_that("issued_later", "SELECT * FROM {batch} WHERE issued_on > CAST(known_from AS DATE)"),
            "発行日は受領日より後でない",
            "nothing was issued after it was received",
            is_invariant=False,
        ),
        Check(
            "source_files",
            rows_that("unreadable", "SELECT * FROM {batch} WHERE status = 'unreadable'"),
            "読めないファイルがない",
            "every file could be read",
            is_invariant=False,
        ),
        Check(
            "source_files",
            rows_that("held_back", "SELECT * FROM {batch} WHERE rows_quarantined > 0"),
            "取込保留のあるファイルがない",
            "no file has values in quarantine",
            is_invariant=False,
        ),
    ]


def results_suite() -> list[Check]:
    """Energy, emissions, verdicts and flags: contracts, vocabularies, and every invariant of ours."""
    results = ("target_results", "facility_results")
    return [
        *(
            check
            for name in (
                "emissions_by_facility_month",
                "emissions_by_facility_fiscal_year",
                "emissions_by_cause_gas_fiscal_year",
                "emissions_at_base_factors",
                "base_year_lines",
                "operator_years",
                "readings_outside_life",
                "outside_rows",
                "operator_fiscal_years",
                "doubts",
                *results,
                "flags",
                "findings",
            )
            for check in contract(name)
        ),
        *(
            Check(
                name,
                rows_that("reasoned", "SELECT * FROM {batch} WHERE verdict = 'undeterminable' AND reasons IS NULL"),
                "判定不能には理由がある",
                "what is undeterminable has a reason",
            )
            for name in results
        ),
        *(
            Check(
                name,
                gxe.ExpectColumnValuesToBeBetween(column="coverage", min_value=0, max_value=1),
                "データ把握率は0から1",
                "coverage lies between 0 and 1",
            )
            for name in (*results, "emissions_by_facility_month", "emissions_by_facility_fiscal_year")
        ),
        Check(
            "emissions_by_facility_month",
            rows_that("negative_month", "SELECT * FROM {batch} WHERE co2e_kg < 0 OR energy_gj < 0"),
            "施設の月の排出量・エネルギーは負にならない（控除しすぎの疑い）",
            "no facility month is negative (too much deducted?)",
            is_invariant=False,
        ),
        *(
            Check(
                "invariant_results",
                rows_that(i.name, f"SELECT * FROM {{batch}} WHERE name = '{i.name}' AND failing_rows > 0"),
                i.meaning_ja,
                i.meaning_en,
                is_invariant=i.holds_night,
            )
            for i in INVARIANTS
        ),
    ]


SUITES = {"reference": reference_suite, "readings": readings_suite, "results": results_suite}

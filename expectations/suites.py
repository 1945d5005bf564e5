"""The suites: reference, readings, results. Rules as code, in the order the data flows."""

from __future__ import annotations

import great_expectations.expectations as gxe

from expectations.check import Check, rows_that
from expectations.contracts import contract
from pipelines.texts import ja_en
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
            *ja_en("factors_not_negative"),
        ),
        Check(
            "emission_factors",
            rows_that("validity", "SELECT * FROM {batch} WHERE valid_from >= valid_to"),
            *ja_en("validity_runs_forward"),
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
            *ja_en("factors_have_sources"),
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
            *ja_en("one_factor_per_use"),
        ),
        Check(
            "emission_factors",
            rows_that(
                "suspicious_city_factor",
                """SELECT * FROM {batch} WHERE origin = 'city' AND unit LIKE 't_CO2/kWh' AND value > 0.002""",
            ),
            *ja_en("city_factors_not_suspicious"),
            is_invariant=False,
        ),
        Check(
            "gwp",
            gxe.ExpectColumnValuesToBeBetween(column="value", min_value=1),
            *ja_en("warming_at_least_1"),
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
            *ja_en("quantities_not_negative"),
        ),
        Check(
            "readings",
            rows_that("periods", "SELECT * FROM {batch} WHERE ended_at <= started_at OR known_to < known_from"),
            *ja_en("periods_run_forward"),
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
            *ja_en("one_value_per_file"),
            is_invariant=False,
        ),
        Check(
            "readings",
            rows_that("issued_later", "SELECT * FROM {batch} WHERE issued_on > CAST(known_from AS DATE)"),
            *ja_en("issued_before_received"),
            is_invariant=False,
        ),
        Check(
            "source_files",
            rows_that("unreadable", "SELECT * FROM {batch} WHERE status = 'unreadable'"),
            *ja_en("every_file_readable"),
            is_invariant=False,
        ),
        Check(
            "source_files",
            rows_that("held_back", "SELECT * FROM {batch} WHERE rows_quarantined > 0"),
            *ja_en("no_file_held_back"),
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
                "site_fiscal_years",
                "post_requirements",
                "post_terms",
                "deadlines",
                "site_energy_years",
                "intensities",
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
                *ja_en("undeterminable_has_reason"),
            )
            for name in results
        ),
        *(
            Check(
                name,
                gxe.ExpectColumnValuesToBeBetween(column="coverage", min_value=0, max_value=1),
                *ja_en("coverage_from_0_to_1"),
            )
            for name in (*results, "emissions_by_facility_month", "emissions_by_facility_fiscal_year")
        ),
        Check(
            "emissions_by_facility_month",
            rows_that("negative_month", "SELECT * FROM {batch} WHERE co2e_kg < 0 OR energy_gj < 0"),
            *ja_en("no_month_negative"),
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

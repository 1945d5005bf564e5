-- emissions_by_facility_fiscal_year: one row per facility, fiscal year and basis: sums of its months (year_rule by_day).
-- Inputs: emissions_by_source_month, heat_contents (the crude-oil coefficient).
WITH by_source AS (
    SELECT
        facility_id, fiscal_year, basis, source_kind, source_id, coalesce(sum(co2e_kg) FILTER (gas <> 'NF3'), 0) AS co2e_kg,
        sum(total_energy_gj) AS energy_gj, bool_or(is_provisional) AS is_provisional,
        sum(covered_days) AS covered_days, sum(expected_days) AS expected_days
    FROM emissions_by_source_month
    GROUP BY ALL
)
SELECT
    facility_id, fiscal_year, 'by_day' AS year_rule, basis, sum(co2e_kg) AS co2e_kg, sum(energy_gj) AS energy_gj,
    sum(energy_gj) * (SELECT CAST(value AS DECIMAL(9, 4)) FROM heat_contents WHERE key = 'crude_oil_equivalent') AS crude_oil_kl,
    min(CAST(CAST(covered_days * 1000000 // nullif(expected_days, 0) AS DECIMAL(9, 0)) * 0.000001 AS DECIMAL(9, 6))) AS coverage,
    bool_or(is_provisional) AS is_provisional
FROM by_source
GROUP BY facility_id, fiscal_year, basis

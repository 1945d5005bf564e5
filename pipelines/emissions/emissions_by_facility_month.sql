-- emissions_by_facility_month: one row per facility, month, basis and source type. The total of the plan counts six gases:
-- NF3 is shown elsewhere, not summed (温対法施行令). Coverage is that of the least covered source, cut to six places.
-- Inputs: emissions_by_source_month, heat_contents (the crude-oil coefficient).
SELECT
    facility_id, month, basis, source_type, coalesce(sum(co2e_kg) FILTER (gas <> 'NF3'), 0) AS co2e_kg,
    sum(total_energy_gj) AS energy_gj,
    sum(total_energy_gj) * (SELECT CAST(value AS DECIMAL(9, 4)) FROM heat_contents WHERE key = 'crude_oil_equivalent') AS crude_oil_kl,
    min(CAST(CAST(covered_days * 1000000 // nullif(expected_days, 0) AS DECIMAL(9, 0)) * 0.000001 AS DECIMAL(9, 6))) AS coverage
FROM emissions_by_source_month
WHERE year_rule = 'by_day'
GROUP BY facility_id, month, basis, source_type

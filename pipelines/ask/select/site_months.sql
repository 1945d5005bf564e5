-- site_months: one row per facility, month and kind of energy or activity of three fiscal years: what the plan counts. Parameter: fiscal_year.
-- Reads emissions_by_facility_month.
SELECT facility_id, month, source_type, co2e_kg, energy_gj, coverage
FROM emissions_by_facility_month
WHERE basis = 'plan' AND fiscal_year_of(month) BETWEEN CAST($fiscal_year AS INTEGER) - 1 AND CAST($fiscal_year AS INTEGER) + 1
ORDER BY facility_id, month, source_type

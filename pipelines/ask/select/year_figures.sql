-- year_figures: the plan's total of every facility and fiscal year, and whether it is known in full. Reads emissions_by_facility_fiscal_year.
SELECT facility_id, fiscal_year, co2e_kg, coverage > 0 AS is_begun, coverage = 1 AS is_whole
FROM emissions_by_facility_fiscal_year
WHERE basis = 'plan' AND is_in_force
ORDER BY facility_id, fiscal_year

-- low_not_above_high: of every interval in the months of sources, facility-years and results; what was measured lies within it where only
-- the factor is uncertain, a filled day not above its upper bound. What is taken off is negative: there the lower bound is the
-- larger taking. Inputs: emissions_by_source_month, facility_results, target_results.
SELECT facility_id, NULL AS target_id, fiscal_year, low_co2e_kg, high_co2e_kg
FROM emissions_by_source_month
WHERE open_days = 0 AND coalesce(reasons, '') IN ('', 'provisional_factor')
    AND abs(co2e_kg - (low_co2e_kg + high_co2e_kg) / 2) > abs(high_co2e_kg - low_co2e_kg) / 2 + 0.000001
    OR open_days = 0 AND reasons IN ('interpolated', 'interpolated;provisional_factor') AND co2e_kg > high_co2e_kg + 0.000001 AND co2e_kg > 0
    OR open_days = 0 AND (low_co2e_kg > high_co2e_kg AND high_co2e_kg >= 0 OR low_co2e_kg < high_co2e_kg AND high_co2e_kg < 0)
UNION ALL
SELECT facility_id, NULL, fiscal_year, sum(low_co2e_kg), sum(high_co2e_kg)
FROM emissions_by_source_month
WHERE is_in_force
GROUP BY facility_id, fiscal_year, basis
HAVING sum(open_days) = 0 AND sum(low_co2e_kg) > sum(high_co2e_kg) AND sum(low_co2e_kg) > 0
UNION ALL
SELECT facility_id, NULL, fiscal_year, actual_low_co2e_kg, actual_high_co2e_kg
FROM facility_results
WHERE actual_low_co2e_kg > actual_high_co2e_kg AND actual_low_co2e_kg > 0
    OR baseline_low_co2e_kg > baseline_high_co2e_kg AND baseline_low_co2e_kg > 0
    OR allowed_co2e_kg > allowed_high_co2e_kg AND allowed_co2e_kg > 0
UNION ALL
SELECT NULL, target_id, fiscal_year, actual_low_co2e_kg, actual_high_co2e_kg
FROM target_results
WHERE actual_low_co2e_kg > actual_high_co2e_kg AND actual_low_co2e_kg > 0
    OR baseline_low_co2e_kg > baseline_high_co2e_kg AND baseline_low_co2e_kg > 0
    OR allowed_co2e_kg > allowed_high_co2e_kg AND allowed_co2e_kg > 0

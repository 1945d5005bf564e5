-- no_verdict_without_cover: 達成 needs an upper bound of the actual and of the baseline's lower bound, on a covered year; what is
-- not covered but bounded (doubtful, filled) is named among its reasons.
-- Reads facility_results, target_results.
SELECT facility_id, NULL AS target_id, fiscal_year, verdict, coverage
FROM facility_results
WHERE verdict = 'achieved' AND (actual_high_co2e_kg IS NULL OR allowed_co2e_kg IS NULL OR coverage < 1 AND reasons IS NULL
    OR actual_high_co2e_kg > allowed_co2e_kg)
UNION ALL
SELECT NULL, target_id, fiscal_year, verdict, coverage
FROM target_results
WHERE verdict = 'achieved' AND (actual_high_co2e_kg IS NULL OR allowed_co2e_kg IS NULL OR coverage < 1 AND reasons IS NULL
    OR actual_high_co2e_kg > allowed_co2e_kg)

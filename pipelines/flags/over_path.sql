-- over_path: facilities that missed their path in the last closed fiscal year: even the lowest actual is above the allowed.
-- Input: facility_results. Parameter: last_closed.
SELECT
    facility_id, fiscal_year, basis AS subject, actual_low_co2e_kg - allowed_high_co2e_kg AS co2e_at_stake_kg,
    to_json({actual_t: CAST(actual_low_co2e_kg AS DOUBLE) / 1000, allowed_t: CAST(allowed_high_co2e_kg AS DOUBLE) / 1000,
        is_exact: coalesce(actual_low_co2e_kg = actual_high_co2e_kg, false), excess_t: CAST(actual_low_co2e_kg - allowed_high_co2e_kg AS DOUBLE) / 1000, target_id: target_id,
        actual_kg: CAST(actual_low_co2e_kg AS VARCHAR), allowed_kg: CAST(allowed_high_co2e_kg AS VARCHAR)}) AS evidence
FROM facility_results
WHERE verdict = 'not_achieved' AND fiscal_year = CAST($last_closed AS INTEGER)

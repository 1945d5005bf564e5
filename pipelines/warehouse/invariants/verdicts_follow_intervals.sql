-- verdicts_follow_intervals: 達成 where even the highest actual is within what the lowest baseline allows, 未達 where even the lowest is
-- above what the highest allows, of years that are over; what the intervals decide is undeterminable only where something else
-- forbids a verdict. Inputs: facility_results, target_results, build_inputs.
WITH results AS (
    SELECT facility_id, NULL AS target_id, fiscal_year, allowed_co2e_kg, allowed_high_co2e_kg, actual_low_co2e_kg, actual_high_co2e_kg, verdict, reasons
    FROM facility_results
    UNION ALL
    SELECT NULL, target_id, fiscal_year, allowed_co2e_kg, allowed_high_co2e_kg, actual_low_co2e_kg, actual_high_co2e_kg, verdict, reasons
    FROM target_results
),
decided AS (
    SELECT *, coalesce(actual_high_co2e_kg <= allowed_co2e_kg, false) AS is_within, coalesce(actual_low_co2e_kg > allowed_high_co2e_kg, false) AS is_above,
        fiscal_year >= (SELECT fiscal_year_of(CAST(inputs_hash AS DATE)) FROM build_inputs WHERE kind = 'today') AS is_running,
        list_has_any(string_split(coalesce(reasons, ''), ';'),
            ['partial_year', 'no_base_year', 'no_source', 'baseline:no_source', 'no_target', 'two_targets', 'running_year', 'check_failed',
            'baseline:check_failed']) AS is_barred
    FROM results
)
SELECT facility_id, target_id, fiscal_year, verdict
FROM decided
WHERE verdict <> 'undeterminable' AND is_running
    OR verdict = 'achieved' AND NOT is_within OR verdict = 'not_achieved' AND (is_within OR NOT is_above)
    OR verdict = 'undeterminable' AND (is_within OR is_above) AND NOT is_barred

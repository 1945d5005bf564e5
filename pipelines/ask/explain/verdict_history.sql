-- verdict_history: every verdict published of the facility-year, oldest first, and whether its target was the facility's own.
-- Input: published_verdicts. Reads targets.
SELECT v.published_time, v.run_id, v.version, v.year_state, v.verdict, v.target_id, v.baseline_low_co2e_kg, v.baseline_high_co2e_kg,
    v.allowed_co2e_kg, v.actual_low_co2e_kg, v.actual_high_co2e_kg, v.reasons,
    v.target_id IS NOT NULL
        AND v.target_id NOT IN (SELECT target_id FROM targets WHERE subject_kind = 'facility' AND path_status = 'adopted') AS is_inherited
FROM published_verdicts AS v
WHERE v.subject_key = 'facility/' || $facility AND v.fiscal_year = $year AND v.basis = $basis
ORDER BY v.published_time, v.run_id

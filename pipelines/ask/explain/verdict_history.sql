-- verdict_history: every verdict published of the facility-year, oldest first. Input: published_verdicts.
SELECT published_time, run_id, version, year_state, verdict, target_id, baseline_low_co2e_kg, baseline_high_co2e_kg, allowed_co2e_kg,
    actual_low_co2e_kg, actual_high_co2e_kg, reasons
FROM published_verdicts
WHERE subject_key = 'facility/' || $facility AND fiscal_year = $year AND basis = $basis
ORDER BY published_time, run_id

-- verdict_restatements: how the verdict of the facility-year changed once it was closed. Input: verdict_restatements.
SELECT *, '' AS name FROM verdict_restatements
WHERE subject_key = 'facility/' || $facility AND fiscal_year = $year AND basis = $basis
ORDER BY published_time, run_id

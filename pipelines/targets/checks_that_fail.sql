-- checks_that_fail: one row per check of results that fails, with the facilities and targets that it names; or that could not be run,
-- with why.
-- Inputs: failed_checks, invariant_results.
SELECT f.name, any_value(i.meaning_ja) AS ja, any_value(i.meaning_en) AS en,
    string_agg(DISTINCT coalesce(f.facility_id, f.target_id), ', ' ORDER BY coalesce(f.facility_id, f.target_id)) AS subjects,
    CAST(sum(f.failing_rows) AS BIGINT) AS failing_rows, any_value(f.check_problem) AS problem
FROM failed_checks AS f
JOIN invariant_results AS i ON i.name = f.name
GROUP BY f.name
ORDER BY f.name

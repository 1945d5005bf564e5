-- verdict_restatements: how the verdict of the facility-year changed once it was closed, and whether the target before and after was its own.
-- Input: verdict_restatements. Reads targets.
SELECT r.*, '' AS name,
    r.before_target_id IS NOT NULL
        AND (before.path_status IS NOT DISTINCT FROM 'indicative' OR r.subject_key LIKE 'facility/%' AND before.subject_kind IS DISTINCT FROM 'facility')
        AS before_is_inherited,
    r.after_target_id IS NOT NULL
        AND (after.path_status IS NOT DISTINCT FROM 'indicative' OR r.subject_key LIKE 'facility/%' AND after.subject_kind IS DISTINCT FROM 'facility')
        AS after_is_inherited
FROM verdict_restatements AS r
LEFT JOIN targets AS before ON before.target_id = r.before_target_id
LEFT JOIN targets AS after ON after.target_id = r.after_target_id
WHERE r.subject_key = 'facility/' || $facility AND r.fiscal_year = $year AND r.basis = $basis
ORDER BY r.published_time, r.run_id

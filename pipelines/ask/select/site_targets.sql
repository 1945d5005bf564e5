-- site_targets: one row per target and fiscal year: the subject's sum against what is allowed.
-- Reads target_results, targets, operators.
SELECT r.*, t.path_status, t.base_fy, t.target_fy, t.reduction_rate, t.source,
    CASE r.subject_kind WHEN 'operator' THEN o.name WHEN 'city' THEN NULL ELSE r.subject_id END AS subject_name
FROM target_results AS r
LEFT JOIN (SELECT * FROM targets QUALIFY row_number() OVER (PARTITION BY target_id ORDER BY adopted_on DESC NULLS LAST, subject_id) = 1) AS t
    ON t.target_id = r.target_id
LEFT JOIN operators AS o ON o.operator_id = r.subject_id
ORDER BY CASE r.subject_kind WHEN 'city' THEN 1 WHEN 'operator' THEN 2 WHEN 'department' THEN 3 WHEN 'group' THEN 4 ELSE 5 END, r.subject_id, r.fiscal_year

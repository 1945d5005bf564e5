-- site_changes: one row per verdict that the last publication changed, and whether the target before and after was one of the subject's own.
-- Reads verdict_restatements, publications, targets.
SELECT r.subject_kind, r.subject_id, r.fiscal_year, r.before_verdict, r.after_verdict, r.causes,
    is_of_path(r.subject_key, r.before_target_id, before.subject_kind, before.path_status) AS before_is_inherited,
    is_of_path(r.subject_key, r.after_target_id, after.subject_kind, after.path_status) AS after_is_inherited
FROM verdict_restatements AS r
LEFT JOIN targets AS before ON before.target_id = r.before_target_id
LEFT JOIN targets AS after ON after.target_id = r.after_target_id
WHERE r.run_id = (SELECT p.run_id FROM publications AS p ORDER BY p.published_time DESC, p.run_id DESC LIMIT 1)
ORDER BY r.fiscal_year DESC, r.subject_kind, r.subject_id

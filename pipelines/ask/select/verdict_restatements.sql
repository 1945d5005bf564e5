-- verdict_restatements: a verdict of a closed year that changed, since a moment, and whether the target before and after was one of the
-- subject's own. Reads facilities, targets, verdict_restatements.
SELECT r.*, coalesce(f.name, '') AS name,
    is_of_path(r.subject_key, r.before_target_id, before.subject_kind, before.path_status) AS before_is_inherited,
    is_of_path(r.subject_key, r.after_target_id, after.subject_kind, after.path_status) AS after_is_inherited
FROM verdict_restatements AS r
LEFT JOIN facilities AS f ON r.subject_key = 'facility/' || f.facility_id
LEFT JOIN targets AS before ON before.target_id = r.before_target_id
LEFT JOIN targets AS after ON after.target_id = r.after_target_id
WHERE r.published_time >= CAST($since AS TIMESTAMP)
ORDER BY r.published_time DESC, r.fiscal_year DESC, r.subject_key, r.basis

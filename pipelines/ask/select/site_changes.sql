-- site_changes: one row per verdict that the last publication changed. Reads verdict_restatements, publications.
SELECT r.subject_kind, r.subject_id, r.fiscal_year, r.before_verdict, r.after_verdict, r.causes
FROM verdict_restatements AS r
WHERE r.run_id = (SELECT p.run_id FROM publications AS p ORDER BY p.published_time DESC, p.run_id DESC LIMIT 1)
ORDER BY r.fiscal_year DESC, r.subject_kind, r.subject_id

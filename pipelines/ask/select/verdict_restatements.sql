-- verdict_restatements: a verdict of a closed year that changed, since a moment.
-- Reads facilities, verdict_restatements.
SELECT r.*, coalesce(f.name, '') AS name
FROM verdict_restatements AS r
LEFT JOIN facilities AS f ON r.subject_key = 'facility/' || f.facility_id
WHERE r.published_time >= CAST($since AS TIMESTAMP)
ORDER BY r.published_time DESC, r.fiscal_year DESC, r.subject_key, r.basis

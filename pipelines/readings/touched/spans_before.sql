-- spans_before: of which time and how many meters the earlier files are. Input: last.intake_log.
SELECT sha256 AS source_sha256, any_value(first_at) AS first_at, any_value(last_at) AS last_at, any_value(sources_named) AS sources_named
FROM last.intake_log
WHERE status = 'read'
GROUP BY sha256

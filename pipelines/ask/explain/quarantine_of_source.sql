-- quarantine_of_source: values held back whose text names the source. Inputs: quarantine, source_files.
SELECT DISTINCT f.source || '/' || f.path AS path, q.source_member, q.source_line, q.source_column, q.rule_id, q.reason, q.reason_en, q.raw
FROM quarantine AS q
JOIN source_files AS f ON f.sha256 = q.source_sha256 AND f.status = 'read'
WHERE q.meter_id = $source AND (q.started_at IS NULL OR q.started_at < CAST($end AS TIMESTAMP) AND q.ended_at > CAST($first AS TIMESTAMP))
ORDER BY ALL
LIMIT 20

-- readings_of_activity: the figures in use that touch the span, each with file, line and column.
-- Inputs: activity_readings, source_files.
WITH files AS (
    SELECT sha256, min(source || '/' || path ORDER BY received_at, source, path) AS path FROM source_files WHERE status = 'read' GROUP BY sha256
)
SELECT r.started_at, r.ended_at, r.quantity, r.unit, r.stage, r.quality, 'all' AS time_band, 'activity' AS reading_kind, f.path,
    r.source_line, r.source_column, r.known_from, true AS counts
FROM activity_readings AS r
JOIN files AS f ON f.sha256 = r.source_sha256
WHERE r.known_to IS NULL AND r.activity_source_id = $source AND r.started_at < CAST($end AS TIMESTAMP)
    AND r.ended_at > CAST($first AS TIMESTAMP)
ORDER BY r.started_at, r.source_line
LIMIT 60

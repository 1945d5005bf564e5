-- files_of_activity: the files whose figures in use touch the span. Inputs: activity_readings, source_files.
WITH files AS (
    SELECT sha256, min(source || '/' || path ORDER BY received_at, source, path) AS path, min(received_at) AS received_at
    FROM source_files WHERE status = 'read' GROUP BY sha256
)
SELECT f.path, r.source_sha256, f.received_at, 'activity' AS reading_kind, count(*) AS readings, min(r.source_line) AS first_line,
    max(r.source_line) AS last_line, sum(r.quantity) AS quantity, r.unit, true AS counts
FROM activity_readings AS r
JOIN files AS f ON f.sha256 = r.source_sha256
WHERE r.known_to IS NULL AND r.activity_source_id = $source AND r.started_at < CAST($end AS TIMESTAMP)
    AND r.ended_at > CAST($first AS TIMESTAMP)
GROUP BY f.path, r.source_sha256, f.received_at, r.unit
ORDER BY min(r.started_at), f.path

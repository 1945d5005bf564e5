-- files_of_meter: the files whose readings in use touch the span, with how many and from which to which line; readings of a
-- kind that meters.csv does not name on those days only reconcile (counts is false).
-- Inputs: current_readings, source_files.
WITH counted AS (
    SELECT reading_kind, coalesce(valid_from, DATE '0001-01-01') AS since, coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meters WHERE meter_id = $source
),
files AS (
    SELECT sha256, min(source || '/' || path ORDER BY received_at, source, path) AS path, min(received_at) AS received_at
    FROM source_files WHERE status = 'read' GROUP BY sha256
)
SELECT coalesce(split_part(f.path, '/', 1) || '/' || r.source_member, f.path) AS path, r.source_sha256, f.received_at, r.reading_kind, count(*) AS readings, min(r.source_line) AS first_line,
    max(r.source_line) AS last_line, sum(r.quantity) AS quantity, r.unit,
    bool_or(EXISTS (SELECT 1 FROM counted AS c WHERE c.reading_kind = r.reading_kind AND r.started_at < CAST(c.until AS TIMESTAMP)
        AND r.ended_at > CAST(c.since AS TIMESTAMP))) AS counts
FROM current_readings AS r
JOIN files AS f ON f.sha256 = r.source_sha256
WHERE r.meter_id = $source AND r.started_at < CAST($end AS TIMESTAMP) AND r.ended_at > CAST($first AS TIMESTAMP)
GROUP BY f.path, r.source_member, r.source_sha256, f.received_at, r.reading_kind, r.unit
ORDER BY min(r.started_at), 1

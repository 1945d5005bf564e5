-- readings_of_meter: the readings in use that touch the span, each with file, line and column (the first of many).
-- Inputs: current_readings, source_files.
-- Reads meters.
WITH counted AS (
    SELECT reading_kind, coalesce(valid_from, DATE '0001-01-01') AS since, coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meters WHERE meter_id = $source
),
files AS (
    SELECT sha256, min(source || '/' || path ORDER BY received_at, source, path) AS path FROM source_files WHERE status = 'read' GROUP BY sha256
)
SELECT r.started_at, r.ended_at, r.quantity, r.unit, r.stage, r.quality, r.time_band, r.reading_kind,
    coalesce(split_part(f.path, '/', 1) || '/' || r.source_member, f.path) AS path, r.source_line, r.source_column, r.known_from,
    EXISTS (SELECT 1 FROM counted AS c WHERE c.reading_kind = r.reading_kind AND r.started_at < CAST(c.until AS TIMESTAMP)
        AND r.ended_at > CAST(c.since AS TIMESTAMP)) AS counts
FROM current_readings AS r
JOIN files AS f ON f.sha256 = r.source_sha256
WHERE r.meter_id = $source AND r.started_at < CAST($end AS TIMESTAMP) AND r.ended_at > CAST($first AS TIMESTAMP)
ORDER BY r.started_at, r.time_band, r.source_line
LIMIT 60

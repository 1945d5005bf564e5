-- readings_of_activity: the figures in use that touch the span, each with file, member, line and column, and how much of it counts in the span:
-- quantity x scale x seconds / all_seconds = counted; a stock (a number of machines) stands on every day of it and counts in stock-days.
-- Inputs: activity_readings, source_files, activity_sources, activities, counted_units.
WITH sources AS (
    SELECT s.activity, a.per_year = 'yes' AS is_stock, coalesce(s.valid_from, DATE '0001-01-01') AS since,
        coalesce(s.valid_to, DATE '9999-12-31') AS until
    FROM activity_sources AS s
    JOIN activities AS a ON a.activity = s.activity
    WHERE s.activity_source_id = $source AND s.facility_id = $facility
),
scales AS (
    SELECT DISTINCT unit, energy_type, counted_unit, scale FROM counted_units WHERE rule_id IS NULL
),
files AS (
    SELECT sha256, min(source || '/' || path ORDER BY received_at, source, path) AS path, min(received_at) AS received_at
    FROM source_files WHERE status = 'read' GROUP BY sha256
),
measured AS (
    SELECT r.*, f.path, f.received_at, c.counted_unit, c.scale, s.is_stock,
        CAST(CAST(r.quantity AS DECIMAL(26, 6)) * c.scale AS DECIMAL(18, 6)) AS whole,
        date_diff('second', greatest(r.started_at, CAST($first AS TIMESTAMP)), least(r.ended_at, CAST($end AS TIMESTAMP))) AS seconds,
        date_diff('second', r.started_at, r.ended_at) AS all_seconds
    FROM activity_readings AS r
    JOIN files AS f ON f.sha256 = r.source_sha256
    JOIN sources AS s ON r.started_at >= s.since AND r.started_at < s.until
    JOIN scales AS c ON c.unit = r.unit AND c.energy_type = s.activity
    WHERE r.known_to IS NULL AND r.activity_source_id = $source AND r.started_at < CAST($end AS TIMESTAMP)
        AND r.ended_at > CAST($first AS TIMESTAMP)
)
SELECT started_at, ended_at, quantity, unit, stage, quality, 'all' AS time_band, 'activity' AS reading_kind, path, source_member, source_line,
    source_line AS last_line, source_column, source_sha256, received_at, known_from, 1 AS readings, true AS counts, counted_unit, scale,
    1 AS multiplier, seconds, all_seconds, 1 AS facility_share, is_stock,
    CASE WHEN is_stock THEN from_micro(CAST(micro(whole) AS HUGEINT) * (seconds // 86400))
        ELSE from_micro(CAST(micro(whole) AS HUGEINT) * seconds // all_seconds) END AS counted
FROM measured
ORDER BY started_at, source_line

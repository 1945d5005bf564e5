-- intake_log: one row per arrival: what came, of which time and for how many meters, and what became of it.
-- Inputs: source_files, known_files, readings, register_states, activity_readings, waste_samples, weather_days, spans_before.
WITH kept AS (
    SELECT source_sha256, meter_id AS owner, started_at, ended_at FROM readings WHERE reading_kind <> 'register'
    UNION ALL SELECT source_sha256, meter_id, read_at, read_at FROM register_states
    UNION ALL SELECT source_sha256, activity_source_id, started_at, ended_at FROM activity_readings
    UNION ALL SELECT source_sha256, station, CAST(local_date AS TIMESTAMP), CAST(local_date + 1 AS TIMESTAMP) FROM weather_days
    UNION ALL SELECT source_sha256, facility_id, CAST(sampled_on AS TIMESTAMP), CAST(sampled_on + 1 AS TIMESTAMP) FROM waste_samples
),
spans AS (
    SELECT source_sha256, min(started_at) AS first_at, max(ended_at) AS last_at, count(DISTINCT owner) AS sources_named
    FROM kept
    ANTI JOIN spans_before AS b ON b.source_sha256 = kept.source_sha256
    GROUP BY source_sha256
    UNION ALL FROM spans_before
)
SELECT
    s.received_at, s.source, s.path, s.sha256, s.layout, s.status, p.first_at, p.last_at, coalesce(p.sources_named, 0) AS sources_named,
    s.rows_received, s.rows_loaded, s.rows_superseded, s.rows_quarantined, s.rows_blank, s.rows_ignored,
    coalesce(k.stamps_moved, 0) AS stamps_moved, coalesce(k.cells_rounded, 0) AS cells_rounded, nullif(k.unread, '') AS unread, s.reason, s.reason_en
FROM source_files AS s
JOIN known_files AS k ON k.sha256 = s.sha256 AND k.source = s.source AND k.path = s.path
LEFT JOIN spans AS p ON p.source_sha256 = s.sha256 AND s.status = 'read'

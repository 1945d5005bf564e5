-- superseded_readings: each value that was replaced beside the value in use that overlaps it, with the time it was replaced.
-- Input: readings.
SELECT
    o.meter_id, o.reading_kind, o.time_band, o.started_at, o.ended_at, o.quantity, o.unit, o.stage, o.source_sha256,
    o.source_member, o.source_line, o.source_column, o.known_from, o.known_to, n.started_at AS new_started_at,
    n.ended_at AS new_ended_at, n.quantity AS new_quantity, n.unit AS new_unit, n.stage AS new_stage,
    n.source_sha256 AS new_source_sha256, n.source_line AS new_source_line, n.source_column AS new_source_column
FROM readings AS o
LEFT JOIN readings AS n
    ON n.known_to IS NULL AND n.meter_id = o.meter_id AND n.reading_kind = o.reading_kind AND n.started_at < o.ended_at
    AND n.ended_at > o.started_at AND (n.time_band = o.time_band OR 'all' IN (n.time_band, o.time_band))
WHERE o.known_to IS NOT NULL

-- collection_known: a value in use of a source, by the period it covers: values that lie in a month, and whole values by day share.
-- Reads activity_readings, current_readings, register_states.
SELECT 'meter' AS source_kind, meter_id AS source_id, started_at, ended_at, quantity, unit FROM current_readings
WHERE reading_kind <> 'register'
UNION ALL
SELECT 'meter', meter_id, read_at, read_at, register_value, unit FROM register_states WHERE known_to IS NULL
UNION ALL
SELECT 'activity', activity_source_id, started_at, ended_at, quantity, unit FROM activity_readings WHERE known_to IS NULL

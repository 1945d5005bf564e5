-- stated_values: what files stated of meters and activity sources, in use or superseded, in one shape.
-- Inputs: readings, activity_readings, register_states.
SELECT 'meter' AS source_kind, meter_id AS owner_id, reading_kind AS kind, time_band, started_at, ended_at, quantity, unit, quality, stage,
    issued_on, slip_no, amount_yen, NULL AS substance, NULL AS note, reading_kind = 'delivery' AND quantity <> 0 AS is_event,
    source_sha256, coalesce(source_member, '') AS source_member, source_line, source_column, known_from, known_to
FROM readings
WHERE reading_kind <> 'register'
UNION ALL BY NAME
SELECT 'activity' AS source_kind, activity_source_id AS owner_id, 'activity' AS kind, 'all' AS time_band, started_at, ended_at, quantity, unit,
    quality, stage, issued_on, slip_no, substance, note, true AS is_event, source_sha256, coalesce(source_member, '') AS source_member,
    source_line, source_column, known_from, known_to
FROM activity_readings
UNION ALL BY NAME
SELECT 'meter' AS source_kind, meter_id AS owner_id, 'register' AS kind, event AS time_band, read_at AS started_at,
    read_at + INTERVAL 1 MINUTE AS ended_at, register_value AS quantity, unit, quality, stage, issued_on, note, false AS is_event,
    source_sha256, coalesce(source_member, '') AS source_member, source_line, source_column, known_from, known_to
FROM register_states

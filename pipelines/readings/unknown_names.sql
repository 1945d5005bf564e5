-- unknown_names: one row per word of a file that names no meter or activity source of the registers, with what is known of it.
-- facility_id: the facility whose id or name the word (or its part before a slash) is. Inputs: checked, known_files, facilities.
WITH unknown AS (
    SELECT c.key AS word, c.record, c.raw_unit, c.stated_kind, c.started_at, c.ended_at, k.source, k.path, k.layout
    FROM checked AS c
    JOIN known_files AS k ON k.file_no = c.file_no
    WHERE c.rule_id IN ('unknown_meter', 'unknown_activity_source')
)
SELECT
    u.word, CASE WHEN u.record = 'activity' THEN 'activity' ELSE 'meter' END AS source_kind, any_value(f.facility_id) AS facility_id,
    max(u.raw_unit) AS unit, max(u.stated_kind) AS reading_kind, count(*) AS values_held, min(u.started_at) AS first_at,
    max(u.ended_at) AS last_at, min(u.source || '/' || u.path) AS path, min(u.layout) AS layout
FROM unknown AS u
LEFT JOIN facilities AS f ON string_split(u.word, '/')[1] IN (f.facility_id, f.name)
GROUP BY u.word, source_kind

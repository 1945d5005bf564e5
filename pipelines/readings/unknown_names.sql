-- unknown_names: one row per word of a file that names no meter or activity source of the registers, with what is known of it.
-- facility_id: the facility whose id or name the word (or its part before a slash) is; empty where two have that name.
-- Inputs: checked, known_files, facilities, unknown_before.
WITH met AS (
    SELECT
        c.key AS word, CASE WHEN c.record = 'activity' THEN 'activity' ELSE 'meter' END AS source_kind, max(c.raw_unit) AS unit,
        max(c.stated_kind) AS reading_kind, count(*) AS values_held, min(c.started_at) AS first_at, max(c.ended_at) AS last_at,
        min(k.source || '/' || k.path) AS path, min(k.layout) AS layout
    FROM checked AS c
    JOIN known_files AS k ON k.file_no = c.file_no
    WHERE c.rule_id IN ('unknown_meter', 'unknown_activity_source')
    GROUP BY ALL
    UNION ALL BY NAME FROM unknown_before
),
unknown AS (
    SELECT word, source_kind, max(unit) AS unit, max(reading_kind) AS reading_kind, CAST(sum(values_held) AS BIGINT) AS values_held,
        min(first_at) AS first_at, max(last_at) AS last_at, min(path) AS path, min(layout) AS layout
    FROM met
    GROUP BY word, source_kind
),
named AS (
    SELECT word, min(facility_id) AS facility_id
    FROM (
        SELECT facility_id AS word, facility_id FROM facilities
        UNION SELECT name, facility_id FROM facilities)
    GROUP BY word
    HAVING count(*) = 1
)
SELECT u.word, u.source_kind, n.facility_id, u.unit, u.reading_kind, u.values_held, u.first_at, u.last_at, u.path, u.layout
FROM unknown AS u
LEFT JOIN named AS n ON n.word = string_split(u.word, '/')[1]

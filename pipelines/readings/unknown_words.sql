-- unknown_words: the words of values held back that name no meter or activity source but a facility (or two parts, the first of which
-- does), with the facility's main meters and the unit that was written beside the word.
-- Inputs: quarantine, meter_names, activity_names, activity_sources, facilities, meters, unknown_names.
WITH words AS (
    SELECT DISTINCT meter_id AS word FROM quarantine
    WHERE meter_id IS NOT NULL AND started_at IS NOT NULL AND meter_id NOT IN (SELECT word FROM meter_names)
        AND meter_id NOT IN (SELECT activity_source_id FROM activity_sources) AND meter_id NOT IN (SELECT word FROM activity_names)
),
named AS (
    SELECT word, min(facility_id) AS facility_id
    FROM (SELECT facility_id AS word, facility_id FROM facilities UNION SELECT name, facility_id FROM facilities)
    GROUP BY word
    HAVING count(*) = 1
)
SELECT DISTINCT w.word, u.unit, m.meter_id, m.energy_type
FROM words AS w
JOIN named AS n ON n.word = string_split(w.word, '/')[1]
JOIN meters AS m ON m.facility_id = n.facility_id AND coalesce(m.role, 'main') = 'main'
LEFT JOIN unknown_names AS u ON u.word = w.word AND u.source_kind = 'meter'
ORDER BY ALL

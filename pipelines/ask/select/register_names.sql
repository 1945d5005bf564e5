-- register_names: a word of the registers, by what names there are: meters (id, alias), activity sources, facilities; told as itself with the id behind it.
-- Reads activity_sources, facilities, meters.
WITH words AS (
    SELECT 'meter' AS source_kind, meter_id AS word, meter_id AS id, facility_id FROM meters
    UNION
    SELECT 'meter', trim(unnest(string_split(aliases, ';'))), meter_id, facility_id FROM meters WHERE aliases IS NOT NULL
    UNION
    SELECT 'activity', activity_source_id, activity_source_id, facility_id FROM activity_sources
    UNION
    SELECT 'facility', facility_id, facility_id, facility_id FROM facilities
    UNION
    SELECT 'facility', name, facility_id, facility_id FROM facilities
)
SELECT source_kind, word, CASE WHEN word = id THEN id ELSE word || ' (' || id || ')' END AS told, id, facility_id
FROM words
WHERE word <> ''
ORDER BY source_kind, word, id

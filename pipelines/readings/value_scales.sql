-- value_scales: per meter or activity source and unit, how many counted units one is. Inputs: counted_units, meters, activity_sources.
WITH types AS (
    SELECT 'meter' AS source_kind, meter_id AS owner_id, any_value(energy_type) AS type FROM meters GROUP BY meter_id
    UNION ALL
    SELECT 'activity', activity_source_id, any_value(activity) FROM activity_sources GROUP BY activity_source_id
)
SELECT t.source_kind, t.owner_id, c.unit, CAST(any_value(c.scale) AS DOUBLE) AS scale
FROM types AS t
JOIN counted_units AS c ON c.energy_type = t.type AND c.rule_id IS NULL
GROUP BY ALL

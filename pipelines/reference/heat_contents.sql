-- heat_contents: one row per heat content or primary-energy coefficient, the city's own supplier values included.
-- The heat content of delivered gas serves the Energy Conservation Act: primary energy, the metered volume as it is.
-- Inputs: published_heat_contents (heat_contents.csv), supplier_properties, factor_units.
WITH published AS (
    SELECT
        heat_content_id, 'reference' AS origin, heat_table, key, name_ja, class, nullif(time_band, '') AS time_band,
        nullif(supplier, '') AS supplier, nullif(area, '') AS area, CAST(value AS DECIMAL(18, 9)) AS value, unit,
        CAST(nullif(valid_from, '') AS DATE) AS valid_from, CAST(nullif(valid_to, '') AS DATE) AS valid_to, status,
        edition, source_id, nullif(source_place, '') AS source_place, nullif(note, '') AS note
    FROM published_heat_contents
),
entered AS (
    SELECT
        concat_ws('/', 'city', 'heat', energy_type, supplier, nullif(area_or_menu, ''),
            coalesce(CAST(valid_from AS VARCHAR), 'open'), edition) AS heat_content_id,
        'city' AS origin, 'supplier' AS heat_table, energy_type AS key, supplier || ' 標準熱量' AS name_ja,
        'fossil' AS class, NULL AS time_band, supplier, area_or_menu AS area, value,
        replace(replace(factor_units.unit, 'GJ/', 'GJ_primary/'), 'MJ/', 'MJ_primary/') AS unit, valid_from, valid_to,
        'confirmed' AS status, edition, NULL AS source_id, supplier_properties.source AS source_place, NULL AS note
    FROM supplier_properties
    JOIN factor_units ON factor_units.raw = supplier_properties.unit
    WHERE property = 'heat_content'
)
FROM published
UNION ALL BY NAME FROM entered

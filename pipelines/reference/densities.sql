-- densities: one row per density (gas sold by the cubic metre -> kg). Suppliers differ, so only a supplier's own applies.
-- Inputs: published_densities (densities.csv), supplier_properties, factor_units.
SELECT
    density_id, 'reference' AS origin, energy_type, nullif(supplier, '') AS supplier,
    nullif(area_or_menu, '') AS area_or_menu, value, unit, CAST(nullif(valid_from, '') AS DATE) AS valid_from,
    CAST(nullif(valid_to, '') AS DATE) AS valid_to, source_id, nullif(note, '') AS note
FROM published_densities
UNION ALL BY NAME
SELECT
    concat_ws('/', 'city', 'density', energy_type, supplier, nullif(area_or_menu, ''),
        coalesce(CAST(valid_from AS VARCHAR), 'open'), edition) AS density_id,
    'city' AS origin, energy_type, supplier, area_or_menu, rtrim(rtrim(CAST(value AS VARCHAR), '0'), '.') AS value, factor_units.unit AS unit,
    valid_from, valid_to, NULL AS source_id, supplier_properties.source AS note
FROM supplier_properties
JOIN factor_units ON factor_units.raw = supplier_properties.unit
WHERE property = 'density'

-- energy_candidates: one row per meter, band, unit, period and heat content that could apply under the Energy
-- Conservation Act; a period without any has one row with an empty id.
-- Inputs: meter_segments, counted_in (the units of each), factor_rules, heat_contents, densities, energy_types.
WITH needed AS (
    SELECT DISTINCT s.*, d.time_band, d.unit
    FROM meter_segments AS s
    JOIN counted_in AS d ON d.meter_id = s.meter_id
),
ruled AS (
    SELECT n.*, r.method, r.factor_table, r.key
    FROM needed AS n
    LEFT JOIN factor_rules AS r
        ON r.energy_type = n.energy_type AND r.basis = 'energy_act' AND (r.time_band IS NULL OR r.time_band = n.time_band)
        AND n.valid_from >= coalesce(r.valid_from, DATE '0001-01-01') AND n.valid_from < coalesce(r.valid_to, DATE '9999-12-31')
),
latest_heat AS (
    SELECT * FROM heat_contents
    QUALIFY rank() OVER (PARTITION BY origin, heat_table, key, time_band, supplier, area, valid_from
        ORDER BY edition DESC NULLS LAST) = 1
),
latest_density AS (
    SELECT * FROM densities WHERE supplier IS NOT NULL
)
SELECT
    r.meter_id, r.time_band, r.unit, r.energy_type, r.valid_from, r.valid_to, r.method, r.has_contract,
    h.heat_content_id, h.value AS heat_value, h.unit AS heat_unit, d.density_id, d.value AS density_value,
    d.unit AS density_unit
FROM ruled AS r
LEFT JOIN latest_heat AS h
    ON h.heat_table = r.factor_table AND h.key = r.key
    AND (r.method = 'table' OR r.method = 'supplier' AND h.supplier = r.supplier AND (h.area IS NULL OR h.area = r.menu))
    AND r.valid_from >= coalesce(h.valid_from, DATE '0001-01-01') AND r.valid_from < coalesce(h.valid_to, DATE '9999-12-31')
LEFT JOIN latest_density AS d
    ON d.energy_type = r.energy_type AND d.supplier = r.supplier AND (d.area_or_menu IS NULL OR d.area_or_menu = r.menu)
    AND r.valid_from >= coalesce(d.valid_from, DATE '0001-01-01') AND r.valid_from < coalesce(d.valid_to, DATE '9999-12-31')

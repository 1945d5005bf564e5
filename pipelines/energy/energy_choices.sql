-- energy_choices: one row per meter, band, unit and period: which heat content turns it into primary energy, or why none.
-- Two candidates is an error that names both. Inputs: energy_candidates, energy_multipliers (exact, from pint).
SELECT
    c.meter_id, c.time_band, c.unit, c.valid_from, c.valid_to,
    CASE WHEN count(DISTINCT c.heat_content_id) <= 1 THEN any_value(c.heat_content_id) END AS heat_content_id,
    CASE WHEN count(DISTINCT c.density_id) <= 1 THEN any_value(c.density_id) END AS density_id,
    CASE WHEN count(DISTINCT c.heat_content_id) <= 1 AND count(DISTINCT c.density_id) <= 1
        THEN any_value(m.multiplier14) END AS multiplier14,
    CASE WHEN count(DISTINCT c.heat_content_id) > 1 OR count(DISTINCT c.density_id) > 1 THEN 'two_factors'
        WHEN any_value(m.multiplier14) IS NULL THEN any_value(m.reason) END AS reason,
    CASE WHEN count(DISTINCT c.heat_content_id) > 1 OR count(DISTINCT c.density_id) > 1
        THEN string_agg(DISTINCT concat_ws(' + ', c.heat_content_id, c.density_id), ' | ' ORDER BY concat_ws(' + ', c.heat_content_id, c.density_id))
    END AS candidates
FROM energy_candidates AS c
JOIN energy_multipliers AS m
    ON m.unit = c.unit AND m.energy_type = c.energy_type AND m.method IS NOT DISTINCT FROM c.method
    AND m.heat_content_id IS NOT DISTINCT FROM c.heat_content_id AND m.density_id IS NOT DISTINCT FROM c.density_id
GROUP BY c.meter_id, c.time_band, c.unit, c.valid_from, c.valid_to

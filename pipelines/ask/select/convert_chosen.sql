-- convert_chosen: what was chosen for a meter and basis: the factor's row, its source, and the Act's heat content.
-- Reads emission_factors, energy_choices, factor_choices, heat_contents, reference_sources.
SELECT c.meter_id, c.basis, c.multiplier14, c.gas, c.choice, c.factor_id, f.value AS factor_value,
    f.unit AS factor_unit, f.edition, f.status, coalesce((SELECT string_agg(s.url, ' ') FROM reference_sources AS s
        WHERE list_contains(string_split(f.source_id, ';'), s.source_id)), f.source_place) AS source,
    f.source_place, c.heat_content_id, h.value AS heat_value, h.unit AS heat_unit, c.mark, c.reason, c.candidates,
    e.multiplier14 AS gj_multiplier14, e.heat_content_id AS energy_heat_content_id, e.reason AS energy_reason,
    (SELECT value FROM heat_contents WHERE key = 'crude_oil_equivalent') AS crude_oil_kl_per_gj
FROM factor_choices AS c
LEFT JOIN emission_factors AS f ON f.factor_id = c.factor_id
LEFT JOIN heat_contents AS h ON h.heat_content_id = c.heat_content_id
LEFT JOIN energy_choices AS e ON e.meter_id = c.meter_id

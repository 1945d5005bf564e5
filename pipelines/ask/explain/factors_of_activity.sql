-- factors_of_activity: each factor of the activity, gas by gas, with its warming potential.
-- Inputs: emission_days, activity_choices, emission_factors, heat_contents.
SELECT
    c.factor_id, c.choice, c.reason, c.candidates, NULL AS mark, c.multiplier14, min(e.local_date) AS first_date,
    max(e.local_date) AS last_date, e.unit, e.gas, c.gwp_id, any_value(c.gwp_value) AS gwp_value, sum(e.quantity) AS quantity,
    sum(e.emissions_kg) AS emissions_kg, sum(e.co2e_kg) AS co2e_kg, any_value(f.value) AS factor_value,
    any_value(f.unit) AS factor_unit, any_value(f.edition) AS edition, any_value(f.status) AS status, any_value(f.origin) AS origin,
    any_value(f.source_place) AS source_place, any_value(f.source_id) AS source_id, c.heat_content_id,
    any_value(h.value) AS heat_value, any_value(h.unit) AS heat_unit
FROM emission_days AS e
JOIN activity_choices AS c
    ON c.activity_source_id = e.source_id AND c.gas = e.gas AND e.local_date >= c.valid_from AND e.local_date < c.valid_to
LEFT JOIN emission_factors AS f ON f.factor_id = c.factor_id
LEFT JOIN heat_contents AS h ON h.heat_content_id = c.heat_content_id
WHERE e.source_kind = 'activity' AND e.source_id = $source AND e.facility_id = $facility AND e.basis = $basis
    AND e.local_date >= $first AND e.local_date < $end
GROUP BY c.factor_id, c.choice, c.reason, c.candidates, c.multiplier14, e.unit, e.gas, c.gwp_id, c.heat_content_id
ORDER BY first_date, e.gas, c.factor_id

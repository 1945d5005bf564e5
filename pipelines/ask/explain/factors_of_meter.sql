-- factors_of_meter: each factor that served, with quantity x multiplier = emissions, its edition and its source.
-- with what the contract says of supplier and menu. Inputs: emission_days, factor_choices, emission_factors, heat_contents, densities, contracts.
SELECT
    c.factor_id, c.choice, c.reason, c.candidates, c.mark, c.multiplier14, min(e.local_date) AS first_date, max(e.local_date) AS last_date,
    e.unit, sum(e.quantity) AS quantity, sum(e.co2e_kg) AS co2e_kg, any_value(f.value) AS factor_value,
    any_value(f.unit) AS factor_unit, any_value(f.edition) AS edition, any_value(f.status) AS status, any_value(f.origin) AS origin,
    any_value(f.source_place) AS source_place, any_value(f.source_id) AS source_id, c.heat_content_id,
    any_value(h.value) AS heat_value, any_value(h.unit) AS heat_unit, c.density_id, any_value(d.value) AS density_value,
    any_value(d.unit) AS density_unit, any_value(k.supplier_no) AS supplier_no, any_value(k.supplier) AS supplier, any_value(k.menu) AS menu,
    any_value(e.source_type) AS energy_type, any_value(e.basis) AS basis
FROM emission_days AS e
JOIN factor_choices AS c
    ON c.meter_id = e.source_id AND c.basis = e.basis AND c.unit = e.unit AND e.local_date >= c.valid_from AND e.local_date < c.valid_to
LEFT JOIN emission_factors AS f ON f.factor_id = c.factor_id
LEFT JOIN heat_contents AS h ON h.heat_content_id = c.heat_content_id
LEFT JOIN densities AS d ON d.density_id = c.density_id
LEFT JOIN contracts AS k
    ON k.meter_id = e.source_id AND e.local_date >= coalesce(k.valid_from, DATE '0001-01-01')
    AND e.local_date < coalesce(k.valid_to, DATE '9999-12-31')
WHERE e.source_kind = 'meter' AND e.source_id = $source AND e.facility_id = $facility AND e.basis = $basis
    AND e.local_date >= $first AND e.local_date < $end
GROUP BY c.factor_id, c.choice, c.reason, c.candidates, c.mark, c.multiplier14, e.unit, c.heat_content_id, c.density_id
ORDER BY first_date, c.factor_id

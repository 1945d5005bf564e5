-- without_factor: what a facility used in the span that has no CO2 because no factor serves it, by type and unit.
-- Inputs: emission_days, energy_types, activities.
SELECT source_type, coalesce(t.name_ja, a.name_ja) AS kind_ja, coalesce(t.name_en, replace(source_type, '_', ' ')) AS kind_en, unit, sum(quantity) AS quantity
FROM emission_days
LEFT JOIN energy_types AS t ON t.energy_type = source_type
LEFT JOIN activities AS a ON a.activity = source_type
WHERE facility_id = $facility AND basis = $basis AND local_date >= $first AND local_date < $end AND quantity IS NOT NULL AND quantity <> 0
    AND co2e_kg IS NULL AND reason <> 'not_in_basis' AND facility_share > 0
GROUP BY ALL
ORDER BY ALL

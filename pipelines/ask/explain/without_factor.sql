-- without_factor: what a facility used in the span that has no CO2 because no factor serves it, by type and unit; a yearly total of its own
-- where the span is a year. Inputs: emission_days, yearly_total_emissions, yearly_total_quantities, energy_types, activities.
WITH lacking AS (
    SELECT source_type, unit, quantity
    FROM emission_days
    WHERE facility_id = $facility AND basis = $basis AND local_date >= $first AND local_date < $end AND quantity IS NOT NULL AND quantity <> 0
        AND co2e_kg IS NULL AND reason <> 'not_in_basis' AND facility_share > 0
    UNION ALL
    SELECT q.source_type, q.unit, q.quantity
    FROM yearly_total_quantities AS q
    JOIN (SELECT DISTINCT yearly_total_id FROM yearly_total_emissions WHERE basis = $basis AND co2e_kg IS NULL) AS e
        ON e.yearly_total_id = q.yearly_total_id
    WHERE q.subject_kind = 'facility' AND q.subject_id = $facility AND q.fiscal_year = $year AND $end - $first > 360
)
SELECT source_type, coalesce(t.name_ja, a.name_ja) AS kind_ja, coalesce(t.name_en, replace(source_type, '_', ' ')) AS kind_en, unit, sum(quantity) AS quantity
FROM lacking
LEFT JOIN energy_types AS t ON t.energy_type = source_type
LEFT JOIN activities AS a ON a.activity = source_type
GROUP BY ALL
ORDER BY ALL

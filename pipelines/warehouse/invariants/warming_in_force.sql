-- warming_in_force: co2e_kg = emissions_kg x the warming potential in force in that month; nothing where none is. By day: twelve bills
-- take the potential of the year of the bill. Inputs: emissions_by_source_month, gwp.
SELECT m.facility_id, m.fiscal_year, m.source_id, m.gas, m.emissions_kg, m.co2e_kg, g.value
FROM emissions_by_source_month AS m
LEFT JOIN gwp AS g
    ON g.gas = m.gas AND g.basis = CASE WHEN m.basis = 'plan' THEN 'plan' ELSE 'shk' END
    AND m.month >= coalesce(g.valid_from, DATE '0001-01-01') AND m.month < coalesce(g.valid_to, DATE '9999-12-31')
WHERE m.year_rule = 'by_day'
    AND abs(CAST(m.co2e_kg AS DOUBLE) - CAST(m.emissions_kg AS DOUBLE) * coalesce(g.value, 0)) > 0.000001 + abs(CAST(m.co2e_kg AS DOUBLE)) * 1e-9

-- without_factor: what a facility used in the span that has no CO2 because no factor serves it, by type and unit. Input: emission_days.
SELECT source_type, unit, sum(quantity) AS quantity
FROM emission_days
WHERE facility_id = $facility AND basis = $basis AND local_date >= $first AND local_date < $end AND quantity IS NOT NULL AND quantity <> 0
    AND co2e_kg IS NULL AND reason <> 'not_in_basis' AND facility_share > 0
GROUP BY ALL
ORDER BY ALL

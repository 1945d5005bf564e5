-- periodic_co2: energy-origin CO2 of an operator in a year on the two bases of the 温対法, road fuel apart, and whether all of it is known.
-- Reads emissions_by_source_year, facility_spans, meters. Parameters: operator, fiscal_year.
SELECT y.basis, sum(y.emissions_kg) AS co2_kg, bool_and(coalesce(y.covered_days >= y.expected_days, true)) AS is_whole,
    bool_or(y.is_provisional) AS is_provisional
FROM emissions_by_source_year AS y
JOIN facility_spans AS s ON s.facility_id = y.facility_id AND s.valid_from = y.valid_from
WHERE s.operator_id = $operator AND y.fiscal_year = CAST($fiscal_year AS INTEGER) AND y.is_in_force AND y.gas = 'CO2'
    AND y.basis IN ('shk_basic', 'shk_adjusted') AND y.source_kind = 'meter'
    AND y.source_id NOT IN (SELECT meter_id FROM meters WHERE energy_act_scope IN ('road_vehicle', 'out'))
GROUP BY y.basis
ORDER BY y.basis

-- periodic_power: electricity bought by an operator's sites in a year, by contract: how much, and the share that the contract states with
-- its evidence. Reads energy_by_meter_day, facility_spans, contracts, meters. Parameters: operator, fiscal_year.
SELECT c.supplier, c.menu, c.renewable_share, c.evidence, sum(e.quantity) AS kwh
FROM energy_by_meter_day AS e
JOIN facility_spans AS s ON s.facility_id = e.facility_id AND e.local_date >= s.valid_from AND e.local_date < s.valid_to
LEFT JOIN contracts AS c
    ON c.meter_id = e.meter_id AND e.local_date >= coalesce(c.valid_from, DATE '0001-01-01') AND e.local_date < coalesce(c.valid_to, DATE '9999-12-31')
WHERE s.operator_id = $operator AND e.energy_type = 'electricity' AND e.facility_share > 0 AND e.unit = 'kWh'
    AND e.energy_act_scope = 'site' AND fiscal_year_of(e.local_date) = CAST($fiscal_year AS INTEGER)
GROUP BY c.supplier, c.menu, c.renewable_share, c.evidence
ORDER BY c.supplier, c.menu, c.renewable_share

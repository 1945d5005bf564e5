-- total: the sum of the span. Input: emissions_by_facility_month.
SELECT sum(co2e_kg) AS co2e_kg, sum(energy_gj) AS energy_gj, sum(crude_oil_kl) AS crude_oil_kl, min(coverage) AS coverage
FROM emissions_by_facility_month
WHERE facility_id = $facility AND basis = $basis AND month >= $first AND month < $end
HAVING count(*) > 0

-- months_conserve: per facility and basis, days, months, fiscal years and causes add up to the same total.
WITH days AS (
    SELECT facility_id, basis, sum(co2e_kg) FILTER (gas <> 'NF3') AS total FROM emissions_by_source_day GROUP BY ALL
),
months AS (
    SELECT facility_id, basis, sum(co2e_kg) AS total FROM emissions_by_facility_month GROUP BY ALL
),
years AS (
    SELECT facility_id, basis, sum(co2e_kg) AS total FROM emissions_by_facility_fiscal_year GROUP BY ALL
),
causes AS (
    SELECT facility_id, basis, sum(co2e_kg) FILTER (gas <> 'NF3') AS total FROM emissions_by_cause_gas_fiscal_year GROUP BY ALL
)
SELECT m.facility_id, m.basis, d.total AS days, m.total AS months, y.total AS years, c.total AS causes
FROM months AS m
LEFT JOIN days AS d ON d.facility_id = m.facility_id AND d.basis = m.basis
LEFT JOIN years AS y ON y.facility_id = m.facility_id AND y.basis = m.basis
LEFT JOIN causes AS c ON c.facility_id = m.facility_id AND c.basis = m.basis
WHERE m.total <> coalesce(d.total, 0) OR m.total IS DISTINCT FROM y.total OR m.total IS DISTINCT FROM coalesce(c.total, 0)

-- months_conserve: per facility and basis, days, months and fiscal years by day add up to the same total; per facility, basis
-- and fiscal year, the causes add up to the total in force.
WITH days AS (
    SELECT facility_id, basis, sum(co2e_kg) FILTER (gas <> 'NF3') AS total FROM emissions_by_source_day GROUP BY ALL
),
months AS (
    SELECT facility_id, basis, sum(co2e_kg) AS total FROM emissions_by_facility_month GROUP BY ALL
),
years AS (
    SELECT facility_id, basis, sum(co2e_kg) AS total FROM emissions_by_facility_fiscal_year WHERE year_rule = 'by_day' GROUP BY ALL
),
causes AS (
    SELECT facility_id, basis, fiscal_year, sum(co2e_kg) FILTER (gas <> 'NF3') AS total
    FROM emissions_by_cause_gas_fiscal_year GROUP BY ALL
)
SELECT m.facility_id, m.basis, NULL AS fiscal_year, d.total AS days, m.total AS months, y.total AS years
FROM months AS m
LEFT JOIN days AS d ON d.facility_id = m.facility_id AND d.basis = m.basis
LEFT JOIN years AS y ON y.facility_id = m.facility_id AND y.basis = m.basis
WHERE m.total <> coalesce(d.total, 0) OR m.total IS DISTINCT FROM y.total
UNION ALL
SELECT f.facility_id, f.basis, f.fiscal_year, NULL, c.total, f.co2e_kg
FROM emissions_by_facility_fiscal_year AS f
LEFT JOIN causes AS c ON c.facility_id = f.facility_id AND c.basis = f.basis AND c.fiscal_year = f.fiscal_year
WHERE f.is_in_force AND f.co2e_kg IS DISTINCT FROM coalesce(c.total, 0)

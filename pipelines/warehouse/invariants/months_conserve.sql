-- months_conserve: per facility, basis and fiscal year, days, months and the fiscal year by day have the same total; the causes add
-- up to the total in force. Where a yearly total stands in the place of months, see yearly_totals_stand. Of the facility-years that the run made anew: each one is checked by the run that writes it.
-- Input: checked_years.
-- Reads emissions_by_cause_gas_fiscal_year, emissions_by_facility_fiscal_year, emissions_by_facility_month, emissions_by_source_day, emissions_by_source_year.
WITH days AS (
    SELECT facility_id, basis, fiscal_year_of(local_date) AS fiscal_year, sum(co2e_kg) FILTER (gas <> 'NF3') AS total
    FROM emissions_by_source_day GROUP BY ALL
),
months AS (
    SELECT facility_id, basis, fiscal_year_of(month) AS fiscal_year, sum(co2e_kg) AS total FROM emissions_by_facility_month GROUP BY ALL
),
told AS (
    SELECT DISTINCT facility_id, basis, fiscal_year FROM emissions_by_source_year WHERE source_kind = 'yearly_total'
),
years AS (
    SELECT facility_id, basis, fiscal_year, sum(co2e_kg) AS total
    FROM emissions_by_facility_fiscal_year WHERE year_rule = 'by_day' GROUP BY ALL
),
causes AS (
    SELECT facility_id, basis, fiscal_year, sum(co2e_kg) FILTER (gas <> 'NF3') AS total
    FROM emissions_by_cause_gas_fiscal_year GROUP BY ALL
)
SELECT m.facility_id, m.basis, m.fiscal_year, d.total AS days, m.total AS months, y.total AS years
FROM months AS m
SEMI JOIN checked_years AS c ON c.facility_id = m.facility_id AND c.fiscal_year = m.fiscal_year
LEFT JOIN days AS d ON d.facility_id = m.facility_id AND d.basis = m.basis AND d.fiscal_year = m.fiscal_year
LEFT JOIN years AS y ON y.facility_id = m.facility_id AND y.basis = m.basis AND y.fiscal_year = m.fiscal_year
LEFT JOIN told AS o ON o.facility_id = m.facility_id AND o.basis = m.basis AND o.fiscal_year = m.fiscal_year
WHERE m.total <> coalesce(d.total, 0) OR o.facility_id IS NULL AND m.total IS DISTINCT FROM y.total
UNION ALL
SELECT f.facility_id, f.basis, f.fiscal_year, NULL, c.total, f.co2e_kg
FROM emissions_by_facility_fiscal_year AS f
LEFT JOIN causes AS c ON c.facility_id = f.facility_id AND c.basis = f.basis AND c.fiscal_year = f.fiscal_year
WHERE f.is_in_force AND f.co2e_kg IS DISTINCT FROM coalesce(c.total, 0)

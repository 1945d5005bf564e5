-- subjects_conserve: on every basis and fiscal year the city is the sum of its operators, of its facilities and of its causes.
-- Inputs: emissions_by_subject_fiscal_year, emissions_by_facility_fiscal_year, emissions_by_cause_gas_fiscal_year.
WITH subjects AS (
    SELECT fiscal_year, basis, coalesce(sum(co2e_kg) FILTER (subject_kind = 'city'), 0) AS city,
        coalesce(sum(co2e_kg) FILTER (subject_kind = 'operator'), 0) AS operators, coalesce(sum(co2e_kg) FILTER (subject_kind = 'facility'), 0) AS facilities
    FROM emissions_by_subject_fiscal_year GROUP BY ALL
),
totals AS (
    SELECT fiscal_year, basis, sum(co2e_kg) AS co2e_kg FROM emissions_by_facility_fiscal_year WHERE is_in_force GROUP BY ALL
),
causes AS (
    SELECT fiscal_year, basis, coalesce(sum(co2e_kg) FILTER (gas <> 'NF3'), 0) AS co2e_kg FROM emissions_by_cause_gas_fiscal_year GROUP BY ALL
)
SELECT coalesce(s.fiscal_year, t.fiscal_year) AS fiscal_year, coalesce(s.basis, t.basis) AS basis, s.city, s.operators, s.facilities, t.co2e_kg AS total, c.co2e_kg AS causes
FROM subjects AS s
FULL JOIN totals AS t ON t.fiscal_year = s.fiscal_year AND t.basis = s.basis
LEFT JOIN causes AS c ON c.fiscal_year = t.fiscal_year AND c.basis = t.basis
WHERE s.city IS DISTINCT FROM s.operators OR s.city IS DISTINCT FROM s.facilities OR coalesce(s.city, 0) <> coalesce(t.co2e_kg, 0)
    OR coalesce(t.co2e_kg, 0) <> coalesce(c.co2e_kg, 0)

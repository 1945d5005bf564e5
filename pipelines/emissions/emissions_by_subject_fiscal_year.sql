-- emissions_by_subject_fiscal_year: one row per subject (facility, operator, city), fiscal year and basis: the total in force,
-- NF3 left out. A facility counts with the operator it belongs to on each day. Inputs: emissions_by_source_year, facility_spans.
WITH counted AS (
    SELECT m.facility_id, s.operator_id, m.fiscal_year, m.basis, sum(m.co2e_kg) AS co2e_kg
    FROM emissions_by_source_year AS m
    JOIN facility_spans AS s ON s.facility_id = m.facility_id AND s.valid_from = m.valid_from
    WHERE m.is_in_force AND m.gas <> 'NF3'
    GROUP BY ALL
)
SELECT 'facility' AS subject_kind, facility_id AS subject_id, fiscal_year, basis, sum(co2e_kg) AS co2e_kg FROM counted GROUP BY ALL
UNION ALL
SELECT 'operator', operator_id, fiscal_year, basis, sum(co2e_kg) FROM counted GROUP BY ALL
UNION ALL
SELECT 'city', 'city', fiscal_year, basis, sum(co2e_kg) FROM counted GROUP BY ALL

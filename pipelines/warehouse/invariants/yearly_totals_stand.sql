-- yearly_totals_stand: where yearly totals stand in a facility's year, its total is that of them and of the months of the types of which
-- none stands; no type is counted by both; what a total adds lies within its own interval, unless its size is doubted or its factor provisional.
-- Inputs: emissions_by_source_year, emissions_by_source_month, yearly_total_emissions, emissions_by_facility_fiscal_year.
WITH standing AS (
    SELECT facility_id, fiscal_year, basis, source_type, sum(co2e_kg) FILTER (gas <> 'NF3') AS co2e_kg
    FROM emissions_by_source_year WHERE source_kind = 'yearly_total' GROUP BY ALL
),
months AS (
    SELECT m.facility_id, m.fiscal_year, m.basis, sum(m.co2e_kg) AS co2e_kg
    FROM emissions_by_source_month AS m
    ANTI JOIN standing AS s
        ON s.facility_id = m.facility_id AND s.fiscal_year = m.fiscal_year AND s.basis = m.basis AND s.source_type IN (m.source_type, 'all')
    WHERE m.is_in_force AND m.gas <> 'NF3'
    GROUP BY ALL
),
totals AS (
    SELECT facility_id, fiscal_year, basis, sum(co2e_kg) AS co2e_kg FROM standing GROUP BY ALL
)
SELECT t.facility_id, t.fiscal_year, t.basis, t.co2e_kg AS totals, m.co2e_kg AS months, y.co2e_kg AS years
FROM totals AS t
LEFT JOIN months AS m ON m.facility_id = t.facility_id AND m.fiscal_year = t.fiscal_year AND m.basis = t.basis
LEFT JOIN emissions_by_facility_fiscal_year AS y
    ON y.facility_id = t.facility_id AND y.fiscal_year = t.fiscal_year AND y.basis = t.basis AND y.is_in_force
WHERE y.co2e_kg IS DISTINCT FROM t.co2e_kg + coalesce(m.co2e_kg, 0)
UNION ALL
SELECT subject_id, fiscal_year, basis, low_co2e_kg, co2e_kg, high_co2e_kg
FROM yearly_total_emissions
WHERE subject_kind = 'facility' AND (low_co2e_kg > high_co2e_kg OR reasons = 'yearly_total' AND NOT coalesce(co2e_kg BETWEEN low_co2e_kg - 0.000001 AND high_co2e_kg + 0.000001, false))

-- yearly_totals_differ: a yearly total of a facility in a year that its sources cover, which counts them: they differ by more than the tolerance
-- (of bills against intervals) and by more than the printed figure's step. In the plan's CO2e.
-- Inputs: yearly_total_emissions, yearly_total_quantities, emissions_by_source_year. Parameter: bill_tolerance.
WITH totals AS (
    SELECT subject_id AS facility_id, source_type, fiscal_year, min(yearly_total_id) AS yearly_total_id, sum(co2e_kg) AS co2e_kg,
        sum(low_co2e_kg) AS low_kg, sum(high_co2e_kg) AS high_kg
    FROM yearly_total_emissions
    WHERE subject_kind = 'facility' AND basis = 'plan' AND gas <> 'NF3'
    GROUP BY ALL
),
readings AS (
    SELECT t.facility_id, t.source_type, t.fiscal_year, t.yearly_total_id, t.co2e_kg AS total_kg, t.low_kg, t.high_kg, sum(e.co2e_kg) AS readings_kg
    FROM totals AS t
    JOIN emissions_by_source_year AS e
        ON e.facility_id = t.facility_id AND e.fiscal_year = t.fiscal_year AND e.basis = 'plan' AND e.is_in_force AND e.gas <> 'NF3'
        AND t.source_type IN (e.source_type, 'all')
    GROUP BY ALL
    HAVING bool_and(e.source_kind <> 'yearly_total')
)
SELECT r.facility_id, r.fiscal_year, r.yearly_total_id, r.total_kg, r.readings_kg, q.document, q.page, q.source_member, q.source_line
FROM readings AS r
JOIN yearly_total_quantities AS q ON q.yearly_total_id = r.yearly_total_id
WHERE NOT coalesce(r.readings_kg BETWEEN r.low_kg AND r.high_kg, false)
    AND abs(r.readings_kg - r.total_kg) > r.readings_kg * CAST($bill_tolerance AS DECIMAL(9, 6))
ORDER BY r.facility_id, r.fiscal_year, r.yearly_total_id

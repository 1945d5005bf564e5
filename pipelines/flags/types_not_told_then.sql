-- types_not_told_then: what later years count of a facility and the yearly totals of its base year leave out: one row per facility, type and base
-- year. Left out is a type that no total of that year speaks of ('all' speaks of all; a zero is one; a department's or an operator's is of all
-- its facilities) and of which no source was known or expected then. If it was used, the base year is too low: this only hurts the city, so it
-- informs and leaves the verdict. In the plan's CO2e.
-- Inputs: yearly_total_emissions, facility_homes, targets, emissions_by_source_year.
WITH told AS (
    SELECT DISTINCT h.facility_id, t.fiscal_year, t.source_type
    FROM yearly_total_emissions AS t
    JOIN facility_homes AS h
        ON h.fiscal_year = t.fiscal_year AND CASE t.subject_kind WHEN 'facility' THEN h.facility_id = t.subject_id
            WHEN 'department' THEN h.department = t.subject_id AND h.operator_id = coalesce(t.operator_id, h.operator_id)
            ELSE h.operator_id = t.subject_id END
    WHERE t.basis = 'plan' AND t.gas <> 'NF3' AND t.fiscal_year IN (SELECT base_fy FROM targets)
)
SELECT e.facility_id, e.source_type, b.fiscal_year AS base_fy, CAST(min(e.fiscal_year) AS INTEGER) AS first_fy
FROM emissions_by_source_year AS e
JOIN (SELECT DISTINCT facility_id, fiscal_year FROM told) AS b ON b.facility_id = e.facility_id AND b.fiscal_year < e.fiscal_year
WHERE e.basis = 'plan' AND e.is_in_force AND e.gas <> 'NF3' AND e.co2e_kg > 0
    AND NOT EXISTS (SELECT 1 FROM told AS t
        WHERE t.facility_id = e.facility_id AND t.fiscal_year = b.fiscal_year AND t.source_type IN (e.source_type, 'all'))
    AND NOT EXISTS (SELECT 1 FROM emissions_by_source_year AS o
        WHERE o.facility_id = e.facility_id AND o.fiscal_year = b.fiscal_year AND o.source_type = e.source_type AND o.basis = 'plan'
            AND (o.co2e_kg > 0 OR o.expected_days > 0))
GROUP BY e.facility_id, e.source_type, b.fiscal_year
ORDER BY e.facility_id, e.source_type, b.fiscal_year

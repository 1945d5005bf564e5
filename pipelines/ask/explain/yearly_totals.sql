-- yearly_totals: the yearly totals that speak of the facility in the fiscal year or in the base year it is judged against, its own first, then
-- those of its department and operator: what the document prints, within which step, the factor and the interval; and where it stands.
-- counts: it stands in the place of months. Inputs: yearly_total_quantities, yearly_total_emissions, facility_homes, emissions_by_source_year.
-- Reads yearly_total_doubts, emission_factors, facility_results, targets, energy_types, activities, gwp.
WITH years AS (
    SELECT CAST($year AS INTEGER) AS fiscal_year
    UNION
    SELECT t.base_fy
    FROM facility_results AS r
    JOIN targets AS t ON t.target_id = r.target_id
    WHERE r.facility_id = $facility AND r.fiscal_year = $year AND r.basis = $basis
),
mine AS (
    SELECT q.*
    FROM yearly_total_quantities AS q
    JOIN years AS y ON y.fiscal_year = q.fiscal_year
    JOIN facility_homes AS h ON h.facility_id = $facility AND h.fiscal_year = q.fiscal_year
    WHERE CASE q.subject_kind WHEN 'facility' THEN q.subject_id = $facility
        WHEN 'department' THEN h.department = q.subject_id AND h.operator_id = coalesce(q.operator_id, h.operator_id)
        ELSE h.operator_id = q.subject_id END
)
SELECT m.*, coalesce(t.name_ja, a.name_ja) AS kind_ja, coalesce(t.name_en, replace(m.source_type, '_', ' ')) AS kind_en, e.gas, e.multiplier14,
    e.emissions_kg, e.gwp_id, g.value AS gwp_value, e.co2e_kg, e.low_co2e_kg, e.high_co2e_kg, e.factor_id, e.choice, e.reason, e.candidates,
    f.value AS factor_value, f.unit AS factor_unit, f.edition, f.source_place, f.source_id, f.origin,
    EXISTS (SELECT 1 FROM emissions_by_source_year AS s
        WHERE s.source_kind = 'yearly_total' AND s.source_id = m.yearly_total_id AND s.facility_id = $facility AND s.basis = $basis) AS counts,
    (SELECT d.rule_id FROM yearly_total_doubts AS d WHERE d.yearly_total_id = m.yearly_total_id AND NOT d.is_lifted) AS doubt
FROM mine AS m
LEFT JOIN yearly_total_emissions AS e ON e.yearly_total_id = m.yearly_total_id AND e.basis = $basis
LEFT JOIN emission_factors AS f ON f.factor_id = e.factor_id
LEFT JOIN gwp AS g ON g.gwp_id = e.gwp_id
LEFT JOIN energy_types AS t ON t.energy_type = m.source_type
LEFT JOIN activities AS a ON a.activity = m.source_type
ORDER BY m.fiscal_year, m.subject_kind <> 'facility', m.subject_kind, m.yearly_total_id, e.gas

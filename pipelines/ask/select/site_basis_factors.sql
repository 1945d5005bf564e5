-- site_basis_factors: one row per facility, shown fiscal year, source, gas, unit and factor choice: quantity x multiplier = emissions_kg, x warming
-- potential = co2e_kg, with what the multiplier is made of. Yearly totals: the quantity that the document prints.
-- Reads site_basis_days, site_basis_years, factor_choices, activity_choices, emission_factors, heat_contents, densities, yearly_total_quantities.
-- Reads yearly_total_emissions, gwp.
WITH choices AS (
    SELECT 'meter' AS source_kind, meter_id AS source_id, unit, gas, valid_from, valid_to, factor_id, heat_content_id, density_id, choice,
        multiplier14, gwp_value, reason, mark
    FROM factor_choices
    WHERE basis = 'plan'
    UNION ALL BY NAME
    SELECT DISTINCT 'activity' AS source_kind, activity_source_id AS source_id, unit, gas, valid_from, valid_to, factor_id, heat_content_id, choice,
        multiplier14, gwp_value, reason
    FROM activity_choices
),
summed AS (
    SELECT d.facility_id, d.fiscal_year, d.source_kind, d.source_id, d.source_type, d.gas, d.unit, c.factor_id, c.heat_content_id, c.density_id,
        c.choice, c.multiplier14, c.gwp_value, c.reason, c.mark, min(d.local_date) AS first_date, sum(d.quantity) AS quantity,
        sum(d.emissions_kg) AS emissions_kg, sum(d.co2e_kg) AS co2e_kg
    FROM site_basis_days AS d
    JOIN choices AS c
        ON c.source_kind = d.source_kind AND c.source_id = d.source_id AND c.unit = d.unit AND c.gas = d.gas
        AND c.factor_id IS NOT DISTINCT FROM d.factor_id AND d.counted_on >= c.valid_from AND d.counted_on < c.valid_to
    WHERE d.quantity IS NOT NULL
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT e.subject_id AS facility_id, e.fiscal_year, 'yearly_total' AS source_kind, e.yearly_total_id AS source_id, e.source_type, e.gas, q.unit,
        e.factor_id, e.choice, e.multiplier14, g.value AS gwp_value, e.reason, q.quantity, e.emissions_kg, e.co2e_kg
    FROM yearly_total_emissions AS e
    JOIN yearly_total_quantities AS q ON q.yearly_total_id = e.yearly_total_id
    SEMI JOIN site_basis_years AS y ON y.facility_id = e.subject_id AND y.fiscal_year = e.fiscal_year
    LEFT JOIN gwp AS g ON g.gwp_id = e.gwp_id
    WHERE e.basis = 'plan' AND e.subject_kind = 'facility'
)
SELECT s.*, f.value AS factor_value, f.unit AS factor_unit, concat_ws(' ', coalesce(f.supplier, f.name_ja), f.menu) AS named,
    concat_ws(' ', nullif(f.edition, f.source_place), f.source_id, f.source_place) AS place, h.value AS heat_value, h.unit AS heat_unit,
    concat_ws(' ', nullif(h.edition, h.source_place), h.source_id, h.source_place) AS heat_place, d.value AS density_value, d.unit AS density_unit
FROM summed AS s
LEFT JOIN emission_factors AS f ON f.factor_id = s.factor_id
LEFT JOIN heat_contents AS h ON h.heat_content_id = s.heat_content_id
LEFT JOIN densities AS d ON d.density_id = s.density_id
ORDER BY s.facility_id, s.fiscal_year, s.source_id, s.gas, s.first_date, s.factor_id, s.unit

-- energy_reaches_emissions: what a facility's meters used in a fiscal year stands in its months on every basis, so that no day drops
-- out and none counts twice on the way. Of the facility-years that the run made anew.
-- Inputs: energy_by_meter_day, emissions_by_source_month, checked_years.
WITH used AS (
    SELECT facility_id, fiscal_year_of(local_date) AS fiscal_year, coalesce(sum(energy_gj), 0) AS energy_gj
    FROM energy_by_meter_day
    WHERE facility_share <> 0 AND facility_id <> 'outside' AND is_energy(energy_type)
    GROUP BY ALL
),
wanted AS (
    SELECT u.*, b.basis FROM used AS u CROSS JOIN (SELECT DISTINCT basis FROM emissions_by_source_month WHERE source_kind = 'meter') AS b
),
counted AS (
    SELECT facility_id, fiscal_year_of(month) AS fiscal_year, basis, sum(total_energy_gj) AS energy_gj
    FROM emissions_by_source_month
    WHERE source_kind = 'meter' AND year_rule = 'by_day'
    GROUP BY ALL
)
SELECT w.facility_id, w.fiscal_year, w.basis, w.energy_gj AS used, c.energy_gj AS counted
FROM wanted AS w
SEMI JOIN checked_years AS y ON y.facility_id = w.facility_id AND y.fiscal_year = w.fiscal_year
LEFT JOIN counted AS c ON c.facility_id = w.facility_id AND c.fiscal_year = w.fiscal_year AND c.basis = w.basis
WHERE c.energy_gj IS DISTINCT FROM w.energy_gj

-- every_gas_counted: an activity has a row for each gas that the ordinance (or the facility's own factor) names for it in that month;
-- what is open has a reason, and so has what is not covered. Inputs: emissions_by_source_month, emission_factors.
WITH months AS (
    SELECT DISTINCT facility_id, source_id, source_type, month FROM emissions_by_source_month WHERE source_kind = 'activity'
),
named AS (
    SELECT DISTINCT m.facility_id, m.source_id, m.month, f.gas
    FROM months AS m
    JOIN emission_factors AS f
        ON f.factor_table = 'plan_activities' AND f.key = m.source_type AND (f.facility_id IS NULL OR f.facility_id = m.facility_id)
        AND m.month >= coalesce(f.valid_from, DATE '0001-01-01') AND m.month < coalesce(f.valid_to, DATE '9999-12-31')
    WHERE f.gas NOT IN ('HFC', 'PFC')
)
SELECT n.facility_id, fiscal_year_of(n.month) AS fiscal_year, n.source_id, n.gas
FROM named AS n
ANTI JOIN emissions_by_source_month AS e ON e.source_id = n.source_id AND e.facility_id = n.facility_id AND e.month = n.month AND e.gas = n.gas
UNION ALL
SELECT facility_id, fiscal_year, source_id, gas
FROM emissions_by_source_month
WHERE (open_days > 0 OR covered_days < expected_days) AND coalesce(reasons, '') = ''

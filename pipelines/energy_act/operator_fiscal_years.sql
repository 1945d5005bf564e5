-- operator_fiscal_years: one row per operator and fiscal year: crude-oil equivalent of its sites (road fuel and tenants
-- apart, plain heat values), and the designation that this amount means for the next year (施行令2条).
-- A facility counts with the operator it belongs to on each day. Inputs: energy_by_meter_day, facility_spans, thresholds.
WITH sums AS (
    SELECT
        s.operator_id, fiscal_year_of(e.local_date) AS fiscal_year, coalesce(sum(e.crude_oil_kl), 0) AS site_crude_oil_kl,
        count(*) FILTER (e.expected) AS expected_rows,
        count(*) FILTER (e.expected AND e.energy_gj IS NOT NULL AND e.state NOT IN ('missing', 'doubtful')) AS covered_rows
    FROM energy_by_meter_day AS e
    JOIN facility_spans AS s
        ON s.facility_id = e.facility_id AND e.local_date >= s.valid_from AND e.local_date < s.valid_to
    WHERE e.energy_act_scope = 'site' AND e.facility_share <> 0
    GROUP BY ALL
)
SELECT
    operator_id, fiscal_year, site_crude_oil_kl,
    CAST(CAST(covered_rows * 1000000 // nullif(expected_rows, 0) AS DECIMAL(9, 0)) * 0.000001 AS DECIMAL(9, 6)) AS coverage,
    (SELECT name_ja FROM thresholds WHERE threshold_id = 'specified_operator' AND site_crude_oil_kl >= value) AS designation
FROM sums

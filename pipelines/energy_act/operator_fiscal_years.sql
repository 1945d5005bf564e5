-- operator_fiscal_years: one row per operator and fiscal year: crude-oil equivalent of its sites (road fuel apart, what goes to
-- tenants taken off, plain heat values) as counted and as an interval, and what it means for the next year's designation
-- (施行令2条): at_or_above, below, or undeterminable, which missing and doubtful days make it. A year that is not over, and one
-- before data was expected, has no upper end. Inputs: act_days, thresholds. Parameters: this_year, first_year.
WITH sums AS (
    SELECT
        operator_id, fiscal_year_of(local_date) AS fiscal_year, CAST(sum(site_kl) AS DECIMAL(38, 13)) AS site_crude_oil_kl,
        CAST(sum(low_kl) AS DECIMAL(38, 13)) AS site_crude_oil_low_kl,
        CASE WHEN count(*) = count(high_kl) AND fiscal_year_of(local_date) BETWEEN CAST($first_year AS INTEGER) AND CAST($this_year AS INTEGER) - 1
            THEN CAST(sum(high_kl) AS DECIMAL(38, 13)) END AS site_crude_oil_high_kl,
        sum(expected_rows) AS expected_rows, sum(covered_rows) AS covered_rows
    FROM act_days
    GROUP BY operator_id, fiscal_year_of(local_date)
),
threshold AS (
    SELECT name_ja, value FROM thresholds WHERE threshold_id = 'specified_operator'
)
SELECT
    s.operator_id, s.fiscal_year, s.site_crude_oil_kl, s.site_crude_oil_low_kl, s.site_crude_oil_high_kl,
    CAST(CAST(CAST(s.covered_rows AS BIGINT) * 1000000 // nullif(CAST(s.expected_rows AS BIGINT), 0) AS DECIMAL(9, 0)) * 0.000001 AS DECIMAL(9, 6))
        AS coverage,
    CASE WHEN s.site_crude_oil_low_kl >= t.value THEN t.name_ja END AS designation,
    CASE WHEN s.site_crude_oil_low_kl >= t.value THEN 'at_or_above' WHEN s.site_crude_oil_high_kl < t.value THEN 'below'
        ELSE 'undeterminable' END AS designation_state
FROM sums AS s
CROSS JOIN threshold AS t

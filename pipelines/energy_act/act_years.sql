-- act_years: one row per operator (site_id empty) or one of its sites, and fiscal year: crude-oil equivalent (road fuel apart, what goes
-- to tenants taken off, plain heat values) as counted and as an interval. A year that is not over, and one before data was expected, has
-- no upper end. likely: the months of the running year that are over and known, the others as they were the year before; empty where
-- those were not known either. Input: act_days. Parameters: today, this_year, first_year.
WITH months AS (
    SELECT operator_id, site_id, CAST(date_trunc('month', local_date) AS DATE) AS month, sum(site_kl) AS site_kl, sum(low_kl) AS low_kl,
        CASE WHEN count(*) = count(high_kl) THEN sum(high_kl) END AS high_kl, sum(expected_rows) AS expected_rows,
        sum(covered_rows) AS covered_rows
    FROM act_days
    GROUP BY operator_id, site_id, CAST(date_trunc('month', local_date) AS DATE)
),
known AS (
    SELECT *, expected_rows = covered_rows AND month + INTERVAL 1 MONTH <= CAST($today AS DATE) AS is_known FROM months
),
compared AS (
    SELECT m.*, p.site_kl AS previous_kl, coalesce(p.is_known, false) AS previous_is_known
    FROM known AS m
    LEFT JOIN known AS p
        ON p.operator_id = m.operator_id AND p.site_id IS NOT DISTINCT FROM m.site_id AND p.month = m.month - INTERVAL 1 YEAR
),
-- months of the running year of which no day stands in the tables yet
not_begun AS (
    SELECT p.operator_id, p.site_id, sum(p.site_kl) AS site_kl, bool_and(p.is_known) AS is_known, count(*) AS months
    FROM known AS p
    WHERE fiscal_year_of(p.month) = CAST($this_year AS INTEGER) - 1
        AND NOT EXISTS (
            FROM known AS m
            WHERE m.operator_id = p.operator_id AND m.site_id IS NOT DISTINCT FROM p.site_id AND m.month = p.month + INTERVAL 1 YEAR)
    GROUP BY p.operator_id, p.site_id
),
years AS (
    SELECT operator_id, site_id, fiscal_year_of(month) AS fiscal_year, sum(site_kl) AS site_kl, sum(low_kl) AS low_kl,
        CASE WHEN count(*) = count(high_kl) AND fiscal_year_of(month) BETWEEN CAST($first_year AS INTEGER) AND CAST($this_year AS INTEGER) - 1
            THEN sum(high_kl) END AS high_kl,
        millionths(sum(covered_rows), sum(expected_rows)) AS coverage,
        sum(CASE WHEN is_known THEN site_kl ELSE previous_kl END) AS likely_kl, bool_and(is_known OR previous_is_known) AS is_likely,
        count(*) AS months
    FROM compared
    GROUP BY operator_id, site_id, fiscal_year_of(month)
)
SELECT
    y.operator_id, y.site_id, y.fiscal_year, CAST(y.site_kl AS DECIMAL(38, 13)) AS site_crude_oil_kl,
    CAST(y.low_kl AS DECIMAL(38, 13)) AS site_crude_oil_low_kl, CAST(y.high_kl AS DECIMAL(38, 13)) AS site_crude_oil_high_kl, y.coverage,
    CAST(CASE WHEN y.fiscal_year = CAST($this_year AS INTEGER) AND y.is_likely AND coalesce(n.is_known, true)
            AND y.months + coalesce(n.months, 0) = 12
        THEN y.likely_kl + coalesce(n.site_kl, 0) END AS DECIMAL(38, 13)) AS likely_crude_oil_kl
FROM years AS y
LEFT JOIN not_begun AS n ON n.operator_id = y.operator_id AND n.site_id IS NOT DISTINCT FROM y.site_id

-- near_designations: one row per operator or site whose running year is likely to end within the setting of a threshold.
-- Inputs: operator_fiscal_years, site_fiscal_years, thresholds. Parameter: this_year.
WITH likely AS (
    SELECT operator_id AS subject, fiscal_year, likely_crude_oil_kl, near_threshold FROM operator_fiscal_years
    UNION ALL
    SELECT site_id, fiscal_year, likely_crude_oil_kl, near_threshold FROM site_fiscal_years
)
SELECT l.subject, l.fiscal_year, l.likely_crude_oil_kl AS likely, l.near_threshold AS threshold_name, any_value(t.value) AS threshold
FROM likely AS l
JOIN thresholds AS t ON t.name_ja = l.near_threshold
WHERE l.fiscal_year = CAST($this_year AS INTEGER)
GROUP BY ALL
ORDER BY l.subject, l.near_threshold

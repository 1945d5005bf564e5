-- periodic_sums: crude-oil equivalent of an operator (site_id empty) and its designated sites in a year, as counted and as an interval, the
-- year before, and what stands in the registers about the site. Reads operator_fiscal_years, site_fiscal_years, sites.
-- Parameters: operator, fiscal_year.
WITH sums AS (
    SELECT CAST(NULL AS VARCHAR) AS site_id, fiscal_year, site_crude_oil_kl, site_crude_oil_low_kl, site_crude_oil_high_kl, designation_state
    FROM operator_fiscal_years
    WHERE operator_id = $operator
    UNION ALL
    SELECT site_id, fiscal_year, site_crude_oil_kl, site_crude_oil_low_kl, site_crude_oil_high_kl, designation_state
    FROM site_fiscal_years
    WHERE operator_id = $operator
)
SELECT y.site_id, s.name, s.designation_no, s.designation, y.site_crude_oil_kl AS kl, y.site_crude_oil_low_kl AS low,
    y.site_crude_oil_high_kl AS high, y.designation_state, p.site_crude_oil_kl AS previous_kl, p.site_crude_oil_high_kl AS previous_high
FROM sums AS y
LEFT JOIN sums AS p ON p.site_id IS NOT DISTINCT FROM y.site_id AND p.fiscal_year = y.fiscal_year - 1
LEFT JOIN sites AS s ON s.site_id = y.site_id AND s.operator_id = $operator
WHERE y.fiscal_year = CAST($fiscal_year AS INTEGER) AND (y.site_id IS NULL OR s.designation_no IS NOT NULL OR y.designation_state = 'at_or_above')
ORDER BY y.site_id NULLS FIRST

-- operator_fiscal_years: one row per operator and fiscal year: crude-oil equivalent of all its sites, and what it means for the next
-- year's designation (施行令2条): at_or_above, below, or undeterminable, which missing and doubtful days make it. near_threshold: what the
-- running year is likely to come near. Road fuel stands apart. Inputs: act_years, road_years, thresholds. Parameter: near.
SELECT
    y.operator_id, y.fiscal_year, y.site_crude_oil_kl, y.site_crude_oil_low_kl, y.site_crude_oil_high_kl, y.coverage,
    CASE WHEN y.site_crude_oil_low_kl >= threshold_of('specified_operator') THEN threshold_name('specified_operator') END AS designation,
    against_threshold(y.site_crude_oil_low_kl, y.site_crude_oil_high_kl, threshold_of('specified_operator')) AS designation_state,
    y.likely_crude_oil_kl,
    CASE WHEN is_near(y.likely_crude_oil_kl, threshold_of('specified_operator'), CAST($near AS DECIMAL(9, 6)))
        THEN threshold_name('specified_operator') END AS near_threshold,
    r.road_crude_oil_kl
FROM act_years AS y
LEFT JOIN road_years AS r ON r.operator_id = y.operator_id AND r.fiscal_year = y.fiscal_year
WHERE y.site_id IS NULL

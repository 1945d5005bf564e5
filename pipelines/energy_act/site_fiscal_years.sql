-- site_fiscal_years: one row per operator, site and fiscal year: crude-oil equivalent, and what it means for the next year's designation
-- of the site: as 第二種 (施行令6条; designation_state) and as 第一種 (施行令3条; type_1_state). designation is what is certain: a site that
-- is certainly at the lower threshold and not certainly below the upper one is at least 第二種.
-- Inputs: act_years, thresholds. Parameter: near.
WITH states AS (
    SELECT *, against_threshold(site_crude_oil_low_kl, site_crude_oil_high_kl, threshold_of('site_type_2')) AS designation_state,
        against_threshold(site_crude_oil_low_kl, site_crude_oil_high_kl, threshold_of('site_type_1')) AS type_1_state
    FROM act_years
    WHERE site_id IS NOT NULL
)
SELECT
    operator_id, site_id, fiscal_year, site_crude_oil_kl, site_crude_oil_low_kl, site_crude_oil_high_kl, coverage,
    CASE WHEN type_1_state = 'at_or_above' THEN threshold_name('site_type_1')
        WHEN designation_state = 'at_or_above' THEN threshold_name('site_type_2') END AS designation,
    designation_state, type_1_state, likely_crude_oil_kl,
    CASE WHEN is_near(likely_crude_oil_kl, threshold_of('site_type_1'), CAST($near AS DECIMAL(9, 6))) THEN threshold_name('site_type_1')
        WHEN is_near(likely_crude_oil_kl, threshold_of('site_type_2'), CAST($near AS DECIMAL(9, 6))) THEN threshold_name('site_type_2')
    END AS near_threshold
FROM states

-- site_designations: one row per site whose registered designation and sum in the last closed year speak against each other: certainly
-- at or above a threshold that the register does not name, or registered and certainly below. A register that names no type is held
-- against the lower threshold alone. Inputs: site_fiscal_years, sites, thresholds. Parameter: this_year.
SELECT
    y.operator_id, y.site_id, y.fiscal_year, y.site_crude_oil_low_kl AS low, y.site_crude_oil_high_kl AS high, s.designation_no,
    CASE
        WHEN s.designation_no IS NULL THEN 'site_designation_missing'
        WHEN y.designation_state = 'below' THEN 'site_designation_not_reached'
        WHEN s.designation = 'type_2' AND y.type_1_state = 'at_or_above' THEN 'site_designation_missing'
        ELSE 'site_designation_not_reached'
    END AS rule_id,
    CASE WHEN y.type_1_state = 'at_or_above' OR s.designation = 'type_1' AND y.designation_state <> 'below' THEN threshold_name('site_type_1')
        ELSE threshold_name('site_type_2') END AS threshold_name,
    CASE WHEN y.type_1_state = 'at_or_above' OR s.designation = 'type_1' AND y.designation_state <> 'below' THEN threshold_of('site_type_1')
        ELSE threshold_of('site_type_2') END AS threshold
FROM site_fiscal_years AS y
LEFT JOIN sites AS s ON s.site_id = y.site_id AND s.operator_id = y.operator_id
WHERE y.fiscal_year = CAST($this_year AS INTEGER) - 1
    AND (s.designation_no IS NULL AND y.designation_state = 'at_or_above'
        OR s.designation_no IS NOT NULL AND y.designation_state = 'below'
        OR s.designation_no IS NOT NULL AND s.designation = 'type_2' AND y.type_1_state = 'at_or_above'
        OR s.designation_no IS NOT NULL AND s.designation = 'type_1' AND y.type_1_state = 'below')
ORDER BY y.operator_id, y.site_id

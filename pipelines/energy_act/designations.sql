-- designations: one row per operator whose designation number and sum of sites in the last closed year speak against each
-- other: certainly at or above the threshold and no number, or a number and certainly below.
-- Inputs: operator_fiscal_years, operators, thresholds. Parameter: this_year.
SELECT
    y.operator_id, y.fiscal_year, CASE y.designation_state WHEN 'at_or_above' THEN 'designation_missing' ELSE 'designation_not_reached' END AS rule_id,
    o.designation_no, y.site_crude_oil_low_kl AS low, y.site_crude_oil_high_kl AS high, t.value AS threshold
FROM operator_fiscal_years AS y
JOIN operators AS o ON o.operator_id = y.operator_id
JOIN thresholds AS t ON t.threshold_id = 'specified_operator'
WHERE y.fiscal_year = CAST($this_year AS INTEGER) - 1
    AND (y.designation_state = 'at_or_above' AND o.designation_no IS NULL
        OR y.designation_state = 'below' AND o.designation_no IS NOT NULL)
ORDER BY y.operator_id

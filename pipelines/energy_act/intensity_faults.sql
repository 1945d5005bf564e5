-- intensity_faults: one row per operator or site and fiscal year, the last closed one, whose denominator is another than the year before
-- (the ministry's self-check asks for the same name and unit), or which does not reach the aim (the report asks for the reasons).
-- Input: intensities. Parameter: this_year.
SELECT operator_id, coalesce(site_id, operator_id) AS subject, fiscal_year, denominator, unit, five_year_change_low AS low,
    CASE WHEN contains(marks, 'denominator_changed') THEN 'denominator_changed' ELSE 'aim_not_reached' END AS rule_id
FROM intensities
WHERE fiscal_year = CAST($this_year AS INTEGER) - 1 AND (coalesce(contains(marks, 'denominator_changed'), false) OR aim_state = 'not_reached')
ORDER BY operator_id, subject, denominator

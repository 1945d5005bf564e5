-- open_flags_of_year: the flags of a year at an operator's facilities that are neither accepted nor confirmed.
-- Inputs: flags, facility_spans. Parameters: year, operator.
SELECT DISTINCT f.flag_id, f.facility_id, f.rule_id, f.state, f.message_ja, f.message_en
FROM flags AS f
JOIN facility_spans AS s
    ON s.facility_id = f.facility_id AND s.operator_id = $operator
    AND s.valid_from < make_date(CAST($year AS INTEGER) + 1, 4, 1) AND s.valid_to > make_date(CAST($year AS INTEGER), 4, 1)
WHERE f.fiscal_year = CAST($year AS INTEGER) AND f.state NOT IN ('accepted', 'confirmed')
ORDER BY f.facility_id, f.rule_id, f.flag_id

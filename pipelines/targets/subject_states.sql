-- subject_states: one row per subject and fiscal year: the state of the year for the operators its facilities belonged to;
-- collecting where any of them is. Inputs: members, facility_spans, operator_years.
SELECT m.subject_key, y.fiscal_year,
    CASE WHEN bool_or(y.year_state = 'running') THEN 'running' WHEN bool_or(y.year_state = 'collecting') THEN 'collecting'
        ELSE 'closed' END AS year_state
FROM members AS m
JOIN facility_spans AS s ON s.facility_id = m.facility_id AND s.valid_from = m.valid_from
JOIN operator_years AS y
    ON y.operator_id = s.operator_id AND s.valid_from < make_date(y.fiscal_year + 1, 4, 1)
    AND s.valid_to > make_date(y.fiscal_year, 4, 1)
GROUP BY m.subject_key, y.fiscal_year

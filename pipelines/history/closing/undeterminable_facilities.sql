-- undeterminable_facilities: the facilities of an operator without a verdict for a year, with every reason.
-- Inputs: facility_results, facilities, facility_spans. Parameters: year, operator.
SELECT DISTINCT r.facility_id, f.name, r.basis, r.reasons, r.year_state, r.collecting_note
FROM facility_results AS r
JOIN facilities AS f ON f.facility_id = r.facility_id
JOIN facility_spans AS s
    ON s.facility_id = r.facility_id AND s.operator_id = $operator
    AND s.valid_from < make_date(CAST($year AS INTEGER) + 1, 4, 1) AND s.valid_to > make_date(CAST($year AS INTEGER), 4, 1)
WHERE r.fiscal_year = CAST($year AS INTEGER) AND r.verdict = 'undeterminable'
ORDER BY r.facility_id, r.basis

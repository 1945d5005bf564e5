-- reviews: what people decided about this facility-year. Input: reviews.
SELECT flag_id, rule_id, step, person_id, post, decided_at, comment, data_are_right, decided_on, document_no, is_binding
FROM reviews
WHERE facility_id = $facility AND fiscal_year = $year
ORDER BY decided_at, decision_id

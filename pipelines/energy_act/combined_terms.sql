-- combined_terms: one row per two posts of the Act that one person holds at once under one operator without an approving document on
-- either appointment, seen from each of them. Inputs: seat_terms.
SELECT
    a.duty_id, a.seat_no, b.post AS other_post, greatest(a.since, b.since) AS since,
    least(a.until, b.until) AS until
FROM seat_terms AS a
JOIN seat_terms AS b
    ON b.operator_id = a.operator_id AND b.person_id = a.person_id AND b.post <> a.post AND b.since < a.until AND b.until > a.since
WHERE a.required_by = 'law' AND b.required_by = 'law' AND a.approval_document IS NULL AND b.approval_document IS NULL

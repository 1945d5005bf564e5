-- periodic_operator: the operator with who holds its two posts, for table 1 of the periodic report.
-- Reads operators, post_terms. Parameters: operator, today.
SELECT o.name, o.designation_no, c.name AS chief, p.name AS promoter
FROM operators AS o
LEFT JOIN post_terms AS c
    ON c.operator_id = o.operator_id AND c.duty_of = 'operator' AND c.post = 'エネルギー管理統括者'
    AND coalesce(c.valid_from, DATE '0001-01-01') <= CAST($today AS DATE) AND coalesce(c.valid_to, DATE '9999-12-31') > CAST($today AS DATE)
LEFT JOIN post_terms AS p
    ON p.operator_id = o.operator_id AND p.duty_of = 'operator' AND p.post = 'エネルギー管理企画推進者'
    AND coalesce(p.valid_from, DATE '0001-01-01') <= CAST($today AS DATE) AND coalesce(p.valid_to, DATE '9999-12-31') > CAST($today AS DATE)
WHERE o.operator_id = $operator

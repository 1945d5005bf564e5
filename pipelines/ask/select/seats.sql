-- seats: every seat of a post and who holds it on a day, what is to be done first.
-- Reads post_terms, post_requirements, operators. Parameter: on.
SELECT t.operator_id, o.name AS operator_name, t.post, t.seat_no, t.duty_of, t.subject_id, t.person_id, t.name, t.deputies, t.appointed_on,
    t.post_state, t.faults, t.due_on, r.required_by, r.article
FROM post_terms AS t
JOIN post_requirements AS r ON r.duty_id = t.duty_id AND r.seat_no = t.seat_no
JOIN operators AS o ON o.operator_id = t.operator_id
WHERE coalesce(t.valid_from, DATE '0001-01-01') <= CAST($on AS DATE) AND coalesce(t.valid_to, DATE '9999-12-31') > CAST($on AS DATE)
ORDER BY list_position(['overdue', 'unqualified', 'combined', 'course_missed', 'notice_overdue', 'vacant', 'acting', 'course_unknown',
        'course_due', 'not_notified', 'filled'], t.post_state), r.required_by DESC, t.due_on NULLS LAST, t.operator_id, t.post,
    t.subject_id, t.seat_no

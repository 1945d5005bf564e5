-- post_faults: one row per operator, post and fault of its seats that stands today: where, whose, and the first day by which something is
-- to be done. What is only to be notified in time is no fault. Input: post_terms. Parameter: today.
WITH today AS (
    SELECT operator_id, post, subject_id, person_id, due_on, unnest(string_split(faults, ';')) AS fault
    FROM post_terms
    WHERE coalesce(valid_from, DATE '0001-01-01') <= CAST($today AS DATE) AND coalesce(valid_to, DATE '9999-12-31') > CAST($today AS DATE)
)
SELECT operator_id, post, fault, count(*) AS seats, list_sort(list(DISTINCT subject_id))[:5] AS some_of_them,
    count(DISTINCT subject_id) > 5 AS are_more, string_agg(DISTINCT person_id, ', ' ORDER BY person_id) AS persons, min(due_on) AS due_on
FROM today
WHERE fault <> 'not_notified'
GROUP BY operator_id, post, fault
ORDER BY operator_id, post, fault

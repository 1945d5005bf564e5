-- post_faults: one row per operator, fault and post (two posts of one person: per person) of the seats in which it stands today: where,
-- whose, and the first day by which something is to be done. What is only to be notified in time is no fault.
-- Input: post_terms. Parameter: today.
WITH today AS (
    SELECT operator_id, post, subject_id, person_id, due_on, unnest(string_split(faults, ';')) AS fault
    FROM post_terms
    WHERE coalesce(valid_from, DATE '0001-01-01') <= CAST($today AS DATE) AND coalesce(valid_to, DATE '9999-12-31') > CAST($today AS DATE)
)
SELECT operator_id, fault, CASE fault WHEN 'combined' THEN person_id ELSE post END AS about, string_agg(DISTINCT post, '、' ORDER BY post) AS posts,
    count(*) AS seats, list_sort(list(DISTINCT subject_id))[:5] AS some_of_them, count(DISTINCT subject_id) > 5 AS are_more,
    string_agg(DISTINCT person_id, ', ' ORDER BY person_id) AS persons, min(due_on) AS due_on
FROM today
WHERE fault <> 'not_notified'
GROUP BY operator_id, fault, about
ORDER BY operator_id, about, fault

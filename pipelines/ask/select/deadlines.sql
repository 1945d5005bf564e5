-- deadlines: what falls due up to a day and is not done, overdue first; what was due long before the running year is left to the history.
-- Reads deadlines. Parameters: until, since.
SELECT deadline_id, due_on, deadline_kind, item, operator_id, subject_id, fiscal_year, post, person_id, deadline_state, certainty, article, form,
    source
FROM deadlines
WHERE due_on <= CAST($until AS DATE) AND (deadline_state = 'overdue' OR deadline_state = 'upcoming' OR due_on >= CAST($since AS DATE))
    AND deadline_state <> 'done'
ORDER BY deadline_state <> 'overdue', due_on, operator_id, item, subject_id

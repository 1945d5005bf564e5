-- overdue_reports: one row per report or notice of use that is overdue and not entered in filed.csv. Input: deadlines.
SELECT operator_id, subject_id, item, fiscal_year, due_on, coalesce(article, '-') AS article
FROM deadlines
WHERE deadline_state = 'overdue' AND deadline_kind IN ('report', 'notification')
ORDER BY operator_id, item, subject_id, fiscal_year

-- comparison_ends: one row per subject and basis: the first day of the running year that is not final, else today.
-- Inputs: members, emissions_by_source_month, open_days. Parameters: year_start, today.
WITH compared AS (
    SELECT DISTINCT m.subject_key, e.basis
    FROM members AS m
    JOIN emissions_by_source_month AS e ON e.facility_id = m.facility_id AND e.valid_from = m.valid_from
    WHERE e.year_rule = 'by_day' AND e.month >= CAST(CAST($year_start AS DATE) - INTERVAL 1 YEAR AS DATE)
),
opened AS (
    SELECT m.subject_key, o.basis, min(o.local_date) AS until
    FROM members AS m
    JOIN open_days AS o ON o.facility_id = m.facility_id AND o.valid_from = m.valid_from
    GROUP BY ALL
),
ends AS (
    SELECT c.subject_key, c.basis, coalesce(o.until, CAST($today AS DATE)) AS until
    FROM compared AS c
    LEFT JOIN opened AS o ON o.subject_key = c.subject_key AND o.basis = c.basis
)
SELECT *, CAST(until - INTERVAL 1 YEAR AS DATE) AS last_until FROM ends

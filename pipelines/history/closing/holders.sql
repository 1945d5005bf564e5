-- holders: the people who hold a post of an operator, or of a facility, site or department of it, on a day.
-- Inputs: appointments, facility_spans. Parameters: operator, on.
WITH places AS (
    SELECT * FROM facility_spans
    WHERE operator_id = $operator AND CAST($on AS DATE) >= valid_from AND CAST($on AS DATE) < valid_to
)
SELECT DISTINCT a.person_id
FROM appointments AS a
WHERE a.appointed_on <= CAST($on AS DATE) AND coalesce(a.ended_on, DATE '9999-12-31') > CAST($on AS DATE) AND a.person_id IS NOT NULL
    AND coalesce(a.operator_id, $operator) = $operator
    AND (a.operator_id IS NOT NULL AND a.facility_id IS NULL AND a.site_id IS NULL AND a.department IS NULL
        OR EXISTS (SELECT 1 FROM places AS p
            WHERE coalesce(a.facility_id, p.facility_id) = p.facility_id AND coalesce(a.department, p.department, '') = coalesce(p.department, '')
                AND coalesce(a.site_id, p.site_id, '') = coalesce(p.site_id, '')))
ORDER BY a.person_id

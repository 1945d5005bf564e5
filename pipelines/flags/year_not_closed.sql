-- year_not_closed: operators whose last year was not closed long after its closing date; one flag each, at the operator's first
-- facility. A year whose closing date came before the system published anything needs no closing.
-- Inputs: operator_years, facility_spans, facilities, publications. Parameters: last_closed, today, closing_late_days.
WITH begun AS (
    SELECT coalesce(min(today), CAST($today AS DATE)) AS first_day FROM publications
),
places AS (
    SELECT s.operator_id, coalesce(
        min(s.facility_id) FILTER (coalesce(f.closed_on, DATE '9999-12-31') > CAST($today AS DATE)), min(s.facility_id)) AS facility_id
    FROM facility_spans AS s
    JOIN facilities AS f ON f.facility_id = s.facility_id
    WHERE CAST($today AS DATE) >= s.valid_from AND CAST($today AS DATE) < s.valid_to
    GROUP BY s.operator_id
)
SELECT p.facility_id, y.fiscal_year, y.operator_id AS subject, NULL AS co2e_at_stake_kg,
    to_json({closing_date: CAST(y.closing_date AS VARCHAR), late_days: CAST($closing_late_days AS INTEGER)}) AS evidence
FROM operator_years AS y
JOIN places AS p ON p.operator_id = y.operator_id
CROSS JOIN begun AS b
WHERE y.fiscal_year = CAST($last_closed AS INTEGER) AND y.closed_on IS NULL
    AND y.closing_date + CAST($closing_late_days AS INTEGER) < CAST($today AS DATE) AND b.first_day <= y.closing_date

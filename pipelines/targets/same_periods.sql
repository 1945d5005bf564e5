-- same_periods: one row per subject and basis of the running year: emissions up to the first day that is not final, and in
-- the same period of last year. A plain comparison, no forecast.
-- Inputs: bounded_days, facility_spans, members. Parameters: year_start, today.
WITH daily AS (
    SELECT
        b.facility_id, s.valid_from, b.basis, b.local_date, coalesce(sum(b.co2e_kg) FILTER (b.gas <> 'NF3'), 0) AS co2e_kg,
        bool_or(b.expected AND NOT b.is_final) AS is_open
    FROM bounded_days AS b
    JOIN facility_spans AS s ON s.facility_id = b.facility_id AND b.local_date >= s.valid_from AND b.local_date < s.valid_to
    WHERE b.year_rule = 'by_day' AND b.local_date >= CAST(CAST($year_start AS DATE) - INTERVAL 1 YEAR AS DATE)
    GROUP BY ALL
),
by_subject AS (
    SELECT m.subject_key, d.basis, d.local_date, sum(d.co2e_kg) AS co2e_kg, bool_or(d.is_open) AS is_open
    FROM members AS m
    JOIN daily AS d ON d.facility_id = m.facility_id AND d.valid_from = m.valid_from
    GROUP BY ALL
),
ends AS (
    SELECT subject_key, basis,
        coalesce(min(local_date) FILTER (is_open AND local_date >= CAST($year_start AS DATE)), CAST($today AS DATE)) AS until
    FROM by_subject
    GROUP BY subject_key, basis
)
SELECT
    d.subject_key, d.basis, e.until,
    coalesce(sum(d.co2e_kg) FILTER (d.local_date >= CAST($year_start AS DATE) AND d.local_date < e.until), 0) AS this_year_kg,
    coalesce(sum(d.co2e_kg) FILTER (d.local_date < CAST(e.until - INTERVAL 1 YEAR AS DATE)), 0) AS last_year_kg
FROM by_subject AS d
JOIN ends AS e ON e.subject_key = d.subject_key AND e.basis = d.basis
GROUP BY d.subject_key, d.basis, e.until

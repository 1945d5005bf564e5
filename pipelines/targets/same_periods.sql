-- same_periods: one row per subject and basis of the running year: emissions up to the first day that is not final, and in
-- the same period of last year: whole months, and the days of the month in which the period ends. A plain comparison, no forecast.
-- Inputs: comparison_ends, emissions_by_source_month, emission_days (of compared_months), facility_spans, members. Parameter: year_start.
WITH monthly AS (
    SELECT e.subject_key, e.basis, m.month >= CAST($year_start AS DATE) AS is_this_year, sum(m.co2e_kg) AS co2e_kg
    FROM comparison_ends AS e
    JOIN members AS b ON b.subject_key = e.subject_key
    JOIN emissions_by_source_month AS m ON m.facility_id = b.facility_id AND m.valid_from = b.valid_from AND m.basis = e.basis
    WHERE m.year_rule = 'by_day' AND m.gas <> 'NF3' AND m.month >= CAST(CAST($year_start AS DATE) - INTERVAL 1 YEAR AS DATE)
        AND m.month < date_trunc('month', CASE WHEN m.month >= CAST($year_start AS DATE) THEN e.until ELSE e.last_until END)
    GROUP BY ALL
),
days AS (
    SELECT d.facility_id, s.valid_from, d.basis, d.local_date, sum(d.co2e_kg) AS co2e_kg
    FROM emission_days AS d
    JOIN facility_spans AS s ON s.facility_id = d.facility_id AND d.local_date >= s.valid_from AND d.local_date < s.valid_to
    WHERE d.gas <> 'NF3' AND d.co2e_kg IS NOT NULL
    GROUP BY ALL
),
daily AS (
    SELECT e.subject_key, e.basis, d.local_date >= CAST($year_start AS DATE) AS is_this_year, sum(d.co2e_kg) AS co2e_kg
    FROM comparison_ends AS e
    JOIN members AS b ON b.subject_key = e.subject_key
    JOIN days AS d ON d.facility_id = b.facility_id AND d.valid_from = b.valid_from AND d.basis = e.basis
        AND (d.local_date >= date_trunc('month', e.until) AND d.local_date < e.until
            OR d.local_date >= date_trunc('month', e.last_until) AND d.local_date < e.last_until)
    GROUP BY ALL
)
SELECT
    e.subject_key, e.basis, e.until, coalesce(sum(p.co2e_kg) FILTER (p.is_this_year), 0) AS this_year_kg,
    coalesce(sum(p.co2e_kg) FILTER (NOT p.is_this_year), 0) AS last_year_kg
FROM comparison_ends AS e
LEFT JOIN (FROM monthly UNION ALL FROM daily) AS p ON p.subject_key = e.subject_key AND p.basis = e.basis
GROUP BY e.subject_key, e.basis, e.until

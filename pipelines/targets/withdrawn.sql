-- withdrawn: every stated case, without its verdict where a check of results fails: in the year judged (check_failed) or in its base year
-- (baseline:check_failed), of the facility itself, of one that the subject contains in that year, or of the target.
-- Inputs: stated, failed_checks, members, targets.
WITH cases AS (
    SELECT j.*, CASE WHEN j.facility_id IS NULL THEN 'target/' || j.target_id ELSE 'facility/' || j.facility_id END AS subject_key, t.base_fy
    FROM stated AS j
    LEFT JOIN targets AS t ON t.target_id = j.target_id
),
looked_at AS (
    SELECT subject_key, basis, fiscal_year AS judged_year, unnest([fiscal_year, base_fy]) AS fiscal_year, unnest([false, true]) AS is_base FROM cases
),
hit AS (
    SELECT l.subject_key, l.basis, l.judged_year, bool_or(NOT l.is_base) AS in_year, bool_or(l.is_base) AS in_base
    FROM looked_at AS l
    JOIN members AS m
        ON m.subject_key = l.subject_key AND m.valid_from < make_date(l.fiscal_year + 1, 4, 1) AND m.valid_to > make_date(l.fiscal_year, 4, 1)
    JOIN failed_checks AS f ON f.facility_id = m.facility_id AND coalesce(f.fiscal_year, l.fiscal_year) = l.fiscal_year
    GROUP BY ALL
    UNION ALL
    SELECT c.subject_key, c.basis, c.fiscal_year, true, false
    FROM cases AS c
    JOIN failed_checks AS f ON c.facility_id IS NULL AND f.target_id = c.target_id AND coalesce(f.fiscal_year, c.fiscal_year) = c.fiscal_year
),
hits AS (
    SELECT subject_key, basis, judged_year, bool_or(in_year) AS in_year, bool_or(in_base) AS in_base FROM hit GROUP BY ALL
)
SELECT c.* EXCLUDE (subject_key, base_fy) REPLACE (
    CASE WHEN h.subject_key IS NULL THEN c.verdict ELSE 'undeterminable' END AS verdict,
    CASE WHEN h.subject_key IS NULL THEN c.reasons ELSE reason_list(concat_ws(';', c.reasons, CASE WHEN h.in_year THEN 'check_failed' END,
        CASE WHEN h.in_base THEN 'baseline:check_failed' END)) END AS reasons)
FROM cases AS c
LEFT JOIN hits AS h ON h.subject_key = c.subject_key AND h.basis = c.basis AND h.judged_year = c.fiscal_year

-- verdicts_of_an_older_file: the verdicts of a published file that kept no history of them yet, so that it begins with them.
-- Whether a year was closed is told by its end, and which facilities were judged with a target is not known.
-- Inputs: facility_results, target_results, publications of that file, build_inputs.
WITH publication AS (
    SELECT run_id, published_time, version, CAST(today AS DATE) AS today FROM publications ORDER BY published_time DESC LIMIT 1
),
cases AS (
    SELECT 'facility/' || facility_id AS subject_key, 'facility' AS subject_kind, facility_id AS subject_id, * EXCLUDE (facility_id)
    FROM facility_results
    UNION ALL BY NAME
    SELECT 'target/' || target_id AS subject_key, * FROM target_results
)
SELECT p.run_id, p.published_time, p.version, c.subject_key, c.subject_kind, c.subject_id, c.fiscal_year, c.basis,
    CASE WHEN c.fiscal_year < fiscal_year_of(p.today) THEN 'closed' ELSE 'running' END AS year_state,
    c.fiscal_year < fiscal_year_of(p.today) AS is_closed, c.verdict, c.target_id,
    c.baseline_low_co2e_kg, c.baseline_high_co2e_kg, c.allowed_co2e_kg, c.allowed_high_co2e_kg, c.actual_low_co2e_kg,
    c.actual_high_co2e_kg, c.reasons, CAST(NULL AS BIGINT) AS facilities, CAST(NULL AS VARCHAR) AS facility_ids
FROM cases AS c
CROSS JOIN publication AS p
